// How rare a thing is among clients: pure arithmetic on counts that a store gives.

import type { Window } from '../model/window.js'
import { WINDOWS } from '../model/window.js'

/** Counts of distinct clients in one window of time. */
export interface ClientCounts {
  /** Clients that showed the thing. */
  readonly clients: number
  /** All clients. */
  readonly total: number
  /** Relative standard errors of the two, 0 where they are exact. */
  readonly standardError?: number
  readonly totalError?: number
}

export interface Rarity {
  /** Distinct clients with it. */
  readonly k: number
  /** Distinct clients in all. */
  readonly of: number
  /** k / of, 0 to 1. */
  readonly share: number
  /** −log2 of the share: how much it says about a client; absent where no client has it. */
  readonly bits?: number
  /** Wilson's interval of 95 %, by the share's; no upper end where no client has it. */
  readonly bits_low: number
  readonly bits_high?: number
  /** Whether the counts are exact. */
  readonly exact: boolean
  /** Relative standard error of k where it is an estimate. */
  readonly standard_error?: number
}

/** 97.5 % point of the normal distribution. */
const Z = 1.959964

/** Wilson's score interval of a share, 95 %. */
export function wilson(k: number, n: number): readonly [low: number, high: number] {
  if (n <= 0) return [0, 1]
  const share = k / n
  const square = (Z * Z) / n
  const middle = share + square / 2
  const half = Z * Math.sqrt((share * (1 - share)) / n + square / (4 * n))
  return [
    k === 0 ? 0 : Math.max(0, (middle - half) / (1 + square)),
    k === n ? 1 : Math.min(1, (middle + half) / (1 + square)),
  ]
}

/** The rarity of a thing; undefined where nobody was counted. */
export function rarityOf({
  clients,
  total,
  standardError = 0,
  totalError = standardError,
}: ClientCounts): Rarity | undefined {
  if (total <= 0) return undefined
  // Estimates may say that more clients have it than there are.
  const k = Math.min(clients, total)
  const share = k / total
  // Two standard errors each way hold in 95 of 100 estimates.
  const ofClients = 2 * standardError
  const ofTotal = 2 * totalError
  const [low] = wilson(k * (1 - ofClients), total * (1 + ofTotal))
  const least = total * (1 - ofTotal)
  const [, high] = wilson(Math.min(k * (1 + ofClients), least), least)
  return {
    k,
    of: total,
    share,
    ...(k > 0 ? { bits: bitsOf(share) } : {}),
    bits_low: bitsOf(high),
    ...(low > 0 ? { bits_high: bitsOf(low) } : {}),
    exact: standardError === 0 && totalError === 0,
    ...(standardError === 0 ? {} : { standard_error: standardError }),
  }
}

/** The rarity in each window that has counts. */
export function rarityByWindow(
  counts: Readonly<Partial<Record<Window, ClientCounts>>>,
): Partial<Record<Window, Rarity>> {
  const found: Partial<Record<Window, Rarity>> = {}
  for (const window of WINDOWS) {
    const rarity = counts[window] === undefined ? undefined : rarityOf(counts[window])
    if (rarity !== undefined) found[window] = rarity
  }
  return found
}

/** The rarity of each part of a hello, the rarest first: which cipher list, which extension set makes it rare. */
export function rarityByPart(
  counts: Readonly<Record<string, ClientCounts>>,
): (Rarity & { readonly part: string })[] {
  return Object.entries(counts)
    .flatMap(([part, count]) => {
      const rarity = rarityOf(count)
      return rarity === undefined ? [] : [{ part, ...rarity }]
    })
    .sort((a, b) => a.share - b.share)
}

/** Rank of a count among all counts: 1 is the largest, and equal counts share a rank. */
export function rankOf(count: number, counts: Iterable<number>): number {
  let rank = 1
  for (const other of counts) if (other > count) rank++
  return rank
}

function bitsOf(share: number): number {
  return share >= 1 ? 0 : -Math.log2(share)
}
