// LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, 1.6.4) and the blocks in them
// (…/lz4_Block_format.md). Checksums are not verified.

import { u16le, u32le, u8 } from '../../../base/bytes.js'

export const LZ4_MAGIC = 0x184d2204
/** Of the format before frames, as `lz4 -l` and the Linux kernel write it. */
export const LZ4_LEGACY_MAGIC = 0x184c2102
const SKIPPABLE_MAGIC = 0x184d2a50
/** Bytes that matches may reach back to. */
const WINDOW_LEN = 65_536
/** The largest block a frame may announce. */
const MAX_BLOCK_LEN = 4 << 20
/** The same of the format before frames, and what a block of so many bytes takes compressed at most. */
const MAX_LEGACY_LEN = 8 << 20
const MAX_LEGACY_BLOCK_LEN = MAX_LEGACY_LEN + MAX_LEGACY_LEN / 255 + 16

/** LZ4 data that breaks its format, or ends too early. */
class Lz4Error extends Error {}

/** The bytes within LZ4 frames one after another. @throws Error where they are damaged or cut */
export async function* lz4(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new Source(input)
  for (;;) {
    const head = await source.take(4)
    if (head === undefined) return
    let magic = u32le(head, 0)
    // Blocks of the format before frames follow one another until the end, or what cannot be a length.
    if (magic === LZ4_LEGACY_MAGIC) {
      for (;;) {
        const length = await source.take(4)
        if (length === undefined) return
        magic = u32le(length, 0)
        if (magic > MAX_LEGACY_BLOCK_LEN) break
        yield decodeBlock(await source.need(magic), new Uint8Array(0), MAX_LEGACY_LEN)
      }
      if (magic === LZ4_LEGACY_MAGIC) continue
    }
    if ((magic & ~15) >>> 0 === SKIPPABLE_MAGIC) {
      await source.skip(u32le(await source.need(4), 0))
      continue
    }
    if (magic !== LZ4_MAGIC) throw new Lz4Error('no frame where one should begin')
    yield* frame(source)
  }
}

async function* frame(source: Source): AsyncGenerator<Uint8Array> {
  const [flags = 0] = await source.need(2)
  const hasContentSize = (flags & 0x08) !== 0
  const hasDictionary = (flags & 0x01) !== 0
  const hasBlockChecksum = (flags & 0x10) !== 0
  const hasContentChecksum = (flags & 0x04) !== 0
  await source.skip((hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1)
  let window: Uint8Array = new Uint8Array(0)
  for (;;) {
    const size = u32le(await source.need(4), 0)
    if (size === 0) break
    const length = size & 0x7fff_ffff
    if (length > MAX_BLOCK_LEN) throw new Lz4Error(`a block claims ${length} bytes`)
    const block = await source.need(length)
    const plain = size >>> 31 === 1 ? block : decodeBlock(block, window)
    if (hasBlockChecksum) await source.skip(4)
    yield plain
    window = tailOf(window, plain)
  }
  if (hasContentChecksum) await source.skip(4)
}

function tailOf(before: Uint8Array, plain: Uint8Array): Uint8Array {
  if (plain.length >= WINDOW_LEN) return plain.slice(-WINDOW_LEN)
  const kept = before.subarray(Math.max(0, before.length + plain.length - WINDOW_LEN))
  const tail = new Uint8Array(kept.length + plain.length)
  tail.set(kept)
  tail.set(plain, kept.length)
  return tail
}

/** One block; matches may reach back into `window`. @throws Error */
function decodeBlock(block: Uint8Array, window: Uint8Array, most = MAX_BLOCK_LEN): Uint8Array {
  let out = new Uint8Array(window.length + Math.min(most, block.length * 4 + 64))
  out.set(window)
  let at = window.length
  let off = 0
  const room = (length: number) => {
    if (at + length - window.length > most) throw new Lz4Error('a block is too large')
    if (at + length <= out.length) return
    const larger = new Uint8Array(Math.max(2 * out.length, at + length))
    larger.set(out)
    out = larger
  }
  const lengthOf = (nibble: number) => {
    let length = nibble
    if (nibble === 15)
      for (let more = 255; more === 255; length += more) {
        if (off >= block.length) throw new Lz4Error('a block is cut')
        more = u8(block, off++)
      }
    return length
  }
  while (off < block.length) {
    const token = u8(block, off++)
    const literals = lengthOf(token >> 4)
    if (off + literals > block.length) throw new Lz4Error('a block is cut')
    room(literals)
    out.set(block.subarray(off, off + literals), at)
    at += literals
    off += literals
    // the last sequence has no match
    if (off === block.length) break
    if (off + 2 > block.length) throw new Lz4Error('a block is cut')
    const distance = u16le(block, off)
    off += 2
    const matchLen = lengthOf(token & 15) + 4
    if (distance === 0 || distance > at) throw new Lz4Error('a match reaches too far back')
    room(matchLen)
    for (let i = 0; i < matchLen; i++, at++) out[at] = u8(out, at - distance)
  }
  return out.slice(window.length, at)
}

/** Bytes on demand from chunks of any length. */
class Source {
  readonly #iterator: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#iterator = input[Symbol.asyncIterator]()
  }

  /** The next `length` bytes; undefined at the end of the input. @throws Error where it ends within them */
  async take(length: number): Promise<Uint8Array | undefined> {
    const pieces = [this.#rest]
    let held = this.#rest.length
    while (held < length) {
      const step = await this.#iterator.next()
      if (step.done === true) {
        if (held === 0) return undefined
        throw new Lz4Error('unexpected end of file')
      }
      pieces.push(step.value)
      held += step.value.length
    }
    const all = pieces.length === 1 ? this.#rest : Buffer.concat(pieces)
    this.#rest = all.subarray(length)
    return all.subarray(0, length)
  }

  async need(length: number): Promise<Uint8Array> {
    const bytes = await this.take(length)
    if (bytes === undefined) throw new Lz4Error('unexpected end of file')
    return bytes
  }

  async skip(length: number): Promise<void> {
    let left = length
    while (left > 0) left -= (await this.need(Math.min(left, WINDOW_LEN))).length
  }
}
