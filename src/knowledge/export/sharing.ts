// Fingerprints for exchange: Sigma, MISP, STIX 2.1, CSV, our own lines.

import type { Exported, ExportFormat } from './format.js'
import { timeOf, titleOf, uuidOf } from './format.js'

const JA3_JA4 = ['ja3', 'ja4'] as const

/** A Sigma rule (Sigma specification 2) on Zeek's `ssl` log. YAML with every text as a JSON string, which YAML 1.2 takes. */
export const SIGMA: ExportFormat = {
  kinds: JA3_JA4,
  text: (fingerprints, now) => {
    const values = (kind: string) => fingerprints.filter((each) => each.kind === kind)
    const name = fingerprints.map(({ fingerprint }) => fingerprint).join(' ')
    const kinds = JA3_JA4.filter((kind) => values(kind).length > 0)
    const rows = (kind: string) =>
      values(kind)
        .map(({ fingerprint }) => `      - ${JSON.stringify(fingerprint)}\n`)
        .join('')
    const labels = [...new Set(fingerprints.map(titleOf))].join('; ').slice(0, 500)
    return [
      `title: TLS Client Fingerprints Chosen In Hellotap\n`,
      `id: ${uuidOf(`sigma ${name}`)}\n`,
      `status: experimental\n`,
      `description: ${JSON.stringify(labels)}\n`,
      `author: hellotap\n`,
      `date: ${timeOf(now).slice(0, 10)}\n`,
      `logsource:\n  product: zeek\n  service: ssl\n`,
      `detection:\n`,
      ...kinds.map((kind) => `  selection_${kind}:\n    ${kind}:\n${rows(kind)}`),
      `  condition: 1 of selection_*\n`,
      `falsepositives:\n  - "Fingerprints are shared by programs with one TLS library"\n`,
      `level: low\n`,
    ].join('')
  },
}

/** A MISP event (MISP core format): JA3 has an attribute type of its own, JA4 none. `to_ids` is off: a fingerprint accuses nobody. */
export const MISP: ExportFormat = {
  kinds: JA3_JA4,
  text: (fingerprints, now) =>
    json({
      Event: {
        uuid: uuidOf(`misp ${fingerprints.map(({ fingerprint }) => fingerprint).join(' ')}`),
        info: 'TLS client fingerprints chosen in hellotap',
        date: timeOf(now).slice(0, 10),
        threat_level_id: '4',
        analysis: '0',
        distribution: '0',
        published: false,
        Attribute: fingerprints.map((each) => ({
          uuid: uuidOf(`misp attribute ${each.fingerprint}`),
          type: each.kind === 'ja3' ? 'ja3-fingerprint-md5' : 'text',
          category: each.kind === 'ja3' ? 'Network activity' : 'Other',
          value: each.fingerprint,
          to_ids: false,
          distribution: '5',
          comment: `${each.kind === 'ja4' ? 'JA4: ' : ''}${titleOf(each)} (${each.source}, ${each.licence}, ${each.date})`,
        })),
      },
    }),
}

/** A STIX 2.1 bundle of indicators; the pattern has a property of its own, as STIX has no field for fingerprints. */
export const STIX: ExportFormat = {
  text: (fingerprints, now) => {
    const time = timeOf(now)
    const identity = `identity--${uuidOf('stix identity')}`
    return json({
      type: 'bundle',
      id: `bundle--${uuidOf(`stix ${time} ${fingerprints.map(({ fingerprint }) => fingerprint).join(' ')}`)}`,
      objects: [
        {
          type: 'identity',
          spec_version: '2.1',
          id: identity,
          created: FIRST_TIME,
          modified: FIRST_TIME,
          name: 'hellotap',
          identity_class: 'system',
        },
        ...fingerprints.map((each) => ({
          type: 'indicator',
          spec_version: '2.1',
          id: `indicator--${uuidOf(`stix ${each.fingerprint}`)}`,
          created_by_ref: identity,
          created: time,
          modified: time,
          name: titleOf(each),
          description: `${each.kind} ${each.fingerprint} (${each.source}, ${each.licence}, ${each.date})`,
          indicator_types: ['unknown'],
          pattern: `[network-traffic:x_${each.kind} = '${each.fingerprint.replace(/['\\]/g, String.raw`\$&`)}']`,
          pattern_type: 'stix',
          pattern_version: '2.1',
          valid_from: time,
        })),
      ],
    })
  },
}
const FIRST_TIME = '2026-01-01T00:00:00.000Z'

/** CSV (RFC 4180) with a head. A field that a spreadsheet may take for a formula gets a quote in front (OWASP, CSV injection). */
export const CSV: ExportFormat = {
  text: (fingerprints) => {
    const field = (text: string) => {
      const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
    }
    return [
      'fingerprint,kind,label,source,licence,date\r\n',
      ...fingerprints.map(({ fingerprint, kind, label, source, licence, date }) => {
        const rest = [kind, label, source, licence, date].map(field)
        return `${[field(fingerprint), ...rest].join(',')}\r\n`
      }),
    ].join('')
  },
}

/** Our own lines, which `knowledge import` reads. */
export const JSONL: ExportFormat = {
  text: (fingerprints) =>
    fingerprints
      .map((each: Exported) => `${JSON.stringify({ ...each, list: 'label' })}\n`)
      .join(''),
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
