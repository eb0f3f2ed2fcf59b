import { rowsOf } from '../rows.js'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
import { createHash } from 'node:crypto'
import type { Sighting, TlsFp } from '../../src/model/sighting.js'
import type { Role } from '../../src/api/tokens.js'
import { ROLES, TokenBook, newToken } from '../../src/api/tokens.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/contract.js'
import { StoreError } from '../../src/store/contract.js'

/** What curl 7.88 with OpenSSL 3.0 offers. */
export const CURL_FP: TlsFp = {
  ciphers:
    '4866,4867,4865,49196,49200,159,52393,52392,52394,49195,49199,158,49188,49192,107,49187,49191,103,49162,49172,57,49161,49171,51,157,156,61,60,53,47,255',
  client_hello_version: 'TLS 1.2',
  ec_point_formats: '0,1,2',
  extensions: '11,10,16,22,23,49,13,43,45,51,21',
  record_version: 'TLS 1.0',
  signature_algorithms:
    '1027,1283,1539,2055,2056,2057,2058,2059,2052,2053,2054,1025,1281,1537,771,769,770,1026,1282,1538',
  supported_groups: '29,23,30,25,24,256,257,258,259,260',
}

/** SHA3-384 by OpenSSL over keys in the order RFC 8785 gives these names, which is the order they stand in above. */
export function sha3(fp: TlsFp): string {
  return createHash('sha3-384').update(JSON.stringify(fp)).digest('hex')
}

/** A sighting of curl, changed as asked. */
export function sighting(changes: Partial<Sighting> = {}): Sighting {
  const tlsFp = changes.tls_fp ?? CURL_FP
  return {
    time: '2026-11-22T12:00:00.200221Z',
    interface: 'lo',
    proto: 'tcp',
    src: '127.0.0.1',
    srcport: 40_000,
    dst: '127.0.0.1',
    dstport: 8443,
    alpn: ['h2', 'http/1.1'],
    record_version: 'TLS 1.0',
    client_hello_version: 'TLS 1.2',
    tls_version: 'TLS 1.3',
    tls_fp: tlsFp,
    iana: '2026-11-01',
    hello_len: 508,
    sha3_384: sha3(tlsFp),
    sha3_384_stable: 'ab'.repeat(48),
    ja3: '0149f47eabf9a20d0893e2a44e5a6323',
    ja3_string: '771,4866-4867-4865,11-10-16,29-23,0-1-2',
    ja4: 't13i3110h2_e8f1e7e78f70_6bebaf5329ac',
    npf: 'tls/(0303)(1302)((000b))',
    ...changes,
  }
}

/** The real embedded store, whose now is shortly after the sightings' time. */
export function memoryStore(...held: readonly Sighting[]): MemoryStore {
  const store = new MemoryStore(
    { ttlSeconds: 86_400, perIp: 100, spool: 1000 },
    storedSightings(),
    { now: () => Date.parse('2026-11-22T12:01:00Z') },
  )
  store.put(rowsOf(held))
  return store
}

/** The clock of the golden answers, microseconds. */
export const CLOCK = () => Date.parse('2026-11-22T12:01:03.000Z') * 1000 + 245_922

/** A store that is away, as Redis is at times. */
export function storeAway(): Store {
  const refuse = () =>
    Promise.reject(new StoreError('STORE_UNREACHABLE', 'Redis at 127.0.0.1:6379 refuses; start it'))
  return {
    put: () => true,
    room: () => Promise.resolve(),
    drain: () => Promise.resolve(),
    latest: refuse,
    connection: refuse,
    sightings: refuse,
    concurrent: refuse,
    total: refuse,
    fingerprint: refuse,
    population: refuse,
    observeUserAgent: refuse,
    stats: refuse,
    statsSnapshot: refuse,
    visit: refuse,
    forget: refuse,
    health: () => ({
      kind: 'redis',
      ready: false,
      spooled: 3,
      stored: 0,
      merged: 0,
      dropped: 0,
      too_old: 0,
      refused: 0,
      evicted: 0,
      lost: 0,
      bad_rows: 0,
      gaps: 1,
      gap_millis: 2500,
      reason: 'refused',
    }),
    close: () => Promise.resolve(),
  }
}

/** An answer whose body is a JSON object. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

const made = ROLES.map((role) => ({ role, ...newToken(role, role, undefined) }))
/** A token of each role, named by it. */
export const TOKENS = new TokenBook({ list: () => Promise.resolve(made.map(({ token }) => token)) })

/** The header of a request with the rights of a role. */
export function bearer(role: Role): Record<string, string> {
  return { Authorization: `Bearer ${made.find((each) => each.role === role)?.secret ?? ''}` }
}
