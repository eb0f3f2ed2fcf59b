// What a token says about the group its hello belongs to: mutual information, in bits.

/** One profile of one client. */
export interface Sample {
  readonly group: string
  readonly tokens: readonly number[]
  /** Profiles of one client count one together. */
  readonly weight: number
}

/**
 * Mutual information of each of `size` tokens with the group.
 *
 * @param prior how much a group counts by its weight: of square roots, a large group does not drown the small ones
 */
export function informationOf(
  samples: readonly Sample[],
  size: number,
  prior: (weight: number) => number,
): number[] {
  const groups = new Map<string, { weight: number; counts: Float64Array }>()
  for (const { group, tokens, weight } of samples) {
    let known = groups.get(group)
    if (known === undefined)
      groups.set(group, (known = { weight: 0, counts: new Float64Array(size) }))
    known.weight += weight
    for (const token of tokens) known.counts[token] = (known.counts[token] ?? 0) + weight
  }
  const all = [...groups.values()]
  const total = all.reduce((sum, { weight }) => sum + prior(weight), 0)
  return Array.from({ length: size }, (_, token) => {
    let share = 0
    let within = 0
    for (const { weight, counts } of all) {
      const part = prior(weight) / total
      const probability = Math.min(1, (counts[token] ?? 0) / weight)
      share += part * probability
      within += part * entropy(probability)
    }
    return Math.max(0, entropy(share) - within)
  })
}

function entropy(probability: number): number {
  if (probability <= 0 || probability >= 1) return 0
  return -probability * Math.log2(probability) - (1 - probability) * Math.log2(1 - probability)
}
