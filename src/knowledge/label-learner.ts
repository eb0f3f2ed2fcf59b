// Learns from own traffic which software a fingerprint is: by User-Agents, which anybody may set as they like. A label is
// learnt where many networks agree on several days; one network counts once a day, however many addresses and hellos it has.

/** What a label needs. */
export interface LearnerOptions {
  /** Networks (/24 or /48) on one day. */
  readonly networks: number
  /** Days with so many networks. */
  readonly days: number
  /** Days after which an observation is forgotten. */
  readonly windowDays: number
  /** Share of the fingerprint's networks that must agree on the label. */
  readonly agreement: number
  /** Share of the label's networks that must show the fingerprint: few liars have a fingerprint of their own. */
  readonly prevalence: number
}

export const LEARNER_DEFAULTS: LearnerOptions = {
  networks: 20,
  days: 3,
  windowDays: 30,
  agreement: 0.8,
  prevalence: 0.2,
}

/** Networks that are remembered of one fingerprint, label and day: shares need no more. */
const MAX_NETWORKS = 4096
/** Pairs of fingerprint and label that are remembered of one day. */
const MAX_PAIRS = 65_536
const SEPARATOR = '\n'

/** Bounded: of each day it remembers so many pairs and so many networks, and counts what is beyond. */
export class LabelLearner {
  readonly #options: LearnerOptions
  /** Networks by fingerprint and label, by day since the Unix epoch. */
  readonly #days = new Map<number, Map<string, Set<string>>>()
  /** Observations that had no room. */
  dropped = 0

  constructor(options: Partial<LearnerOptions> = {}) {
    this.#options = { ...LEARNER_DEFAULTS, ...options }
  }

  /** Notes that a client of `network` showed a fingerprint and claimed a label on a day, counted since the Unix epoch. */
  observe(fingerprint: string, label: string, network: string, day: number): void {
    let pairs = this.#days.get(day)
    if (pairs === undefined) {
      pairs = new Map()
      this.#days.set(day, pairs)
      for (const old of this.#days.keys())
        if (old <= day - this.#options.windowDays) this.#days.delete(old)
    }
    const key = `${fingerprint}${SEPARATOR}${label}`
    let networks = pairs.get(key)
    if (networks === undefined) {
      if (pairs.size >= MAX_PAIRS) {
        this.dropped++
        return
      }
      networks = new Set()
      pairs.set(key, networks)
    }
    if (networks.size < MAX_NETWORKS) networks.add(network)
    else if (!networks.has(network)) this.dropped++
  }

  /** The label of a fingerprint on a day; undefined where too few agree. */
  labelOf(fingerprint: string, day: number): string | undefined {
    const { networks, days, windowDays, agreement, prevalence } = this.#options
    const ofLabel = new Map<string, Set<string>>()
    const ofFingerprint = new Map<string, Set<string>>()
    const strongDays = new Map<string, number>()
    for (const [date, pairs] of this.#days) {
      if (date > day || date <= day - windowDays) continue
      for (const [key, seen] of pairs) {
        const at = key.indexOf(SEPARATOR)
        const label = key.slice(at + 1)
        addAll(ofLabel, label, seen)
        if (key.slice(0, at) !== fingerprint) continue
        addAll(ofFingerprint, label, seen)
        if (seen.size >= networks) strongDays.set(label, (strongDays.get(label) ?? 0) + 1)
      }
    }
    const all = new Set([...ofFingerprint.values()].flatMap((seen) => [...seen]))
    for (const [label, seen] of ofFingerprint) {
      if ((strongDays.get(label) ?? 0) < days) continue
      if (seen.size < agreement * all.size) continue
      if (seen.size >= prevalence * (ofLabel.get(label)?.size ?? 0)) return label
    }
    return undefined
  }
}

function addAll(sets: Map<string, Set<string>>, key: string, values: Iterable<string>): void {
  const set = sets.get(key) ?? new Set<string>()
  for (const value of values) set.add(value)
  sets.set(key, set)
}

/** The network that an address counts as: its /24, or its /48 (RFC 6177 §2: a site). The address is canonical (RFC 5952). */
export function networkOf(address: string): string {
  if (!address.includes(':')) return `${address.split('.').slice(0, 3).join('.')}.0/24`
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  while (tail !== undefined && groups.length + rest.length < 8) groups.push('0')
  return `${[...groups, ...rest].slice(0, 3).join(':')}::/48`
}
