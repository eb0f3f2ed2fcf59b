import type { FingerprintName, Sighting, TlsFp } from '../model/sighting.js'
import type { Window } from '../model/window.js'

/** How a User-Agent was learnt, strongest first: the API's own caller on the very connection, a proxy's access log, plain HTTP on the wire. */
export const USER_AGENT_VIAS = ['api', 'proxy-log', 'http'] as const
export type UserAgentVia = (typeof USER_AGENT_VIAS)[number]

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

/** A User-Agent tied to a fingerprint. */
export interface UserAgentCount {
  readonly user_agent: string
  readonly count: number
  /** The count by how it was learnt; the strongest evidence first. */
  readonly via: Readonly<Partial<Record<UserAgentVia, number>>>
}

/** One value of a distribution. */
export interface Share {
  readonly value: string
  readonly count: number
  /** count / all sightings, 0 to 1. */
  readonly share: number
}

/**
 * One fingerprint among all that is retained. Sightings count as one fingerprint by their sha3_384_stable, where they
 * have it: browsers permute their extensions, and would be a new client with every connection by any other.
 */
export interface FingerprintStat {
  /** With `ja3`, `ja4` and `tls_fp` that of the first sighting counted; others of this fingerprint may differ in order. */
  readonly sha3_384: string
  readonly sha3_384_stable?: string
  readonly ja3?: string
  readonly ja4?: string
  readonly tls_fp?: TlsFp
  readonly count: number
  readonly share: number
  /** Distinct source addresses (an estimate above a few hundred, standard error 0.81 %). */
  readonly clients: number
  /** 1 = most often seen; those seen equally often share a rank. */
  readonly rank: number
  /** −log2 of share. */
  readonly rarity_bits: number
  /** Seconds since the epoch; the first since it is retained without a break. */
  readonly first_seen: number
  readonly last_seen: number
  /** User-Agents tied to it with their counts, most frequent first; absent where none. */
  readonly user_agents?: readonly UserAgentCount[]
}

/**
 * What `/stats` tells: over the last TTL, and up to a twelfth of it more, since counters are kept and forgotten by twelfths.
 * Sightings count here too that their address's bound has pushed out. Costs the same however many there are.
 */
