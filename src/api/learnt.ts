import type { LearntLabel } from '../knowledge/label-learner.js'
import type { Sighting } from '../model/sighting.js'

/** What the traffic of this installation teaches. */
export interface Learnt {
  /** Notes that the client at `ip` sent a User-Agent over the very connection of `sighting`; `seconds` since the epoch. */
  observe(ip: string, sighting: Sighting, userAgent: string, seconds: number): void
  /** What the first of these values with a label is learnt to be. */
  labelOf(values: readonly (string | undefined)[]): LearntLabel | undefined
}

/** The member `learnt` of an answer, beside what the base says and never in its place; none where nothing is learnt. */
export function learntAnswer(
  learnt: Learnt | undefined,
  values: readonly (string | undefined)[],
): { readonly learnt?: LearntLabel & { readonly basis: 'learnt here' } } {
  const label = learnt?.labelOf(values)
  return label === undefined ? {} : { learnt: { ...label, basis: 'learnt here' } }
}
