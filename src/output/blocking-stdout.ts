/**
 * Has writes to stdout wait where it is a pipe or a socket that is full. Node makes these non-blocking as soon as anything
 * looks at `process.stdout`, and a write that found one full could only be tried again a moment later: `read … | md5sum`
 * took up to three times as long. For a command that has nothing else to do meanwhile.
 */
export function makeStdoutBlocking(): void {
  // there on pipes and sockets, undocumented, and what npm's set-blocking uses as well
  const { _handle: handle } = process.stdout as unknown as {
    readonly _handle?: { readonly setBlocking?: (isBlocking: boolean) => number }
  }
  handle?.setBlocking?.(true)
}
