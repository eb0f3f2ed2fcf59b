// Long work on the thread that answers: it is written as a generator that yields between its steps, and
// is run in slices between which the event loop serves others.

import { SLICE_MILLIS } from '../base/limits.js'

/** Has a slice done when its turn comes. */
type InTurn = <T>(slice: () => T) => Promise<T>

/** Has it done in the next turn of the event loop. */
export const inNextTurn: InTurn = async (slice) => {
  await new Promise((resolve) => setImmediate(resolve))
  return slice()
}

/** Items of short work that make one step. */
export const STEP_ITEMS = 500

/** Gives each of `items`, and a step between so many of them. */
export function* stepping<T>(items: Iterable<T>, take: (item: T) => void): Generator<undefined> {
  let count = 0
  for (const item of items) {
    take(item)
    if (++count % STEP_ITEMS === 0) yield undefined
  }
}

/** A copy of `items` in order, by merging runs that are in order. */
export function* sortSteps<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<undefined, T[]> {
  let from = [...items]
  for (let at = 0; at < from.length; at += STEP_ITEMS) {
    const run = from.slice(at, at + STEP_ITEMS).sort(compare)
    for (let i = 0; i < run.length; i++) from[at + i] = run[i] as T
    yield undefined
  }
  for (let width = STEP_ITEMS; width < from.length; width *= 2) {
    const into: T[] = []
    for (let left = 0; left < from.length; left += 2 * width) {
      const middle = Math.min(left + width, from.length)
      const end = Math.min(left + 2 * width, from.length)
      for (let a = left, b = middle; a < middle || b < end;) {
        const isLeft = b >= end || (a < middle && compare(from[a] as T, from[b] as T) <= 0)
        into.push(from[isLeft ? a++ : b++] as T)
        if (into.length % STEP_ITEMS === 0) yield undefined
      }
    }
    from = into
  }
  return from
}

/** Runs `steps` to their end, a slice in each turn. */
export async function inSlices<T>(
  steps: Generator<undefined, T>,
  inTurn: InTurn = inNextTurn,
): Promise<T> {
  for (;;) {
    const step = await inTurn(() => sliceOf(steps))
    if (step.done === true) return step.value
  }
}

function sliceOf<T>(steps: Generator<undefined, T>): IteratorResult<undefined, T> {
  const until = performance.now() + SLICE_MILLIS
  let step = steps.next()
  while (step.done !== true && performance.now() < until) step = steps.next()
  return step
}
