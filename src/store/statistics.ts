// What all that is held adds up to. Stores count bodies (packed-row.ts), addresses by fingerprint and User-Agents, each by
// bucket; here the sums become answers, whatever is asked, at the cost of the bodies counted.

import {
  MAX_DISTRIBUTION_VALUES,
  MAX_STATISTICS_TOP,
  NAMED_FINGERPRINTS,
  USER_AGENTS_PER_FINGERPRINT,
} from '../base/limits.js'
import type { FingerprintName, Sighting } from '../model/sighting.js'
import type { Bodies } from './bodies.js'
import type { FingerprintLookup, FingerprintStat, Share, Stats } from './contract.js'
import { sortSteps, stepping } from './in-slices.js'
import type { Distribution } from './traits.js'
import { DISTRIBUTIONS, fingerprintStat, recordOf, shareOf } from './traits.js'
import { userAgentCounts } from './user-agent-key.js'
import { valueKey, valuesFoundBy } from './values.js'

/** How often something was seen, first and last, microseconds. */
export interface Sum {
  count: number
  first: number
  last: number
}

/** The sums of a store. */
export interface Sums {
  readonly total: Readonly<Sum>
  /** Sightings of fingerprints beyond the bound on names. */
  readonly other: number
  /** By id of the body. */
  readonly bodies: ReadonlyMap<string, Readonly<Sum>>
  /** Addresses by fingerprint. */
  readonly clients: ReadonlyMap<string, number>
  /** By fingerprint: counts by key (user-agent-key.ts). */
  readonly agents: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly distinctClients: number
}

