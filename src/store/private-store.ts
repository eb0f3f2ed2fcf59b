// What a policy hides is hidden before anything is kept (row-packer.ts); here it is asked for by the names it is kept under.

import type { PrivacyPolicy } from '../privacy/privacy.js'
import { privateAddress, privateNamesOf } from '../privacy/privacy.js'
import type { Sighting } from '../model/sighting.js'
import type { Population, SightingPage, Store, StoreLimits } from './contract.js'

/** `store` behind a privacy policy. */
export function privateStore(
  store: Store,
  policy: PrivacyPolicy,
  limits: Pick<StoreLimits, 'ttlSeconds'>,
  now: () => number = Date.now,
): Store {
  const namesOf = (ip: string): string[] => {
    const seconds = now() / 1000
    return privateNamesOf(policy, ip, seconds - limits.ttlSeconds, seconds)
  }
  const firstFound = async (ip: string, find: (name: string) => Promise<Sighting | undefined>) => {
    for (const name of namesOf(ip)) {
      const found = await find(name)
      if (found !== undefined) return found
    }
    return undefined
  }
  return {
    put: (rows) => store.put(rows),
    room: () => store.room(),
    drain: () => store.drain(),
    latest: (ip) => firstFound(ip, (name) => store.latest(name)),
    connection: async (ip, port, waitMs, since) => {
      const [today = '', ...before] = namesOf(ip)
      const found = await store.connection(today, port, waitMs, since)
      if (found !== undefined) return found
      for (const name of before) {
        const older = await store.connection(name, port, 0, since)
        if (older !== undefined) return older
      }
      return undefined
    },
    sightings: async (ip, offset, limit) => {
      const page: { sightings: Sighting[]; total: number } = { sightings: [], total: 0 }
      for (const name of namesOf(ip)) {
        const from = Math.max(0, offset - page.total)
        const part: SightingPage = await store.sightings(
          name,
          from,
          Math.max(1, limit - page.sightings.length),
        )
        if (page.sightings.length < limit) page.sightings.push(...part.sightings)
        page.total += part.total
      }
      return page
    },
    concurrent: async (ip) => {
      let most = 0
      for (const name of namesOf(ip)) most = Math.max(most, await store.concurrent(name))
      return most
    },
    total: () => store.total(),
    population: async (value, ip) => {
      let first: Population | undefined
      for (const name of ip === undefined ? [undefined] : namesOf(ip)) {
        const found = await store.population(value, name)
        if (found?.client !== undefined) return found
        first ??= found
      }
      return first
    },
    fingerprint: (value) => store.fingerprint(value),
    observeUserAgent: (observation) =>
      store.observeUserAgent({
        ...observation,
        ip: privateAddress(policy, observation.ip, observation.time),
      }),
    stats: (options) => store.stats(options),
    statsSnapshot: (options) => store.statsSnapshot(options),
    visit: (take) => store.visit(take),
    forget: async (ip) => {
      let count = 0
      for (const name of namesOf(ip)) count += await store.forget(name)
      return count
    },
    health: () => store.health(),
    close: () => store.close(),
  }
}
