const NEWLINE = 0x0a

/**
 * The lines of a stream, without their ends; one longer than `longest` bytes comes as `undefined`, and of it no more
 * than that is ever held. The last line needs no end.
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<Uint8Array | undefined, void, undefined> {
  let parts: Uint8Array[] = []
  let held = 0
  let skips = false
  const take = (piece: Uint8Array) => {
    held += piece.length
    skips ||= held > longest
    if (skips) parts = []
    else if (piece.length > 0) parts.push(piece)
  }
  const line = () => {
    const [only] = parts
    const whole = skips ? undefined : parts.length === 1 ? only : Buffer.concat(parts)
    parts = []
    held = 0
    skips = false
    return whole
  }
  for await (const chunk of input) {
    let at = 0
    for (let end; (end = chunk.indexOf(NEWLINE, at)) >= 0; at = end + 1) {
      take(chunk.subarray(at, end))
      yield line()
    }
    take(chunk.subarray(at))
  }
  if (held > 0) yield line()
}
