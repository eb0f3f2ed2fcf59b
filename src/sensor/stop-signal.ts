/**
 * Milliseconds after the first signal in which another is the same one: a terminal's Ctrl-C reaches us directly and
 * once more by way of npm.
 */
const SAME_MS = 300

/**
 * A signal that SIGTERM and SIGINT abort. A second one ends the process at once, with the shell's code for it.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    process.on(name, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now()
        controller.abort(name)
      } else if (performance.now() - firstAt > SAME_MS) process.exit(128 + number)
    })
  return controller.signal
}
