// Fingerprints as configuration of sensors and proxies: Suricata, Zeek, nginx, HAProxy.

import { createHash } from 'node:crypto'
import type { Exported, ExportFormat } from './format.js'
import { titleOf } from './format.js'

const JA3_JA4 = ['ja3', 'ja4'] as const

/** Suricata keeps 1,000,000 to 1,999,999 for rules of one's own. */
const FIRST_SID = 1_000_000
const SIDS = 1_000_000

/**
 * Suricata rules, `ja3.hash` and `ja4.hash` (Suricata user guide, JA3/JA4 keywords). A rule's sid is made of its fingerprint:
 * exporting again changes none.
 */
export const SURICATA: ExportFormat = {
  kinds: JA3_JA4,
  text: (fingerprints) => {
    const used = new Set<number>()
    return lines(fingerprints, (each) => {
      const digest = createHash('sha256').update(each.fingerprint).digest()
      let sid = FIRST_SID + (digest.readUInt32BE(0) % SIDS)
      while (used.has(sid)) sid = sid + 1 < FIRST_SID + SIDS ? sid + 1 : FIRST_SID
      used.add(sid)
      const proto = each.kind === 'ja4' && each.fingerprint.startsWith('q') ? 'quic' : 'tls'
      // in a msg ; : " and \ need a backslash; others may not be printable
      const title = ascii(titleOf(each)).replace(/[;:"\\]/g, String.raw`\$&`)
      const metadata = `metadata:source ${token(each.source)}, date ${each.date}`
      return `alert ${proto} any any -> any any (msg:"hellotap ${title}"; ${each.kind}.hash; content:"${each.fingerprint}"; ${metadata}; classtype:misc-activity; sid:${sid}; rev:1;)`
    })
  },
}

/** Zeek intelligence (Zeek manual, Intelligence Framework): tabs between fields; `Intel::JA3` and `Intel::JA4` are types to define. */
export const ZEEK: ExportFormat = {
  kinds: JA3_JA4,
  text: (fingerprints) =>
    `#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n${lines(fingerprints, (each) =>
      [
        each.fingerprint,
        `Intel::${each.kind.toUpperCase()}`,
        token(each.source),
        ascii(titleOf(each)),
      ].join('\t'),
    )}`,
}

/** nginx: a map from `$ja4` or `$ja3`, which `auth_request_set` sets (docs/nginx.md), to a label. */
export const NGINX: ExportFormat = {
  kinds: JA3_JA4,
  text: (fingerprints) =>
    JA3_JA4.flatMap((kind) => {
      const of = fingerprints.filter((each) => each.kind === kind)
      if (of.length === 0) return []
      const rows = lines(of, (each) => `    ${quoted(each.fingerprint)} ${quoted(titleOf(each))};`)
      return [`map $${kind} $${kind}_listed {\n    default "";\n${rows}}\n`]
    }).join(''),
}

/** HAProxy: ACLs on `var(txn.ja3)` and `var(txn.ja4)`. */
export const HAPROXY: ExportFormat = {
  kinds: JA3_JA4,
  text: (fingerprints) =>
    lines(fingerprints, (each) => {
      const title = ascii(titleOf(each))
      return `# ${title}\nacl hellotap_${each.kind} var(txn.${each.kind}) -m str ${each.fingerprint}`
    }),
}

function lines(fingerprints: readonly Exported[], line: (each: Exported) => string): string {
  return fingerprints.map((each) => `${line(each)}\n`).join('')
}

/** Printable ASCII: the dash of a range as `-`, anything else as `?`. */
function ascii(text: string): string {
  return text.replace(/–/g, '-').replace(/[^\x20-\x7e]/g, '?')
}

/** A word without blanks and signs. */
function token(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '_')
}

/** A string of nginx: a `$` would be a variable, which no backslash prevents. */
function quoted(text: string): string {
  return `"${ascii(text)
    .replace(/\$/g, '?')
    .replace(/["\\]/g, String.raw`\$&`)}"`
}
