import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { MAX_HELLO_LEN } from '../../src/base/limits.js'
import { QUALITY_NAMES } from '../../src/model/handshake-bytes.js'
import { MAX_EVIDENCE_LEN } from '../../src/tls/evidence.js'
import { readEvidence } from '../../src/tls/read-evidence.js'
import type { Sighting } from '../../src/model/sighting.js'
import { ServerRowSchema, SightingSchema } from './sighting-schema.js'

const Strict = SightingSchema.strict()
const ServerStrict = ServerRowSchema.strict()
const JA4 = /^[tqd](\d\d|s[1-3]|d[1-3])[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/
/** Names in certificates are text in UTF-8; all else is ASCII. */
const NAMES = /"cert_(subject|issuer|san)":("([^"\\]|\\.)*"|\[("([^"\\]|\\.)*",?)*\])/g
const PRINTABLE = /^[\x20-\x7e]*$/
const FROM: Partial<Record<Sighting['proto'], string>> = { quic: 'q', dtls: 'd' }

/** EAP over a LAN has no addresses. */
const NOWHERE = { src: '::', srcport: 0, dst: '::', dstport: 0 }

/** What is wrong with one line of output, a sentence; undefined where it is a sighting in every respect. */
export function faultOfLine(line: string): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch (error) {
    return `no JSON: ${(error as Error).message}`
  }
  if (typeof parsed === 'object' && parsed !== null && 'side' in parsed)
    return faultOfServerRow(line, parsed)
  const isEapol = typeof parsed === 'object' && parsed !== null && !('src' in parsed)
  const { success, data, error } = Strict.safeParse(
    isEapol ? Object.assign({}, parsed, NOWHERE) : parsed,
  )
  if (!success)
    return `no sighting: ${error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`
  const sighting: Sighting = data
  for (const [key, value] of Object.entries(sighting))
    if (value === '' || (Array.isArray(value) && value.length === 0)) return `${key} is empty`
  if (!PRINTABLE.test(line.replace(NAMES, ''))) return 'bytes beyond printable ASCII'
  if (Number.isNaN(Date.parse(sighting.time))) return `time ${sighting.time}`
  if (isIP(sighting.src) === 0 || isIP(sighting.dst) === 0) return 'no address'
  if (sighting.hello_len > MAX_HELLO_LEN) return `hello_len ${sighting.hello_len}`
  if (sighting.vlan !== undefined && (sighting.vlan < 0 || sighting.vlan > 4095)) return 'vlan'
  const marks: readonly string[] = QUALITY_NAMES
  if (sighting.quality?.some((mark) => !marks.includes(mark))) return 'quality'
  return faultOfFingerprints(sighting)
}

function faultOfServerRow(line: string, parsed: object): string | undefined {
  const { success, data, error } = ServerStrict.safeParse(parsed)
  if (!success)
    return `no server's row: ${error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`
  if (!PRINTABLE.test(line.replace(NAMES, ''))) return 'bytes beyond printable ASCII'
  if (isIP(data.src) === 0 || isIP(data.dst) === 0) return 'no address'
  return data.ja3s === md5(data.ja3s_string ?? '') ? undefined : 'JA3S is not its MD5'
}

function faultOfFingerprints(sighting: Sighting): string | undefined {
  const { sha3_384, ja3, ja3_string, ja3n, ja3n_string, ja4, ja4_r, proto, tls_fp } = sighting
  if (ja3 !== md5(ja3_string ?? '') || ja3n !== md5(ja3n_string ?? '')) return 'JA3 is not its MD5'
  if (ja4 === undefined || !JA4.test(ja4) || !ja4.startsWith(FROM[proto] ?? 't'))
    return `ja4 ${ja4}`
  if (ja4_r?.slice(0, 10) !== ja4.slice(0, 10)) return 'ja4_r begins otherwise than ja4'
  if (!/^[0-9a-f]{96}$/.test(sha3_384 ?? '')) return 'sha3_384'
  if (
    tls_fp === undefined ||
    !Object.values<string>({ ...tls_fp }).every((value) => PRINTABLE.test(value))
  )
    return 'tls_fp'
  if (sighting.src_mac === undefined && !/^1:[A-Za-z0-9+/]{27}=$/.test(sighting.community_id ?? ''))
    return 'community_id'
  if (Buffer.from(sighting.hello ?? '', 'base64').length !== sighting.hello_len) return 'hello'
  const { evidence = '' } = sighting
  if (evidence.length > MAX_EVIDENCE_LEN || readEvidence(evidence) === undefined)
    return `evidence ${evidence}`
  return undefined
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
