// What the statistics count of one sighting, the same for every store.

import {
  MAX_ALPN_NAME_LEN,
  MAX_COUNTED_VALUES,
  MAX_RECORD_TLS_FP_LEN,
  STATISTICS_BUCKETS,
} from '../base/limits.js'
import type { Sighting, TlsFp } from '../model/sighting.js'
import type { FingerprintStat, Share, Stats, UserAgentCount } from './contract.js'

export const DISTRIBUTIONS = [
  'tls_version',
  'client_hello_version',
  'ciphers',
  'extensions',
  'supported_groups',
  'alpn',
] as const satisfies readonly (keyof Stats['distributions'])[]
export type Distribution = (typeof DISTRIBUTIONS)[number]

/** What is remembered of a fingerprint: that of the first sighting counted. */
export type FingerprintRecord = Pick<
  FingerprintStat,
  'sha3_384' | 'sha3_384_stable' | 'ja3' | 'ja4' | 'tls_fp'
>

/** Seconds one bucket of the statistics spans. */
export function bucketSeconds(ttlSeconds: number): number {
  return Math.max(1, Math.ceil(ttlSeconds / STATISTICS_BUCKETS))
}

/** Start, in seconds since the epoch, of the bucket a time falls into. */
export function bucketStart(micros: number, seconds: number): number {
  return Math.floor(micros / 1e6 / seconds) * seconds
}

export function recordOf(id: string, sighting: Sighting): FingerprintRecord {
  const { sha3_384_stable, ja3, ja4, tls_fp } = sighting
  return {
    sha3_384: sighting.sha3_384 ?? id,
    ...(sha3_384_stable === undefined ? {} : { sha3_384_stable }),
    ...(ja3 === undefined ? {} : { ja3 }),
    ...(ja4 === undefined ? {} : { ja4 }),
    ...(tls_fp === undefined || tlsFpLen(tls_fp) > MAX_RECORD_TLS_FP_LEN ? {} : { tls_fp }),
  }
}

function tlsFpLen(tlsFp: TlsFp): number {
  return (
    tlsFp.ciphers.length +
    tlsFp.extensions.length +
    tlsFp.supported_groups.length +
    tlsFp.signature_algorithms.length +
    tlsFp.ec_point_formats.length
  )
}

/** The distinct values a sighting adds one to, of one distribution. */
export function countedValues(sighting: Sighting, distribution: Distribution): Iterable<string> {
  switch (distribution) {
    case 'tls_version':
    case 'client_hello_version':
      return [sighting[distribution]]
    case 'alpn':
      return new Set(
        sighting.alpn
          ?.slice(0, MAX_COUNTED_VALUES)
          .map((name) =>
            name.length > MAX_ALPN_NAME_LEN ? `${name.slice(0, MAX_ALPN_NAME_LEN)}…` : name,
          ),
      )
    default: {
      const list = sighting.tls_fp?.[distribution] ?? ''
      return list === '' ? [] : new Set(list.split(',', MAX_COUNTED_VALUES))
    }
  }
}

/** Descending by count, then descending by code units: the order of Redis' ZREVRANGE. */
export function byCount(a: readonly [string, number], b: readonly [string, number]): number {
  return b[1] - a[1] || (a[0] < b[0] ? 1 : -1)
}

export function shareOf(value: string, count: number, sightings: number): Share {
  return { value, count, share: sightings === 0 ? 0 : count / sightings }
}

/** What a store knows of one fingerprint; `ahead` are the fingerprints seen more often. */
export interface FingerprintCounts {
  readonly record: FingerprintRecord
  readonly count: number
  readonly clients: number
  readonly ahead: number
  readonly firstMicros: number
  readonly lastMicros: number
  readonly userAgents: readonly UserAgentCount[]
}

export function fingerprintStat(counts: FingerprintCounts, sightings: number): FingerprintStat {
  const share = counts.count / sightings
  return {
    ...counts.record,
    count: counts.count,
    share,
    clients: counts.clients,
    rank: counts.ahead + 1,
    // no minus before a zero
    rarity_bits: share === 1 ? 0 : -Math.log2(share),
    first_seen: counts.firstMicros / 1e6,
    last_seen: counts.lastMicros / 1e6,
    ...(counts.userAgents.length === 0 ? {} : { user_agents: counts.userAgents }),
  }
}
