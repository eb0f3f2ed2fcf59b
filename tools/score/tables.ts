// The tables that tell how well identification does on clients it did not learn. Pure: results in, numbers out.

import { OTHERS } from '../../src/knowledge/identify/answer.js'
import { regressed } from '../../src/knowledge/identify/confidence.js'
import { calibrated } from '../../src/knowledge/identify/confidence.js'
import type { ConfidenceData } from '../../src/knowledge/identify/base-data.js'
import { compareVersions, readVersion } from '../../src/knowledge/identify/version.js'
import type { Version } from '../../src/knowledge/identify/version.js'
import { fitConfidence } from '../learn/fit-confidence.js'
import { applicationOf, versionOf } from '../learn/label.js'
import type { Result } from './leave-out.js'

/** Parts the clients are dealt into: each part is judged by a confidence learnt from the others. */
const FOLDS = 10

/** A result with how sure the answer was, and whether it was given. */
export interface Judged extends Result {
  readonly confidence: number
  readonly isAnswered: boolean
}

/** Judges each client's results by a confidence that was learnt without it. */
export function judge(results: readonly Result[], seed: number): Judged[] {
  const fold = dealt([...new Set(results.map(({ client }) => client.label.label))], seed)
  const foldOf = (result: Result): number => fold.get(result.client.label.label) ?? 0
  const confidences: ConfidenceData[] = []
  for (let part = 0; part < FOLDS; part++)
    confidences.push(fitConfidence(results.filter((result) => foldOf(result) !== part)))
  return results.map((result) => {
    const confidence = confidences[foldOf(result)]
    const value = regressed(confidence?.coefficients ?? [], result.inputs)
    return {
      ...result,
      confidence: calibrated(confidence?.calibration ?? [], value),
      isAnswered: value >= (confidence?.answerFrom ?? 0),
    }
  })
}

/** Deals names into FOLDS parts, the same way for a seed (Fisher and Yates; mulberry32). */
function dealt(names: readonly string[], seed: number): Map<string, number> {
  const shuffled = [...names].sort()
  const random = mulberry32(seed)
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const moved = shuffled[i] ?? ''
    shuffled[i] = shuffled[j] ?? ''
    shuffled[j] = moved
  }
  return new Map(shuffled.map((name, index) => [name, index % FOLDS]))
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What became of one client: answered where most of its hellos were, wrong where any answer was. */
export interface Outcome {
  readonly client: string
  readonly isAnswered: boolean
  readonly isWrong: boolean
  /** Its hello with the largest share. */
  readonly main: Judged
}

export function outcomes(results: readonly Judged[]): Outcome[] {
  const clients = new Map<string, Judged[]>()
  for (const result of results) {
    const name = result.client.label.label
    const known = clients.get(name)
    if (known === undefined) clients.set(name, [result])
    else known.push(result)
  }
  return [...clients].map(([client, list]) => {
    const answered = list.reduce((sum, { isAnswered, share }) => sum + (isAnswered ? share : 0), 0)
    return {
      client,
      isAnswered: answered > 0.5,
      isWrong: list.some(({ isAnswered, isRight }) => isAnswered && !isRight),
      main: list.reduce((most, result) => (result.share > most.share ? result : most)),
    }
  })
}

/** Bounds of a share of `right` in `total` with 95 % (Wilson 1927). */
export function wilson(right: number, total: number): [number, number] {
  if (total === 0) return [0, 1]
  const z = 1.959_964
  const share = right / total
  const middle = share + (z * z) / (2 * total)
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total))
  const scale = 1 + (z * z) / total
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)]
}

export interface Bin {
  readonly from: number
  readonly count: number
  readonly claimed: number
  readonly right: number
  /** Whether even the upper Wilson bound lies below what was claimed. */
  readonly isOverconfident: boolean
}

/** Answers by what they claimed. A client counts once. */
export function calibrationBins(of: readonly Outcome[]): { bins: Bin[]; error: number } {
  const EDGES = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
  const answered = of.filter(({ isAnswered }) => isAnswered)
  let error = 0
  const bins = EDGES.flatMap((from, index) => {
    const to = EDGES[index + 1] ?? 2
    const within = answered.filter(({ main }) => main.confidence >= from && main.confidence < to)
    if (within.length === 0) return []
    const claimed = within.reduce((sum, { main }) => sum + main.confidence, 0) / within.length
    const count = within.filter(({ isWrong }) => !isWrong).length
    const right = count / within.length
    error += (within.length / answered.length) * Math.abs(claimed - right)
    const isOverconfident = wilson(count, within.length)[1] < claimed
    return [{ from, count: within.length, claimed, right, isOverconfident }]
  })
  return { bins, error }
}

