// Labels that own traffic teaches: what clients say they are, over connections whose hello is known. Kept in a file, so that
// days count across restarts; of a network only a keyed hash is kept.

import { createHmac, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { inSlices } from '../store/in-slices.js'
import type { Learnt } from '../api/learnt.js'
import { LEARN_MILLIS, LEARN_SAVE_MILLIS } from '../base/limits.js'
import type { LearnerOptions, LearntLabel, Observed } from '../knowledge/label-learner.js'
import { LabelLearner, networkOf } from '../knowledge/label-learner.js'
import type { Sighting } from '../model/sighting.js'
import { isSettledSighting } from '../model/trust.js'
import { labelsOf } from '../user-agent.js'

const DAY_SECONDS = 86_400
const KEY_BYTES = 32
/** Characters of a network's hash, 6 bits each. */
const NETWORK_CHARACTERS = 10
/** User-Agents whose labels are remembered. */
const USER_AGENTS_KNOWN = 1000
const FORMAT = 'hellotap learnt labels 1'

/** What the first line of the file says. */
interface Head {
  readonly format: string
  /** Key of the networks' hashes, base64. */
  readonly key: string
}

/** How labels are learnt and kept. */
export interface LearntLabelsOptions extends Partial<LearnerOptions> {
  /** The file that keeps what was noted; without one it ends with the process. */
  readonly path?: string | undefined
  readonly onError: (error: unknown) => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Learns labels and answers with them. */
export class LearntLabels implements Learnt {
  readonly #options: LearntLabelsOptions
  readonly #learner: LabelLearner
  readonly #now: () => number
  #key: Buffer = randomBytes(KEY_BYTES)
  #labels: ReadonlyMap<string, LearntLabel> = new Map()
  readonly #known = new Map<string, readonly string[]>()
  #day = 0
  #isChanged = false
  #isSaved = true
  readonly #timers: NodeJS.Timeout[]

  constructor(options: LearntLabelsOptions) {
    this.#options = options
    this.#learner = new LabelLearner(options)
    this.#now = options.now ?? Date.now
    this.#load()
    const again = (work: () => unknown, millis: number) => setInterval(work, millis).unref()
    this.#timers = [
      again(() => this.#isDue && void this.refresh(), LEARN_MILLIS),
      again(() => this.save(), LEARN_SAVE_MILLIS),
    ]
    if (this.#isChanged) void this.refresh()
  }

  /** For `/healthz`: fingerprints with a label, and observations that had no room. */
  get counts(): { readonly labels: number; readonly dropped: number } {
    return { labels: this.#labels.size, dropped: this.#learner.dropped }
  }

  observe(ip: string, sighting: Sighting, userAgent: string, seconds: number): void {
    if (!isSettledSighting(sighting)) return
    const network = createHmac('sha256', this.#key)
      .update(networkOf(ip))
      .digest('base64')
      .slice(0, NETWORK_CHARACTERS)
    const day = Math.floor(seconds / DAY_SECONDS)
    const { sha3_384_stable, ja4 } = sighting
    for (const fingerprint of [sha3_384_stable, ja4])
      if (fingerprint !== undefined)
        for (const label of this.#labelsOf(userAgent))
          this.#learner.observe(fingerprint, label, network, day)
    this.#isChanged = true
    this.#isSaved = false
  }

  labelOf(values: readonly (string | undefined)[]): LearntLabel | undefined {
    for (const value of values) {
      const label = this.#labels.get(value ?? '')
      if (label !== undefined) return label
    }
    return undefined
  }

  get #today(): number {
    return Math.floor(this.#now() / 1000 / DAY_SECONDS)
  }

  /** Whether labels may be other ones than before: something was noted, or a day is over. */
  get #isDue(): boolean {
    return this.#isChanged || this.#day !== this.#today
  }

  /** Has all labels follow from what was noted until now. */
  async refresh(): Promise<void> {
    this.#isChanged = false
    this.#day = this.#today
    this.#labels = await inSlices(this.#learner.labels(this.#day))
  }

  /** Writes the file, where something was noted since. */
  save(): void {
    const { path, onError } = this.#options
    if (path === undefined || this.#isSaved) return
    const head: Head = { format: FORMAT, key: this.#key.toString('base64') }
    try {
      mkdirSync(dirname(path), { recursive: true })
      const lines = [head, ...this.#learner.observed()].map((line) => `${JSON.stringify(line)}\n`)
      writeFileSync(`${path}.new`, lines.join(''), { mode: 0o600 })
      renameSync(`${path}.new`, path)
      this.#isSaved = true
    } catch (error) {
      onError(new Error(`cannot keep the learnt labels in ${path}`, { cause: error }))
    }
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.save()
  }

  #labelsOf(userAgent: string): readonly string[] {
    let labels = this.#known.get(userAgent)
    if (labels === undefined) {
      labels = labelsOf(userAgent)
      if (this.#known.size >= USER_AGENTS_KNOWN) this.#known.clear()
      this.#known.set(userAgent, labels)
    }
    return labels
  }

  #load(): void {
    const { path, onError } = this.#options
    if (path === undefined) return
    try {
      const [first = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
      const { format, key } = JSON.parse(first) as Head
      if (format !== FORMAT) throw new Error(`its format is ${JSON.stringify(format)}`)
      for (const line of lines) {
        const { day, fingerprint, label, networks } = JSON.parse(line) as Observed
        for (const network of networks) this.#learner.observe(fingerprint, label, network, day)
      }
      this.#key = Buffer.from(key, 'base64')
      this.#isChanged = true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      const cause = error
      onError(new Error(`cannot read the learnt labels in ${path}; learning anew`, { cause }))
    }
  }
}
