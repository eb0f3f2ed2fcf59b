// Contents of one hello against what the claimed browser ever sends. What is absent accuses nobody.

import { isGrease } from '../../base/grease.js'
import * as type from '../../tls/extension-type.js'
import type { Claim, Engine } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason, ReasonCode, Weight } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'
import * as lists from './lists.js'

const TLS_1_3 = 0x0304
const SESSION_ID_LEN = 32
/** record_size_limit of NSS: 2^14, and with TLS 1.3 the content type besides (RFC 8449 §4). */
const NSS_RECORD_SIZE_LIMITS: readonly number[] = [0x4000, 0x4001]
const LAST_WELL_KNOWN_GROUP = 511
/** zstd (RFC 8879 §7.3); others are drafts. */
const LAST_CERT_COMPRESSION = 3
const X25519 = 29
const SECP256R1 = 23
/** Firefox sends a share for P-256 beside X25519's; a setting of later versions takes it away. */
const FIREFOX_SHARES_ALWAYS_UNTIL = 118

const ungreased = (list: readonly number[]) => list.filter((value) => !isGrease(value))

/** Whether `part` is `whole` with some left out, order and repeats kept. */
export function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0
  for (const value of part) {
    while (at < whole.length && whole[at] !== value) at++
    if (at++ >= whole.length) return false
  }
  return true
}

function fitsSome(part: readonly number[], orders: readonly (readonly number[])[]): boolean {
  return orders.some((order) => isSubsequence(part, order))
}

/** How much a new thing counts: a version that nobody here has seen may well have it. */
export function weightFor(engine: Engine, { version }: Claim): Weight {
  return version !== undefined && version > lists.NEWEST_KNOWN[engine] ? 'unusual' : 'inconsistent'
}

/** Rules on the lists and bodies of one hello. */
export function contentReasons(engine: Engine, claim: Claim, hello: HelloFacts): Reason[] {
  const weight = weightFor(engine, claim)
  const reasons: Reason[] = []
  const add = (code: ReasonCode, evidence: string, strength: Weight = weight) =>
    reasons.push(reason(code, strength, evidence))

  const ciphers = ungreased(hello.ciphers)
  const isTls13 = (suite: number) => suite >> 8 === 0x13
  const tls13 = ciphers.filter(isTls13)
  const older = ciphers.filter((suite) => !isTls13(suite))
  if (
    !fitsSome(tls13, lists.TLS13_ORDERS[engine]) ||
    !fitsSome(older, lists.OLDER_ORDERS[engine]) ||
    ciphers.slice(0, tls13.length).some((suite) => !isTls13(suite))
  )
    add('family.other', `ciphers ${ciphers.join()}`)
  if (hello.pointFormats.some((format) => format !== 0))
    add('family.other', `ec_point_formats ${hello.pointFormats.join()}`)

  for (const group of ungreased(hello.groups))
    if (!lists.GROUPS[engine].has(group)) {
      const isNew = group > LAST_WELL_KNOWN_GROUP
      add(
        'family.other',
        `group ${group}`,
        isNew || lists.NEW_GROUPS.has(group) ? 'unusual' : weight,
      )
    }
  const schemes = ungreased(hello.schemes)
  if (!fitsSchemes(engine, schemes))
    add('content.sigalgs', `signature_algorithms ${schemes.join()}`)
  for (const id of ungreased(hello.extensions))
    if (!lists.EXTENSIONS[engine].has(id))
      add(
        'content.foreign_extension',
        `extension ${id}`,
        lists.isWellKnownExtension(id) ? weight : 'unusual',
      )
  for (const algorithm of hello.certCompression)
    if (!lists.CERT_COMPRESSION[engine].has(algorithm))
      add(
        'content.cert_compression',
        `compress_certificate ${algorithm}`,
        algorithm > LAST_CERT_COMPRESSION ? 'unusual' : weight,
      )
  if (engine === 'firefox' && hello.recordSizeLimit !== undefined)
    if (!NSS_RECORD_SIZE_LIMITS.includes(hello.recordSizeLimit))
      add('content.record_size_limit', `record_size_limit ${hello.recordSizeLimit}`)
  if (
    hello.extensions.includes(type.APPLICATION_SETTINGS) &&
    hello.extensions.includes(type.APPLICATION_SETTINGS_OLD)
  )
    add('content.two_alps', 'extensions 17513 and 17613')
  addSessionId(engine, hello, add)
  if (engine === 'firefox' && hello.transport === 'tcp') {
    // NSS sends both whatever is enabled; no setting takes them away.
    const always = [type.EXTENDED_MASTER_SECRET, type.RENEGOTIATION_INFO]
    if (!always.some((id) => hello.extensions.includes(id)))
      add('family.other', 'neither extended_master_secret nor renegotiation_info')
  }
  if (engine === 'firefox' && (claim.version ?? Infinity) <= FIREFOX_SHARES_ALWAYS_UNTIL) {
    const [share, ...more] = hello.keyShares
    const isAlone = share?.group === X25519 && more.length === 0 && !hello.isSecond
    if (isAlone && hello.groups.includes(SECP256R1))
      add('family.other', 'one key share, where this version sends two')
  }
  return reasons
}

/** NSS reorders its schemes by the versions that are enabled; which there are is all that counts. */
function fitsSchemes(engine: Engine, schemes: readonly number[]): boolean {
  if (engine !== 'firefox') return fitsSome(schemes, lists.SCHEME_ORDERS[engine])
  const known = lists.SCHEME_ORDERS.firefox.flat()
  return schemes.every((scheme) => known.includes(scheme))
}

function addSessionId(
  engine: Engine,
  hello: HelloFacts,
  add: (code: ReasonCode, evidence: string, strength?: Weight) => void,
): void {
  const length = hello.evidence?.session_id_len
  if (length === undefined) return
  if (hello.transport === 'quic') {
    // RFC 9001 §8.4: a QUIC client does not use TLS's compatibility mode.
    if (length !== 0) add('quic.session_id', `session_id of ${length} bytes`, 'inconsistent')
    return
  }
  if (!hello.versions.includes(TLS_1_3) || length === SESSION_ID_LEN) return
  const mayBeOff = engine === 'firefox' && length === 0
  add('content.session_id', `session_id of ${length} bytes`, mayBeOff ? 'unusual' : 'inconsistent')
}