export interface Stats {
  readonly total_sightings: number
  /** Those counted under their own name. */
  readonly distinct_fingerprints: number
  /** Sightings of fingerprints beyond the bound on new names, counted together. */
  readonly other_sightings: number
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

/** Clients within one window. */
export interface WindowCount {
  readonly clients: number
  /** Relative; 0 where the count is exact. */
  readonly standardError: number
}
export type WindowCounts = Readonly<Record<Window, WindowCount>>

/** When something was seen first and last, seconds since the Unix epoch. */
export interface Seen {
  readonly first: number
  readonly last: number
}

/** How many clients show one thing. */
export interface Thing {
  readonly counts: WindowCounts
  /** Its rank among all of its kind, by window: 1 has the most clients, and equal counts share a rank. */
  readonly ranks?: Readonly<Record<Window, number>>
  readonly seen?: Seen
}

/** What is known of the clients that share something with one hello. */
export interface Population {
  /** Since when clients are counted, seconds since the Unix epoch. */
  readonly since: number
  /** The moment of the counts. */
  readonly as_of: number
  /** All clients, whatever they show. */
  readonly everybody: WindowCounts
  /** `sha3_384_stable`, or `ja4` where that was asked for. */
  readonly counted_by: 'sha3_384_stable' | 'ja4'
  readonly fingerprint: Thing
  /** Its `sha3_384_stable`, where one of its sightings is held. */
  readonly stable?: string
  /** Absent where no sighting of the fingerprint is held any more. */
  readonly parts?: readonly (Thing & { readonly part: string; readonly value: string })[]
  /** The fingerprint with the asked client, and in its /24 or /48. */
  readonly client?: Seen
  readonly network?: Seen
  /** Pairs of client and fingerprint that had no room and are not counted, since the start. */
  readonly uncounted: number
}

/** State of a store, for `/healthz` and logs. All numbers but `spooled` are since the start. */
export interface StoreHealth {
  readonly kind: 'memory' | 'redis'
  readonly ready: boolean
  /** Sightings waiting to be written. */
  readonly spooled: number
  /** Sightings that are held, or were until their time was over. */
  readonly stored: number
  /** Sightings whose id was held already: counted once. */
  readonly merged: number
  /** Thrown away: the spool was full, or Redis refused them for good. */
  readonly dropped: number
  /** Older than the TTL when they came, and not taken. */
  readonly too_old: number
  /** Not taken because their source prefix has used up its part of the room, or because they have no address. */
  readonly refused: number
  /** Held, and pushed out for newer ones: by the bound of their address, of the pool of unconfirmed ones, or of all. */
  readonly evicted: number
  /** Sightings that the spool on disk had no room for: they waited in memory alone. */
  readonly unspooled?: number
  /** Acknowledged by Redis and lost by it: a failover, or a restart or FLUSHALL without what was written. */
  readonly lost: number
  /** Rows read back that were no sightings, and left out. */
  readonly bad_rows: number
  /** Times the store was unreachable, and for how long in all; one that goes on is counted with. */
  readonly gaps: number
  readonly gap_millis: number
  /** Why it is not ready, one sentence. */
  readonly reason?: string
}

/** What is known of a fingerprint's value. */
export interface FingerprintLookup extends FingerprintStat {
  /** The method whose value was asked. */
  readonly matched: FingerprintName
  /**
   * The value that the figures count. With `matched` itself they are of exactly what was asked; a value that permuting
   * changes with every connection is counted with its group, sha3_384_stable.
   */
  readonly counted_by: FingerprintName
  /** The wider group, sha3_384_stable, where the figures are of one value in it. */
  readonly group?: FingerprintStat
}

/** The statistics as of one moment, made ahead of the questions. */
export interface StatsSnapshot {
  readonly stats: Stats
  /** Changes with the statistics. */
  readonly etag: string
}

/**
 * Sightings by source address for a limited time, and what they add up to. Speaks in questions, not in keys.
 * Two implementations, memory and Redis, one test suite.
 *
 * A sighting is kept until its own time plus the TTL, one older than that is not taken at all, and one with a time to
 * come counts as seen now. "Latest" is by that time, then by arrival.
 */
export interface Store {
  /**
   * Takes rows (model/row.ts) and returns at once, done with the bytes: they are written in order in the background, and
   * wait in a bounded spool while the store is unreachable; when that is full the oldest waiting go, and are counted.
   * `false` asks the caller to await `room()`, as streams do; it is `true` while the store is unreachable, since waiting would
   * only lose what the caller has not read yet.
   */
  put(rows: Uint8Array): boolean
  /** Resolves when so much is written that `put` returns true for a while, or the store is unreachable. */
  room(): Promise<void>
  /** Resolves when all put so far is stored or was counted as dropped, or the store has been away for two seconds: the rest waits in the spool. */
  drain(): Promise<void>
  /**
   * The sighting that stands for an address: the latest, unless its flow's SYN was not seen, or another reading of it differs,
   * and there is an older one of which that is not so. @throws StoreError
   */
  latest(ip: string): Promise<Sighting | undefined>
  /**
   * The latest hello from that very address and port, waited for up to `waitMs`. Of readings that conflict it is the one that
   * the server answered; where that is not known, one of them with the mark `conflict`. One without its SYN gives way to
   * any other.
   * @param since seconds since the epoch: an older hello is of an earlier connection that had the same port, and does not count.
   * @throws StoreError
   */
  connection(
    ip: string,
    port: number,
    waitMs: number,
    since?: number,
  ): Promise<Sighting | undefined>
  /** Sightings of an address, newest first. @throws StoreError */
  sightings(ip: string, offset: number, limit: number): Promise<SightingPage>
  /** Distinct fingerprints (sha3_384_stable) an address has shown among its retained sightings. @throws StoreError */
  concurrent(ip: string): Promise<number>
  /** Sightings over all addresses, as the statistics count them. @throws StoreError */
  total(): Promise<number>
  /**
   * How many clients share a fingerprint, and each part of its hello; `ip` also when that client and its network showed it.
   * @param value of any method; undefined where the store knows none. @throws StoreError
   */
  population(value: string, ip?: string): Promise<Population | undefined>
  /** What is retained of a fingerprint's value, of any method. @throws StoreError */
  fingerprint(value: string): Promise<FingerprintLookup | undefined>
  /** Ties a User-Agent to a client's fingerprint; without a matching sighting it does nothing. @throws StoreError */
  observeUserAgent(observation: UserAgentObservation): Promise<void>
  /** @param top how many fingerprints and values at most. @throws StoreError */
  stats(options: { readonly onlyWithUserAgent: boolean; readonly top: number }): Promise<Stats>
  /** The statistics as they were made last, at most a second or so ago: no question costs more than another. @throws StoreError */
  statsSnapshot(options: {
    readonly onlyWithUserAgent: boolean
    readonly top: number
  }): Promise<StatsSnapshot>
  /**
   * Gives each sighting that is held to `take`, in no order, until that returns false. One that is put meanwhile may be
   * given or not. @throws StoreError
   */
  visit(take: (sighting: Sighting) => boolean): Promise<void>
  /**
   * Deletes every sighting of an address, what waits to be written included. Sums over all addresses stay as they were
   * counted: they name no address. @returns how many were held. @throws StoreError
   */
  forget(ip: string): Promise<number>
  health(): StoreHealth
  /** Writes what is waiting, within its own time bound, then lets go of connections. */
  close(): Promise<void>
}

/**
 * Which clock decides when a sighting's time is over: its own time (captures), its age by the clock of who puts it (live
 * sensors, whose clock may be wrong), or its arrival (old captures that shall be kept all the same).
 */
export type StoreClock = 'own' | 'arrival' | 'now'

/** Bounds of a store, from the configuration. */
export interface StoreLimits {
  /** Seconds a sighting is kept. */
  readonly ttlSeconds: number
  /** Sightings kept per address; the oldest go first. */
  readonly perIp: number
  /** Sightings that may wait while the store is unreachable. */
  readonly spool: number
  /** Seconds that clients are counted after they were seen last, 30 days where absent. */
  readonly rememberSeconds?: number
  /** Folder in which what waits survives the process, and the MiB it may take. */
  readonly spoolDir?: string
  readonly spoolMib?: number
  /** MiB that the store may hold. */
  readonly mib?: number
  /** Seconds that sightings are known by their id, so that one seen twice counts once; 0 for none. */
  readonly dedupeSeconds?: number
}

/** What went wrong with a store, in a sentence with its remedy. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code:
    'STORE_UNREACHABLE' | 'STORE_AUTH' | 'STORE_BAD_URL' | 'STORE_BAD_DATA' | 'STORE_OLD_FORMAT'
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
