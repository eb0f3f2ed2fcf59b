/**
 * A signal that SIGTERM and SIGINT abort. A second one ends the process at once, with the shell's code for it.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + number)
      controller.abort(name)
    })
  return controller.signal
}
