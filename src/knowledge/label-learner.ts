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

/** A label that own traffic teaches. */
export interface LearntLabel {
  readonly label: string
  /** Distinct networks that showed the fingerprint with it. */
  readonly networks: number
  /** Days on which enough networks did. */
  readonly days: number
}

/** What was noted of one fingerprint and label on one day. */
export interface Observed {
  readonly day: number
  readonly fingerprint: string
  readonly label: string
  readonly networks: readonly string[]
}

/** Networks that are remembered of one fingerprint, label and day: shares need no more. */
const MAX_NETWORKS = 4096
/** Pairs of fingerprint and label that are remembered of one day. */
const MAX_PAIRS = 65_536
/** Networks that are remembered in all, each as often as it is noted: about 60 bytes each. */
const MAX_NOTES = 1_000_000
/** Notes that one step of `labels` goes over, roughly. */
const NOTES_A_STEP = 2000

const NO_LABELS: ReadonlyMap<string, Set<string>> = new Map<string, Set<string>>()

interface Day {
  readonly byFingerprint: Map<string, Map<string, Set<string>>>
  pairs: number
  notes: number
}

/** Bounded: of each day it remembers so many pairs and so many networks, and counts what is beyond. */
export class LabelLearner {
  readonly #options: LearnerOptions
  /** By day since the Unix epoch. */
  readonly #days = new Map<number, Day>()
  #notes = 0
  /** Observations that had no room. */
  dropped = 0

  constructor(options: Partial<LearnerOptions> = {}) {
    this.#options = { ...LEARNER_DEFAULTS, ...options }
  }

  /** Notes that a client of `network` showed a fingerprint and claimed a label on a day, counted since the Unix epoch. */
  observe(fingerprint: string, label: string, network: string, day: number): void {
    const of = this.#dayOf(day)
    let labels = of.byFingerprint.get(fingerprint)
    let networks = labels?.get(label)
    if (networks?.has(network) === true) return
    const isFull = networks === undefined ? of.pairs >= MAX_PAIRS : networks.size >= MAX_NETWORKS
    if (isFull || this.#notes >= MAX_NOTES) {
      this.dropped++
      return
    }
    if (labels === undefined)
      of.byFingerprint.set(fingerprint, (labels = new Map<string, Set<string>>()))
    if (networks === undefined) {
      labels.set(label, (networks = new Set()))
      of.pairs++
    }
    networks.add(network)
    of.notes++
    this.#notes++
  }

  /** The label of a fingerprint on a day; undefined where too few agree. */
  labelOf(fingerprint: string, day: number): string | undefined {
    const steps = this.labels(day)
    for (let step = steps.next(); ; step = steps.next())
      if (step.done === true) return step.value.get(fingerprint)?.label
  }

  /** All labels on a day, by fingerprint; long work in steps. Of several labels that hold, the longest says the most. */
  *labels(day: number): Generator<undefined, Map<string, LearntLabel>> {
    const { networks: least, days, agreement, prevalence } = this.#options
    const ofLabel = new Map<string, Set<string>>()
    const fingerprints = new Set<string>()
    let notes = 0
    for (const of of this.#within(day))
      for (const [fingerprint, labels] of of.byFingerprint) {
        fingerprints.add(fingerprint)
        for (const [label, seen] of labels) {
          addAll(ofLabel, label, seen)
          if ((notes += seen.size) > NOTES_A_STEP) {
            notes = 0
            yield undefined
          }
        }
      }
    const learnt = new Map<string, LearntLabel>()
    for (const fingerprint of fingerprints) {
      const seenWith = new Map<string, Set<string>>()
      const strongDays = new Map<string, number>()
      const all = new Set<string>()
      for (const of of this.#within(day))
        for (const [label, seen] of of.byFingerprint.get(fingerprint) ?? NO_LABELS) {
          addAll(seenWith, label, seen)
          for (const network of seen) all.add(network)
          if (seen.size >= least) strongDays.set(label, (strongDays.get(label) ?? 0) + 1)
          notes += seen.size
        }
      for (const [label, seen] of seenWith) {
        const strong = strongDays.get(label) ?? 0
        if (strong < days || seen.size < agreement * all.size) continue
        if (seen.size < prevalence * (ofLabel.get(label)?.size ?? 0)) continue
        const known = learnt.get(fingerprint)
        if (known === undefined || label.length > known.label.length)
          learnt.set(fingerprint, { label, networks: seen.size, days: strong })
      }
      if ((notes += 1) > NOTES_A_STEP) {
        notes = 0
        yield undefined
      }
    }
    return learnt
  }

  /** All that is remembered, for who keeps it. */
  *observed(): Generator<Observed> {
    for (const [day, { byFingerprint }] of this.#days)
      for (const [fingerprint, labels] of byFingerprint)
        for (const [label, networks] of labels)
          yield { day, fingerprint, label, networks: [...networks] }
  }

  #dayOf(day: number): Day {
    let of = this.#days.get(day)
    if (of === undefined) {
      this.#days.set(day, (of = { byFingerprint: new Map(), pairs: 0, notes: 0 }))
      for (const [old, { notes }] of this.#days)
        if (old <= day - this.#options.windowDays) {
          this.#days.delete(old)
          this.#notes -= notes
        }
    }
    return of
  }

  *#within(day: number): Generator<Day> {
    for (const [date, of] of this.#days)
      if (date <= day && date > day - this.#options.windowDays) yield of
  }
}

function addAll(sets: Map<string, Set<string>>, key: string, values: Iterable<string>): void {
  let set = sets.get(key)
  if (set === undefined) sets.set(key, (set = new Set()))
  for (const value of values) set.add(value)
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
