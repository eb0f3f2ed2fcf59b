// bzip2 streams one after another, a block at a time. The blocks are decoded by unbzip2-stream's decoder; its own stream decodes
// all it was given at once, which a bomb of 45 bytes a block turns into gigabytes.

import type { BitReader } from 'unbzip2-stream/lib/bit_iterator.js'

/** Bytes of a block's size unit, and that a compressed block may take beyond its size: as unbzip2-stream reckons. */
const BLOCK_UNIT = 100_000
const BLOCK_EXTRA = 25_000
const MAX_LEVEL = 9

/** The bytes within bzip2 streams. @throws Error where they are damaged or cut */
export async function* bunzip2(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // CommonJS modules, whose one export some loaders give as `default`
  const { default: bzip2 } = await import('unbzip2-stream/lib/bzip2.js')
  const { default: bitIterator } = await import('unbzip2-stream/lib/bit_iterator.js')
  const chunks = input[Symbol.asyncIterator]()
  const queue: Uint8Array[] = []
  const block = new Int32Array(MAX_LEVEL * BLOCK_UNIT)
  let held = 0
  let isEnded = false
  let reader: BitReader | undefined
  /** Size of the stream's blocks; 0 where a stream's header is next. */
  let level = 0
  let sum: number | null = null
  for (;;) {
    while (!isEnded && held - (reader?.bytesRead ?? 0) <= BLOCK_EXTRA + BLOCK_UNIT * MAX_LEVEL) {
      const step = await chunks.next()
      if (step.done === true) isEnded = true
      else if (step.value.length > 0) {
        queue.push(step.value.slice())
        held += step.value.length
      }
    }
    if (held === 0 || (reader !== undefined && reader.bytesRead >= held)) break
    reader ??= bitIterator(() => {
      const next = queue.shift()
      if (next === undefined) throw new Error('unexpected end of file')
      return next
    })
    if (level === 0) {
      level = bzip2.header(reader)
      sum = 0
      continue
    }
    const bytes: number[] = []
    sum = bzip2.decompress(reader, (byte) => bytes.push(byte), block, BLOCK_UNIT * level, sum)
    if (sum === null) level = 0
    else yield Uint8Array.from(bytes)
  }
  if (sum !== null) throw new Error('unexpected end of file')
}
