// Statistics with a floor: rows of fewer than k clients are summed.

/** The parts of the statistics a floor reads; all else passes as it is. */
export interface FloorStats {
  readonly other_sightings: number
  readonly fingerprints: readonly FloorRow[]
  readonly distributions: Readonly<Record<string, readonly FloorShare[]>>
}
interface FloorRow {
  readonly count: number
  readonly clients: number
  readonly user_agents?: readonly { readonly count: number }[]
}
interface FloorShare {
  readonly value: string
  readonly count: number
  readonly share: number
}

/**
 * The statistics with every row of fewer than `k` clients taken out and its sightings added to `other_sightings`, every
 * User-Agent seen fewer than `k` times left out, and every value of a distribution seen fewer than `k` times summed up as
 * `other`. The number of distinct fingerprints stays.
 */
export function floorStats<T extends FloorStats>(stats: T, k: number): T {
  if (k <= 1) return stats
  const kept = stats.fingerprints.filter(({ clients }) => clients >= k)
  const left = stats.fingerprints.filter(({ clients }) => clients < k)
  return {
    ...stats,
    other_sightings: stats.other_sightings + sum(left),
    fingerprints: kept.map((row) => {
      if (row.user_agents === undefined) return row
      return { ...row, user_agents: row.user_agents.filter(({ count }) => count >= k) }
    }),
    distributions: Object.fromEntries(
      Object.entries(stats.distributions).map(([name, shares]) => [name, floorShares(shares, k)]),
    ),
  }
}

function floorShares(shares: readonly FloorShare[], k: number): readonly FloorShare[] {
  const left = shares.filter(({ count }) => count < k)
  if (left.length === 0) return shares
  const share = left.reduce((all, one) => all + one.share, 0)
  return [...shares.filter(({ count }) => count >= k), { value: 'other', count: sum(left), share }]
}

function sum(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((all, { count }) => all + count, 0)
}
