import type { FingerprintName, Sighting, TlsFp } from '../model/sighting.js'

/** How a User-Agent was learnt, strongest first: the API's own caller on the very connection, a proxy's access log, plain HTTP on the wire. */
export type UserAgentVia = 'api' | 'proxy-log' | 'http'

/** A User-Agent seen with a client, to be tied to that client's fingerprint. */
export interface UserAgentObservation {
  readonly ip: string
  /** The client's port, where known: then it is that connection's fingerprint which gets the User-Agent. */
  readonly port?: number
  readonly userAgent: string
  readonly via: UserAgentVia
  /** Seconds since the Unix epoch. */
  readonly time: number
}

/** One value of a distribution. */
export interface Share {
  readonly value: string
  readonly count: number
  /** count / all sightings, 0 to 1. */
  readonly share: number
}

/** One fingerprint among all that is retained. */
export interface FingerprintStat {
  readonly sha3_384: string
  readonly ja3?: string
  readonly ja4?: string
  readonly tls_fp?: TlsFp
  readonly count: number
  readonly share: number
  /** Distinct source addresses (an estimate above a few thousand). */
  readonly clients: number
  /** 1 = most often seen. */
  readonly rank: number
  /** −log2 of share. */
  readonly rarity_bits: number
  readonly first_seen: number
  readonly last_seen: number
  /** User-Agents tied to it with their counts, most frequent first; absent where none. */
  readonly user_agents?: readonly { readonly user_agent: string; readonly count: number }[]
}

/** What `/stats` tells: over everything retained. */
export interface Stats {
  readonly total_sightings: number
  readonly distinct_fingerprints: number
  readonly distinct_clients: number
  readonly first_seen?: number
  readonly last_seen?: number
  readonly fingerprints: readonly FingerprintStat[]
  readonly distributions: Readonly<
    Record<
      | 'tls_version'
      | 'client_hello_version'
      | 'ciphers'
      | 'extensions'
      | 'supported_groups'
      | 'alpn',
      readonly Share[]
    >
  >
}

/** A sighting page: newest first. */
export interface SightingPage {
  readonly sightings: readonly Sighting[]
  /** How many are held for that IP in all. */
  readonly total: number
}

/** State of a store, for `/healthz` and logs. */
export interface StoreHealth {
  readonly kind: 'memory' | 'redis'
  readonly ready: boolean
  /** Sightings waiting to be written, and thrown away since the start because the spool was full. */
  readonly spooled: number
  readonly dropped: number
  /** Why it is not ready, one sentence. */
  readonly reason?: string
}

/**
 * Sightings by source address for a limited time, and what they add up to. Speaks in questions, not in keys.
 * Two implementations, memory and Redis, one test suite.
 */
export interface Store {
  /**
   * Takes sightings and returns at once: they are written in order in the background, and wait in a bounded spool
   * while the store is away. `false` asks the caller to await `drain()`, as streams do.
   */
  put(sightings: readonly Sighting[]): boolean
  /** Resolves when all put so far is stored, or was counted as dropped. */
  drain(): Promise<void>
  /** The latest sighting of an address. @throws StoreError */
  latest(ip: string): Promise<Sighting | undefined>
  /** The latest hello from that very address and port, waited for up to `waitMs`. @throws StoreError */
  connection(ip: string, port: number, waitMs: number): Promise<Sighting | undefined>
  /** Sightings of an address, newest first. @throws StoreError */
  sightings(ip: string, offset: number, limit: number): Promise<SightingPage>
  /** Distinct fingerprints (sha3_384_stable) an address has shown among its retained sightings. @throws StoreError */
  concurrent(ip: string): Promise<number>
  /** Sightings held over all addresses. @throws StoreError */
  total(): Promise<number>
  /** The fingerprint record whose value under any method is `value`, if retained. @throws StoreError */
  fingerprint(
    value: string,
  ): Promise<(FingerprintStat & { readonly matched: FingerprintName }) | undefined>
  /** Ties a User-Agent to a client's fingerprint; without a matching sighting it does nothing. @throws StoreError */
  observeUserAgent(observation: UserAgentObservation): Promise<void>
  /** @param top how many fingerprints and values at most. @throws StoreError */
  stats(options: { readonly onlyWithUserAgent: boolean; readonly top: number }): Promise<Stats>
  health(): StoreHealth
  /** Writes what is waiting, within its own time bound, then lets go of connections. */
  close(): Promise<void>
}

/** Bounds of a store, from the configuration. */
export interface StoreLimits {
  /** Seconds a sighting is kept. */
  readonly ttlSeconds: number
  /** Sightings kept per address; the oldest go first. */
  readonly perIp: number
  /** Sightings that may wait while the store is away. */
  readonly spool: number
}

/** What went wrong with a store, in a sentence with its remedy. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: 'STORE_UNREACHABLE' | 'STORE_AUTH' | 'STORE_BAD_URL' | 'STORE_BAD_DATA'
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
