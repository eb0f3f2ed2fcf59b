import { createHash } from 'node:crypto'
import type { Sighting } from '../../src/model/sighting.js'

/** An RFC 3339 time in UTC with microseconds. */
export function timeOf(micros: number): string {
  const seconds = Math.floor(micros / 1e6)
  const date = new Date(seconds * 1000).toISOString().slice(0, 19)
  return `${date}.${String(micros - seconds * 1e6).padStart(6, '0')}Z`
}

function digest(text: string, algorithm: string): string {
  return createHash(algorithm).update(text).digest('hex')
}

const CIPHERS = ['4865,4866,4867', '4865,4867', '49195,49199,52393', '4866,4865,49196']
const GROUPS = ['29,23,24', '4588,29,23', '']
const ALPN = [['h2', 'http/1.1'], ['http/1.1'], undefined]

/**
 * A made-up sighting of client number `fingerprint`: equal numbers are equal fingerprints under every sorted method.
 * `order` permutes its extensions, which changes the wire-order methods only.
 */
export function sighting(
  options: {
    readonly ip?: string
    readonly port?: number
    readonly micros?: number
    readonly fingerprint?: number
    readonly order?: number
  } & Partial<Sighting> = {},
): Sighting {
  const {
    ip = '192.0.2.1',
    port = 50_000,
    micros = 0,
    fingerprint = 0,
    order = 0,
    ...rest
  } = options
  const sorted = `client ${fingerprint}`
  const wire = `${sorted} order ${order}`
  const alpn = ALPN[fingerprint % ALPN.length]
  return {
    time: timeOf(micros),
    interface: 'eth0',
    proto: 'tcp',
    src: ip,
    srcport: port,
    dst: '198.51.100.7',
    dstport: 443,
    ...(alpn === undefined ? {} : { alpn }),
    record_version: 'TLS 1.0',
    client_hello_version: 'TLS 1.2',
    tls_version: fingerprint % 5 === 0 ? 'TLS 1.2' : 'TLS 1.3',
    sha3_384: digest(wire, 'sha3-384'),
    sha3_384_stable: digest(sorted, 'sha3-384'),
    ja3: digest(wire, 'md5'),
    ja3n: digest(sorted, 'md5'),
    ja4: `t13d1516h2_${digest(sorted, 'sha256').slice(0, 12)}_${digest(sorted, 'sha1').slice(0, 12)}`,
    npf1: `tls/1/(0303)(1301${digest(sorted, 'sha512')})`,
    tls_fp: {
      ciphers: CIPHERS[fingerprint % CIPHERS.length] ?? '',
      client_hello_version: 'TLS 1.2',
      ec_point_formats: '0',
      extensions: order % 2 === 0 ? '0,10,11,13,16,43,51' : '51,43,16,13,11,10,0',
      record_version: 'TLS 1.0',
      signature_algorithms: '1027,2052,1025',
      supported_groups: GROUPS[fingerprint % GROUPS.length] ?? '',
    },
    iana: '2025-01-01',
    community_id: '1:abc=',
    hello_len: 517,
    ...rest,
  }
}

/** Numbers 0 to `count` − 1, small ones more often: a Zipf distribution of exponent 1, the same at every call. */
export function zipf(count: number, length: number, seed = 1): number[] {
  const sums: number[] = []
  let sum = 0
  for (let i = 0; i < count; i++) sums.push((sum += 1 / (i + 1)))
  let state = seed >>> 0
  return Array.from({ length }, () => {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    const at = (state / 2 ** 32) * sum
    const found = sums.findIndex((bound) => at < bound)
    return found < 0 ? count - 1 : found
  })
}
