/**
 * Milliseconds within which a second signal counts as the first one repeated: Ctrl-C on a terminal reaches the process
 * directly and once more through npm.
 */
const REPEATED_MILLIS = 300

/** An AbortSignal for SIGTERM and SIGINT. A second signal ends the process at once with exit code 128 + number. */
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
      } else if (performance.now() - firstAt > REPEATED_MILLIS) process.exit(128 + number)
    })
  return controller.signal
}

/** Resolves when `signal` aborts, at once if it has aborted already. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