export interface VersionScore {
  readonly total: number
  readonly within: number
  /** Versions of the base in the answered range, on average. */
  readonly meanRange: number
  readonly missed: readonly string[]
}

/** Answered clients whose version the base still knows: whether the range holds it. */
export function scoreKnownVersions(of: readonly Outcome[]): VersionScore {
  return scoreVersions(
    of.filter(({ main }) => main.knows.version),
    (ranges, version) => ranges.some((range) => holds(range, version)),
  )
}

/** Answered clients whose version was left out: whether the range holds it or a known version beside it. */
export function scoreUnseenVersions(of: readonly Outcome[]): VersionScore {
  return scoreVersions(
    of.filter(({ main }) => !main.knows.version),
    (ranges, version, known) => {
      const older = known.filter((other) => compareVersions(other, version) < 0).at(-1)
      const newer = known.find((other) => compareVersions(other, version) > 0)
      return [older, version, newer].some(
        (near) => near !== undefined && ranges.some((range) => holds(range, near)),
      )
    },
  )
}

interface Range {
  readonly scheme: string
  readonly from: Version
  readonly to: Version
}

function scoreVersions(
  of: readonly Outcome[],
  isRight: (ranges: readonly Range[], version: Version, known: readonly Version[]) => boolean,
): VersionScore {
  let total = 0
  let within = 0
  let length = 0
  const missed: string[] = []
  for (const { main, isAnswered, client } of of) {
    const version = readVersion(versionOf(main.client.label))
    if (!isAnswered || !main.isRight || version === undefined) continue
    const all = main.versions.flatMap((text) => readVersion(text) ?? [])
    const known = all.filter(({ scheme }) => scheme === version.scheme).sort(compareVersions)
    if (known.length === 0) continue
    const ranges = rangesOf(main.answer.versions ?? '')
    total++
    length += all.filter((other) => ranges.some((range) => holds(range, other))).length
    if (isRight(ranges, version, known)) within++
    else
      missed.push(
        `${client}: ${versionOf(main.client.label)} answered ${main.answer.versions ?? '-'}`,
      )
  }
  return { total, within, meanRange: total === 0 ? 0 : length / total, missed }
}

/** The ranges that `rangeText` wrote. */
function rangesOf(text: string): Range[] {
  return text.split(', ').flatMap((part) => {
    const [first = '', last] = part.split('–')
    const from = readVersion(first)
    if (from === undefined) return []
    const to = last === undefined ? from : readVersion(last)
    return to === undefined
      ? []
      : [{ scheme: from.scheme, from, to: { ...to, scheme: from.scheme } }]
  })
}

function holds({ scheme, from, to }: Range, version: Version): boolean {
  return (
    scheme === version.scheme &&
    compareVersions(version, from) >= 0 &&
    compareVersions(version, to) <= 0
  )
}

export interface ApplicationScore {
  readonly known: number
  readonly within: number
  /** Applications named, the note that there are others aside. */
  readonly medianSet: number
  readonly unseen: number
  /** Clients of applications that were left out whose answer names one application alone. */
  readonly named: number
  readonly missed: readonly string[]
}

/** Answered clients: whether the set of applications holds theirs, or names another one alone. */
export function scoreApplications(of: readonly Outcome[]): ApplicationScore {
  const sizes: number[] = []
  const missed: string[] = []
  let within = 0
  let unseen = 0
  let named = 0
  for (const { main, isAnswered, client } of of) {
    const { applications = [] } = main.answer
    if (!isAnswered || !main.isRight) continue
    if (!main.knows.application) {
      unseen++
      if (applications.length === 1) named++
      continue
    }
    sizes.push(applications.filter((name) => name !== OTHERS).length)
    if (applications.includes(applicationOf(main.client.label))) within++
    else missed.push(`${client}: ${applications.join(', ')}`)
  }
  sizes.sort((a, b) => a - b)
  return {
    known: sizes.length,
    within,
    medianSet: sizes[sizes.length >> 1] ?? 0,
    unseen,
    named,
    missed,
  }
}
