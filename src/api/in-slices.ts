// Long work on the thread that answers: it is written as a generator that yields between its steps, and
// is run in slices between which the event loop serves others.

import { SLICE_MILLIS } from '../base/limits.js'

/** Has a slice done when its turn comes. */
type InTurn = <T>(slice: () => T) => Promise<T>

const inNextTurn: InTurn = async (slice) => {
  await new Promise((resolve) => setImmediate(resolve))
  return slice()
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
