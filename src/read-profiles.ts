// What identification learns of a capture: the profiles of its hellos, each once.

import { newCounters } from './base/counters.js'
import { openCapture } from './capture/file/open-capture.js'
import { circumstancesOf, takeProfile } from './knowledge/identify/profile.js'
import { TokenSet } from './knowledge/identify/token.js'
import { FINGERPRINTS } from './model/sighting.js'
import type { Sighting } from './model/sighting.js'
import { Pipeline } from './pipeline.js'

/** A hello's tokens and the order of its extensions, and how many hellos of the capture have them. */
export interface SeenProfile {
  readonly tokens: ReadonlySet<number>
  readonly order: readonly number[]
  readonly count: number
  /** Fingerprints of its hellos, by kind. */
  readonly fingerprints: ReadonlyMap<string, ReadonlySet<string>>
}

export interface SeenProfiles {
  /** Whether the hellos have their extensions in several orders. */
  readonly isPermuting: boolean
  readonly profiles: readonly SeenProfile[]
}

interface Growing extends SeenProfile {
  count: number
  readonly fingerprints: Map<string, Set<string>>
}

/**
 * The profiles of a capture of one client.
 *
 * @throws CaptureError where the capture is missing, unreadable, empty or no capture
 */
export async function readProfiles(path: string): Promise<SeenProfiles> {
  const found = new Map<string, Growing>()
  const seen: { tokens: Set<number>; order: number[] }[] = []
  const pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: 'all',
      keepHello: false,
      communityId: false,
      // a capture is made before the seed is drawn, so a seed that can be guessed gives nothing away
      seed: 1,
      identify: (message, hello) => {
        const set = new TokenSet()
        const order: number[] = []
        takeProfile(hello, circumstancesOf(message), set, order)
        seen.push({ tokens: set.tokens, order })
      },
    },
    newCounters(),
  )
  for await (const block of openCapture(path, {}).blocks(new AbortController().signal))
    pipeline.take(block)
  pipeline.flush()
  const lines = pipeline.lines.text().split('\n')
  seen.forEach(({ tokens, order }, index) => {
    const key = [...tokens].sort((a, b) => a - b).join()
    let profile = found.get(key)
    if (profile === undefined)
      found.set(key, (profile = { tokens, order, count: 0, fingerprints: new Map() }))
    profile.count++
    const sighting = JSON.parse(lines[index] ?? '{}') as Partial<Sighting>
    for (const kind of FINGERPRINTS) {
      const fingerprint = sighting[kind]
      if (fingerprint === undefined) continue
      const values = profile.fingerprints.get(kind)
      if (values === undefined) profile.fingerprints.set(kind, new Set([fingerprint]))
      else values.add(fingerprint)
    }
  })
  return {
    isPermuting: isPermuting(seen.map(({ order }) => order)),
    profiles: [...found.values()],
  }
}

/** Whether two of the orders have two types the other way round. */
function isPermuting(orders: readonly (readonly number[])[]): boolean {
  const before = new Set<number>()
  for (const order of orders)
    for (let i = 0; i < order.length; i++)
      for (let j = i + 1; j < order.length; j++) {
        const [a, b] = [order[i] ?? 0, order[j] ?? 0]
        if (before.has(b * 0x10000 + a)) return true
        before.add(a * 0x10000 + b)
      }
  return false
}
