// What is held about an address or a fingerprint: the same document by the API and by `hellotap lookup --redis`.

import type { Sighting } from '../model/sighting.js'
import type { FingerprintLookup, FingerprintStat, Store } from '../store/contract.js'
import { rfc3339 } from './clock.js'
import type { Clock } from './clock.js'
import type { Describe } from './fingerprint-answer.js'
import { sightingAnswer } from './fingerprint-answer.js'
import type { ListOutput } from './list-answer.js'
import { writeList } from './list-answer.js'
import type { Take } from './turns.js'

/** A page of an address's sightings. */
export interface AddressLookup {
  readonly ip: string
  readonly offset: number
  readonly limit: number
  /** Takes each hello apart, where asked for. */
  readonly describe?: Describe | undefined
}

/** Writes what is held about an address. @returns false, and writes nothing, where that is nothing. @throws StoreError */
export async function writeAddress(
  store: Pick<Store, 'sightings' | 'concurrent'>,
  { ip, offset, limit, describe }: AddressLookup,
  clock: Clock,
  output: ListOutput,
  take: Take = async (piece) => piece(),
): Promise<boolean> {
  const keys = {
    concurrent_fingerprints: await take(() => store.concurrent(ip)),
    now: rfc3339(clock()),
  }
  const answerOf = (sighting: Sighting) => sightingAnswer(sighting, describe)
  return writeList({ store, ip, offset, limit, keys, answerOf, take }, output)
}

/** What is held about a fingerprint, its times as the API writes them. */
interface DatedLookup extends Omit<FingerprintLookup, 'first_seen' | 'last_seen'> {
  readonly first_seen: string
  readonly last_seen: string
  readonly now: string
}

/**
 * What is held about the fingerprint whose value under any method is `value`, in either case of letters.
 * @throws StoreError
 */
export async function fingerprintAnswer(
  store: Pick<Store, 'fingerprint'>,
  value: string,
  clock: Clock,
): Promise<DatedLookup | undefined> {
  const lower = value.toLowerCase()
  // as it is first: JA4 may have letters of an ALPN name, whose case counts
  const record =
    (await store.fingerprint(value)) ??
    (lower === value ? undefined : await store.fingerprint(lower))
  return record === undefined ? undefined : { ...datedRow(record), now: rfc3339(clock()) }
}

/** A row of the statistics with its times as the API writes them. */
export function datedRow<T extends Pick<FingerprintStat, 'first_seen' | 'last_seen'>>(row: T) {
  return {
    ...row,
    first_seen: rfc3339(row.first_seen * 1e6),
    last_seen: rfc3339(row.last_seen * 1e6),
  }
}
