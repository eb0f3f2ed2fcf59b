// How rare a fingerprint is, and whether it is new: what the API and the command line answer. Counts become words here.

import { NEW_SECONDS, noveltyOf } from '../knowledge/novelty.js'
import type { Novelty } from '../knowledge/novelty.js'
import type { Listed } from '../knowledge/lists/listed.js'
import { rarityOf } from '../knowledge/rarity.js'
import type { Rarity } from '../knowledge/rarity.js'
import { FINGERPRINTS } from '../model/sighting.js'
import type { Sighting } from '../model/sighting.js'
import type { Window } from '../model/window.js'
import { WINDOWS } from '../model/window.js'
import type { Population, Store, Thing, WindowCounts } from '../store/contract.js'
import { rfc3339 } from './clock.js'
import { pagedSightings } from './paged-sightings.js'
import type { Take } from './turns.js'

/** Sightings of an address that its history is made of. */
const HISTORY = 32

/** Finds a fingerprint's values, of any method, in the operator's lists. */
export type Lists = (values: readonly string[]) => Listed

/** Rarity in one window, with the rank by clients among all of its kind. */
interface RankedRarity extends Rarity {
  readonly rank?: number
}

/** Rarity by window of one thing. */
function windowsOf(
  { counts, ranks }: Thing,
  everybody: WindowCounts,
): Partial<Record<Window, RankedRarity>> {
  const found: Partial<Record<Window, RankedRarity>> = {}
  for (const window of WINDOWS) {
    const { clients, standardError } = counts[window]
    const { clients: total, standardError: totalError } = everybody[window]
    const rarity = rarityOf({ clients, total, standardError, totalError })
    if (rarity === undefined) continue
    const rank = clients > 0 ? ranks?.[window] : undefined
    found[window] = { ...rarity, ...(rank === undefined ? {} : { rank }) }
  }
  return found
}

/** Rarity of a fingerprint and its parts, the rarest part of all time first. */
export function rarityAnswer(population: Population): object {
  const { fingerprint, parts, everybody, since, as_of, counted_by, uncounted } = population
  const shareOf = ({ counts }: Thing) => counts.all.clients
  return {
    counted_by,
    counting_since: rfc3339(since * 1e6),
    as_of: rfc3339(as_of * 1e6),
    windows: windowsOf(fingerprint, everybody),
    ...(parts === undefined
      ? {}
      : {
          parts: [...parts]
            .sort((a, b) => shareOf(a) - shareOf(b))
            .map((each) => ({
              part: each.part,
              value: each.value,
              windows: windowsOf(each, everybody),
            })),
        }),
    ...(uncounted === 0 ? {} : { uncounted }),
  }
}

/** What was seen of a client before, for its novelty. */
export interface History {
  readonly fingerprints: number
  readonly hellos: number
}

/** Whether a fingerprint is new for a client, as of `now`, seconds. */
export function noveltyAnswer(
  { fingerprint, client, network, since }: Population,
  history: History,
  now: number,
  listed?: Listed,
): object {
  const novelty: Novelty = noveltyOf(
    {
      ...(client === undefined ? {} : { client }),
      ...(network === undefined ? {} : { network }),
      ...(fingerprint.seen === undefined ? {} : { anywhere: fingerprint.seen }),
      clientFingerprints: history.fingerprints,
      clientHellos: history.hellos,
      learningSince: since,
      isAllowed: listed?.isAllowed ?? false,
      isWatched: listed?.isWatched ?? false,
    },
    now,
  )
  const { first_seen, last_seen } = novelty
  return {
    ...novelty,
    ...(first_seen === undefined ? {} : { first_seen: rfc3339(first_seen * 1e6) }),
    ...(last_seen === undefined ? {} : { last_seen: rfc3339(last_seen * 1e6) }),
    ...(client === undefined ? {} : { client_first_seen: rfc3339(client.first * 1e6) }),
    ...(network === undefined ? {} : { network_first_seen: rfc3339(network.first * 1e6) }),
    new_for_seconds: NEW_SECONDS,
  }
}

/** Other fingerprints of an address among what is held of it. @throws StoreError */
export async function historyOf(
  store: Pick<Store, 'sightings'>,
  ip: string,
  fingerprint: string | undefined,
  take: Take = async (piece) => piece(),
): Promise<History> {
  const others = new Set<string | undefined>()
  let hellos = 0
  for await (const { sightings } of pagedSightings(store, ip, 0, HISTORY, take))
    for (const { sha3_384_stable } of sightings) {
      if (sha3_384_stable === fingerprint) continue
      others.add(sha3_384_stable)
      hellos++
    }
  return { fingerprints: others.size, hellos }
}

/** Rarity of a fingerprint, and with `ip` its novelty for that client; undefined where none is counted. @throws StoreError */
export async function rarityOfFingerprint(
  store: Pick<Store, 'population' | 'sightings'>,
  value: string,
  ip: string | undefined,
  now: number,
  lists?: Lists,
  take: Take = async (piece) => piece(),
): Promise<object | undefined> {
  const lower = value.toLowerCase()
  // as it is first: JA4 may have letters of an ALPN name, whose case counts
  const population =
    (await take(() => store.population(value, ip))) ??
    (lower === value ? undefined : await take(() => store.population(lower, ip)))
  if (population === undefined) return undefined
  const listed = lists?.([value, lower])
  const novelty =
    ip === undefined
      ? undefined
      : noveltyAnswer(population, await historyOf(store, ip, population.stable, take), now, listed)
  return {
    fingerprint: value,
    ...rarityAnswer(population),
    ...(novelty === undefined ? {} : { ip, novelty }),
    ...listedAnswer(listed),
  }
}

/** What `/fps?detail=1` adds: the rarity of the caller's fingerprint, and whether it is new. @throws StoreError */
export async function rarityOfSighting(
  store: Pick<Store, 'population' | 'sightings'>,
  sighting: Sighting,
  now: number,
  lists: Lists | undefined,
  take: Take,
): Promise<object> {
  const { src, sha3_384_stable, sha3_384 } = sighting
  const population = await take(() => store.population(sha3_384_stable ?? sha3_384 ?? '', src))
  if (population === undefined) return {}
  const listed = lists?.(FINGERPRINTS.flatMap((name) => sighting[name] ?? []))
  const history = await historyOf(store, src, sha3_384_stable, take)
  return {
    rarity: rarityAnswer(population),
    novelty: noveltyAnswer(population, history, now, listed),
    ...listedAnswer(listed),
  }
}

function listedAnswer(listed: Listed | undefined): object {
  return listed === undefined || listed.entries.length === 0 ? {} : { lists: listed.entries }
}
