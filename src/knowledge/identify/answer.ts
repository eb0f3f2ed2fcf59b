// What identification answers, and how it comes from a comparison.

import type { Implementation, Nearest } from '../../model/implementation.js'
import type { Base, Family } from './base.js'
import type { Candidate, Comparer, Comparison, Query } from './compare.js'
import { calibrated, inputsOf, regressed } from './confidence.js'
import { differences } from './difference.js'
import { rangeText } from './version.js'

export const UNKNOWN = 'unknown'
/** Stands among the applications where the profile is one that others may well share. */
export const OTHERS = 'another application'

/** Nearest libraries shown. */
const MAX_NEAREST = 3
const MAX_DIFFERENCES = 6
const MAX_APPLICATIONS = 64
/** Rows whose similarity is at most this far from the best one's are as good as it. */
const AS_GOOD_VERSION = 0.02
/** Besides, this part of what the best one lacks: where none is near, a little more or less says nothing of the version. */
const AS_GOOD_OF_LACK = 0.8
const AS_GOOD_APPLICATION = 0.12
/** Applications that must share a profile for it to be taken as the library's own. */
const COMMON = 3
/** Applications that must be known of a library's versions for a profile that few of them have to be theirs alone. */
const MANY = 10

/** Makes the answer of a comparison; the comparer still holds the query's marks. */
export function answerOf(comparer: Comparer, query: Query, comparison: Comparison): Implementation {
  const { base } = comparer
  const { candidates, evidence, isExact } = comparison
  const nearest = candidates
    .slice(0, MAX_NEAREST)
    .map((candidate) => nearestOf(base, query, candidate))
  const { coefficients, calibration, answerFrom } = base.data.confidence
  const value = regressed(coefficients, inputsOf(evidence))
  const [best] = candidates
  const family = base.families[best?.family ?? -1]
  if (best === undefined || family === undefined || value < answerFrom)
    return { library: UNKNOWN, nearest }
  const versions = versionsOf(comparer, query, family)
  return {
    library: family.name,
    ...(versions === '' ? {} : { versions }),
    applications: applicationsOf(comparer, query, family, isExact),
    confidence: rounded(calibrated(calibration, value)),
    basis: isExact ? 'exact' : 'nearest',
    nearest,
  }
}

function nearestOf(base: Base, query: Query, { row, similarity }: Candidate): Nearest {
  const differs = differences(query.tokens, base.tokensOf(row)).slice(0, MAX_DIFFERENCES).join(', ')
  return {
    ...nearestOfRow(base, row),
    similarity: rounded(similarity),
    ...(differs === '' ? {} : { differs }),
  }
}

/** A row of the base as if it were asked for itself. */
export function nearestOfRow(base: Base, row: number): Nearest {
  const clients = base.clientsOf(row)
  const versions = rangeText(base.versionsOf(row), [])
  return {
    library: base.families[base.rows[row]?.f ?? -1]?.name ?? UNKNOWN,
    ...(versions === '' ? {} : { versions }),
    application: clients[0]?.application ?? '',
    similarity: 1,
  }
}

function versionsOf(comparer: Comparer, query: Query, family: Family): string {
  const { base } = comparer
  const rows = comparer.rowsInOrder(family)
  const alike = rows.map((row) => comparer.similarityBy(family.versionWeights, row, query))
  const best = Math.max(...alike)
  const least = best - AS_GOOD_VERSION - AS_GOOD_OF_LACK * (1 - best)
  const matching = rows.flatMap((row, index) =>
    (alike[index] ?? 0) >= least ? base.versionsOf(row) : [],
  )
  const known = family.rows.flatMap((row) => base.versionsOf(row))
  return rangeText(matching, known)
}

function applicationsOf(
  comparer: Comparer,
  query: Query,
  family: Family,
  isExact: boolean,
): string[] {
  const { base } = comparer
  const alike = new Map<string, number>()
  for (const row of family.rows) {
    const similarity = comparer.similarityBy(family.applicationWeights, row, query)
    for (const { application } of base.clientsOf(row))
      alike.set(application, Math.max(similarity, alike.get(application) ?? 0))
  }
  const best = Math.max(...alike.values())
  const names = [...alike]
    .filter(([, similarity]) => similarity >= best - AS_GOOD_APPLICATION)
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name)
  if (!isExact || names.length >= COMMON) return applicationsText(names)
  const isKnownWell = family.isUsersOwn || countBeside(base, family, names) >= MANY
  return isKnownWell ? names : applicationsText(names)
}

/** How many applications were recorded with a version that one of `names` was recorded with. */
function countBeside(base: Base, family: Family, names: readonly string[]): number {
  const clients = family.rows.flatMap((row) => base.clientsOf(row))
  const own = new Set(
    clients.filter(({ application }) => names.includes(application)).map(({ version }) => version),
  )
  return new Set(
    clients.filter(({ version }) => own.has(version)).map(({ application }) => application),
  ).size
}

/** Applications of a profile that others may share. */
export function applicationsText(names: readonly string[]): string[] {
  return [...names.slice(0, MAX_APPLICATIONS), OTHERS]
}

/** Three decimals: more would claim more than was measured. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
