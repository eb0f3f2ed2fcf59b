// What the API says of a sighting. Pure: from values to plain objects; the keys of the classic API and the newer ones.

import type { Sighting } from '../model/sighting.js'
import { isConflicting, isSettledSighting } from '../model/trust.js'
import { epochSeconds, utcText } from './clock.js'
import { sortedJson } from './json.js'

/** How the sighting was found: by the caller's own connection, or as the latest of its address. */
export type MatchedBy = 'connection' | 'ip'

/** What was found for an address. */
export interface Found {
  readonly sighting: Sighting
  readonly matchedBy: MatchedBy
  /** Sightings held for the address. */
  readonly total: number
  /** Distinct fingerprints among them. */
  readonly concurrent: number
}

/** Why a connection has no fingerprint although hellos of it are held. */
export const CONFLICT =
  'the packets of the connection can be read as different hellos, and the server’s answer did not show which one it took (option --server looks at answers).'

/** Whether what was found may be another's: readings conflict, and more than one fingerprint is held. */
export function isUndecided({ sighting, concurrent }: Found): boolean {
  return isConflicting(sighting) && concurrent > 1
}

/** Describes a sighting's hello in detail; undefined where the hello was not kept. Its keys go to the top level of the answer. */
export type Describe = (sighting: Sighting) => object | undefined

/** The answer of `/fps` as it is printed: the classic keys, and the newer fingerprints beside them. */
export function fpsAnswer(found: Found, userAgent: string, nowMicros: number): string {
  return sortedJson(fpsKeys(found, userAgent, nowMicros))
}

/** The classic keys alone: what a page of any site may read of its visitor. */
export function classicAnswer(found: Found, userAgent: string, nowMicros: number): string {
  return sortedJson(classicFps(found, userAgent, nowMicros))
}

function classicFps(found: Found, userAgent: string, nowMicros: number): object {
  return {
    ...classicKeys(found.sighting),
    num_fingerprints: found.total,
    ...uncertain(found.sighting),
    'user-agent': userAgent,
    utc_now: utcText(nowMicros),
  }
}

function fpsKeys(found: Found, userAgent: string, nowMicros: number): object {
  const { sighting } = found
  return {
    ...classicFps(found, userAgent, nowMicros),
    ip: sighting.src,
    ja3: sighting.ja3,
    ja3_string: sighting.ja3_string,
    ja4: sighting.ja4,
    confirmed: sighting.confirmed,
    matched_by: found.matchedBy,
    npf: sighting.npf,
    sha3_384_stable: sighting.sha3_384_stable,
    srcport: sighting.srcport,
    ...sharing(found),
  }
}

/** The answer of `/fps?detail=1`: the same keys, all the sighting tells, and its hello in detail. */
export function detailAnswer(
  found: Found,
  userAgent: string,
  nowMicros: number,
  describe: Describe,
): object {
  return {
    ...sightingAnswer(found.sighting, describe),
    ...fpsKeys(found, userAgent, nowMicros),
  }
}

/** One sighting as such, for lists. With `describe` its hello in detail. */
export function sightingAnswer(sighting: Sighting, describe?: Describe): object {
  return {
    ...sighting,
    // undefined is not printed
    hello: undefined,
    ...(describe === undefined ? {} : (describe(sighting) ?? withoutHello(sighting))),
    ...classicKeys(sighting),
  }
}

/** Says it when anybody may have made the packets that a sighting is from. */
function uncertain(sighting: Sighting): object {
  if (isSettledSighting(sighting)) return {}
  const why = isConflicting(sighting)
    ? 'other bytes came in the place of this hello'
    : 'the SYN of this connection was not seen, so that anybody may have sent this hello'
  return { quality: sighting.quality, uncertain: `Not certain: ${why}.` }
}

/** What the API answers for an address whose only hellos conflict. */
export function conflictAnswer(ip: string, { total }: Found, nowMicros: number): object {
  return {
    lookup_ip: ip,
    msg: `no fingerprint for this IP: ${CONFLICT}`,
    num_fingerprints: total,
    utc_now: utcText(nowMicros),
  }
}

/** What the classic API answers for an address without sightings. `held` counts the sightings of all addresses. */
export function unknownAnswer(ip: string, held: number, nowMicros: number): object {
  return {
    lookup_ip: ip,
    msg: `no fingerprint for this IP (${held} fingerprints in memory)`,
    num_fingerprints: 0,
    utc_now: utcText(nowMicros),
  }
}

function classicKeys(sighting: Sighting): object {
  return {
    sha3_384: sighting.sha3_384,
    timestamp: epochSeconds(sighting.time),
    tls_fp: sighting.tls_fp,
  }
}

/** Says it when an address stands for more than one client. */
function sharing({ concurrent, matchedBy }: Found): object {
  if (concurrent < 2) return { concurrent_fingerprints: concurrent }
  const whose =
    matchedBy === 'connection' ? 'this one is of your connection' : 'this one is the latest'
  return {
    concurrent_fingerprints: concurrent,
    shared_ip: true,
    note: `This address shows ${concurrent} different fingerprints: several clients behind it, or several programs; ${whose}.`,
  }
}

/** The keys of a detailed answer as far as they can be told without the hello: the ids `tls_fp` holds, no lengths. */
function withoutHello({ tls_fp }: Sighting): object {
  const ids = (list: string | undefined) =>
    list === undefined || list === '' ? [] : list.split(',').map((id) => ({ id: Number(id) }))
  return {
    ciphers: ids(tls_fp?.ciphers),
    ciphers_length: null,
    detail_note: 'The hello itself was not kept: ids as in tls_fp, lengths not known.',
    ec_point_formats: ids(tls_fp?.ec_point_formats),
    extensions: ids(tls_fp?.extensions),
    signature_algorithms: ids(tls_fp?.signature_algorithms),
    signature_algorithms_length: null,
    supported_groups: ids(tls_fp?.supported_groups),
  }
}