/** Methods whose value one body has, in whatever order its extensions come. */
const OF_A_BODY = [
  ...(['sha3_384_stable', 'ja3n', 'ja3n_string', 'ja4', 'ja4_r', 'npf1'] as const),
] satisfies readonly FingerprintName[]
const IN_ORDER: readonly (readonly [FingerprintName, RegExp])[] = [
  ['sha3_384', /^[0-9a-f]{96}$/],
  ['ja3', /^[0-9a-f]{32}$/],
  ['ja3_string', /^\d+,/],
  ['ja4_o', /^[tqd][0-9a-z]{9}_[0-9a-f]{12}_[0-9a-f]{12}$/],
  ['ja4_ro', /^[tqd][0-9a-z]{9}_/],
  ['npf', /^(tls|quic|dtls)\//],
]

interface Group extends Sum {
  readonly id: string
  /** The first body counted for it. */
  readonly body: string
}

/** Adds `sum` to `to`. */
export function addSum(to: Sum, { count, first, last }: Readonly<Sum>): void {
  to.count += count
  if (first < to.first) to.first = first
  if (last > to.last) to.last = last
}

/** Adds counts of User-Agents by fingerprint to others. */
export function* addAgents(
  to: Map<string, Map<string, number>>,
  more: Sums['agents'],
): Generator<undefined> {
  yield* stepping(more, ([id, counts]) => {
    const all = to.get(id) ?? new Map<string, number>()
    for (const [key, count] of counts) all.set(key, (all.get(key) ?? 0) + count)
    to.set(id, all)
  })
}

/** Adds up the sums of several buckets of time. What is counted meanwhile may be in or not. */
export function* sumSteps(
  buckets: Iterable<Omit<Sums, 'distinctClients'>>,
): Generator<undefined, Omit<Sums, 'distinctClients'>> {
  const total: Sum = { count: 0, first: Infinity, last: 0 }
  const bodies = new Map<string, Sum>()
  const clients = new Map<string, number>()
  const agents = new Map<string, Map<string, number>>()
  let other = 0
  for (const bucket of buckets) {
    yield* stepping(bucket.bodies, ([id, sum]) => {
      const all = bodies.get(id)
      if (all === undefined) bodies.set(id, { ...sum })
      else addSum(all, sum)
    })
    yield* stepping(bucket.clients, ([id, count]) =>
      clients.set(id, (clients.get(id) ?? 0) + count),
    )
    yield* addAgents(agents, bucket.agents)
    addSum(total, bucket.total)
    other += bucket.other
  }
  return { total, other, bodies, clients, agents }
}

/** Answers about sums as of one moment. */
export class Statistics {
  readonly #sums: Sums
  readonly #bodies: Bodies
  readonly #groups: ReadonlyMap<string, Group>
  readonly #sorted: readonly Group[]
  readonly #other: number
  readonly #distributions: Stats['distributions']

  private constructor(
    sums: Sums,
    bodies: Bodies,
    made: {
      readonly groups: ReadonlyMap<string, Group>
      readonly sorted: readonly Group[]
      readonly other: number
      readonly distributions: Stats['distributions']
    },
  ) {
    this.#sums = sums
    this.#bodies = bodies
    this.#groups = made.groups
    this.#sorted = made.sorted
    this.#other = made.other
    this.#distributions = made.distributions
  }

  /** @param bodies of all that `sums` counts; one that is unknown counts with the other sightings */
  static *steps(sums: Sums, bodies: Bodies): Generator<undefined, Statistics> {
    const groups = new Map<string, Group>()
    let { other } = sums
    yield* stepping(sums.bodies, ([body, sum]) => {
      const id = bodies.fingerprint(body)
      const group = id === undefined ? undefined : groups.get(id)
      if (id === undefined) other += sum.count
      else if (group === undefined) groups.set(id, { id, body, ...sum })
      else addSum(group, sum)
    })
    const sorted = yield* sortSteps([...groups.values()], byCountThenId)
    for (const { id, count } of sorted.splice(NAMED_FINGERPRINTS)) {
      groups.delete(id)
      other += count
    }
    const distributions = yield* distribute(sums, bodies)
    return new Statistics(sums, bodies, { groups, sorted, other, distributions })
  }

  get total(): number {
    return this.#sums.total.count
  }

  stats(onlyWithUserAgent: boolean, top: number): Stats {
    const { total, distinctClients, agents } = this.#sums
    const most = Math.min(top, MAX_STATISTICS_TOP)
    const groups: Group[] = []
    for (const group of this.#sorted) {
      if (groups.length >= most) break
      if (!onlyWithUserAgent || agents.has(group.id)) groups.push(group)
    }
    const distributions = Object.entries(this.#distributions).map(
      ([name, shares]): [string, readonly Share[]] => [name, shares.slice(0, most)],
    )
    return {
      total_sightings: total.count,
      distinct_fingerprints: this.#groups.size,
      other_sightings: this.#other,
      distinct_clients: distinctClients,
      ...(total.count === 0 ? {} : { first_seen: total.first / 1e6, last_seen: total.last / 1e6 }),
      fingerprints: groups.flatMap((group) => this.#stat(group) ?? []),
      distributions: Object.fromEntries(distributions) as Stats['distributions'],
    }
  }

  /** What is known of a value; `held` are bodies that a store found it under, in one order of extensions or another. */
  find(value: string, held: readonly string[]): FingerprintLookup | undefined {
    const asked = valuesFoundBy(value)
    const candidates = this.#bodies.having(asked.map(valueKey))
    for (const matched of OF_A_BODY) {
      const bodies = candidates.filter((id) => this.#bodies.sighting(id)?.[matched] === value)
      const found = this.#statOf(bodies)
      if (found === undefined) continue
      const group = matched === 'sha3_384_stable' ? undefined : this.#groups.get(found.id)
      const groupStat = group === undefined ? undefined : this.#stat(group)
      return {
        ...found.stat,
        [matched]: value,
        matched,
        counted_by: matched,
        ...(groupStat === undefined ? {} : { group: groupStat }),
      }
    }
    const matched = IN_ORDER.find(([, shape]) => shape.test(value))?.[0]
    if (matched === undefined) return undefined
    for (const body of held) {
      const group = this.#groups.get(this.#bodies.fingerprint(body) ?? '')
      const stat = group === undefined ? undefined : this.#stat(group)
      if (stat !== undefined)
        return { ...stat, [matched]: value, matched, counted_by: 'sha3_384_stable' }
    }
    return undefined
  }

  /** A hello that has a value, of nobody's flow, and the fingerprint that it counts for; `held` as in `find`. */
  example(
    value: string,
    held: readonly string[],
  ): { readonly fingerprint: string; readonly sighting: Sighting } | undefined {
    for (const body of [...this.#bodies.having(valuesFoundBy(value).map(valueKey)), ...held]) {
      const fingerprint = this.#bodies.fingerprint(body)
      const sighting = this.#bodies.sighting(body)
      if (fingerprint !== undefined && sighting !== undefined) return { fingerprint, sighting }
    }
    return undefined
  }

  #stat(group: Group): FingerprintStat | undefined {
    const sighting = this.#bodies.sighting(group.body)
    if (sighting === undefined) return undefined
    return this.#figures(group, sighting, group.id, this.#sums.clients.get(group.id) ?? 0)
  }

  /** The figures of some bodies. Addresses of several fingerprints add up, at most to the sightings. */
  #statOf(bodies: readonly string[]): { id: string; stat: FingerprintStat } | undefined {
    const [body = ''] = bodies
    const sighting = this.#bodies.sighting(body)
    const id = this.#bodies.fingerprint(body)
    if (sighting === undefined || id === undefined) return undefined
    const sum: Sum = { count: 0, first: Infinity, last: 0 }
    const fingerprints = new Set<string>()
    for (const each of bodies) {
      const counted = this.#sums.bodies.get(each)
      if (counted === undefined) continue
      addSum(sum, counted)
      fingerprints.add(this.#bodies.fingerprint(each) ?? '')
    }
    if (sum.count === 0) return undefined
    let clients = 0
    for (const each of fingerprints) clients += this.#sums.clients.get(each) ?? 0
    return { id, stat: this.#figures(sum, sighting, id, Math.min(clients, sum.count)) }
  }

  #figures(
    { count, first, last }: Readonly<Sum>,
    sighting: Parameters<typeof recordOf>[1],
    id: string,
    clients: number,
  ): FingerprintStat {
    const userAgents = userAgentCounts([...(this.#sums.agents.get(id) ?? [])])
    const name = Buffer.from(id, 'latin1').toString('hex')
    return fingerprintStat(
      {
        record: recordOf(sighting.sha3_384_stable ?? sighting.sha3_384 ?? name, sighting),
        count,
        clients,
        ahead: this.#ahead(count),
        firstMicros: first,
        lastMicros: last,
        userAgents: userAgents.slice(0, USER_AGENTS_PER_FINGERPRINT),
      },
      this.#sums.total.count,
    )
  }

  /** Fingerprints seen more often than `count` times. */
  #ahead(count: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle]?.count ?? 0) > count) low = middle + 1
      else high = middle
    }
    return low
  }
}

function* distribute(sums: Sums, bodies: Bodies): Generator<undefined, Stats['distributions']> {
  const counts = new Array<number>(bodies.values.length).fill(0)
  yield* stepping(sums.bodies, ([body, { count }]) => {
    for (const number of bodies.valuesOf(body) ?? []) counts[number] = (counts[number] ?? 0) + count
  })
  const shares = new Map<Distribution, [string, number][]>(DISTRIBUTIONS.map((name) => [name, []]))
  yield* stepping(bodies.values.entries(), ([number, { distribution, value }]) => {
    const count = counts[number] ?? 0
    if (count > 0) shares.get(distribution)?.push([value, count])
  })
  const distributions: [Distribution, Share[]][] = []
  for (const [name, all] of shares) {
    const sorted = yield* sortSteps(all, (a, b) => b[1] - a[1] || (a[0] < b[0] ? 1 : -1))
    distributions.push([
      name,
      sorted
        .slice(0, MAX_DISTRIBUTION_VALUES)
        .map(([value, count]) => shareOf(value, count, sums.total.count)),
    ])
  }
  return Object.fromEntries(distributions) as unknown as Stats['distributions']
}

function byCountThenId(a: Group, b: Group): number {
  return b.count - a.count || (a.id < b.id ? 1 : -1)
}
