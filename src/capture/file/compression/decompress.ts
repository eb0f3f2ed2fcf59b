import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import type * as Xz from 'xz-decompress'
import { bunzip2 } from './bunzip2.js'
import { lz4 } from './lz4.js'
import { u16le, u32le, u8 } from '../../../base/bytes.js'

/** Compressed bytes decompressed at a step: 64 KiB become 66 MB of zeros at most, which wait in memory. */
const GZIP_STEP_LEN = 65_536
/** The same for zstd, whose ratio has no bound: a block of 4 bytes may become 128 KiB. */
const ZSTD_STEP_LEN = 4_096
/** Bytes gunzip hands on at once. */
const INFLATED_LEN = 262_144
/** Bytes of window a zstd frame may ask for, all kept in memory: what `zstd --ultra -22` uses. */
const MAX_ZSTD_WINDOW_LEN = 134_217_728

/** Compressions whose bytes are a stream. */
export type Compression = 'gzip' | 'zstd' | 'lz4' | 'xz' | 'bzip2'

/**
 * The bytes within a compressed stream. Damage or a cut ends them: what came before is given, and `warnings` gets the
 * sentence.
 */
export function decompress(
  compression: Compression,
  input: AsyncIterable<Uint8Array>,
  warnings: string[],
): AsyncGenerator<Uint8Array> {
  switch (compression) {
    case 'gzip':
      return gunzip(input, warnings)
    case 'zstd':
      return unzstd(input, warnings)
    case 'lz4':
      return guarded(lz4(input), compression, warnings)
    case 'xz':
      return guarded(unxz(input), compression, warnings)
    case 'bzip2':
      return guarded(bunzip2(input), compression, warnings)
  }
}

async function* guarded(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
  warnings: string[],
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    warnings.push(sentence(compression, error as Error))
  }
}

async function* unxz(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // a CommonJS module, whose names some loaders give below `default` alone
  const module = (await import('xz-decompress')) as typeof Xz & { readonly default?: typeof Xz }
  const { XzReadableStream } = module.default ?? module
  const stream = Readable.toWeb(Readable.from(input)) as ReadableStream<Uint8Array>
  yield* new XzReadableStream(stream) as unknown as AsyncIterable<Uint8Array>
}

/**
 * The bytes within gzip members one after another (RFC 1952).
 *
 * Damage or a cut ends them: what came before is given, and `warnings` gets the sentence.
 */
export async function* gunzip(
  input: AsyncIterable<Uint8Array>,
  warnings: string[],
): AsyncGenerator<Uint8Array> {
  const inflate = createGunzip({ chunkSize: INFLATED_LEN })
  let inflated: Uint8Array[] = []
  let failure: Error | undefined
  inflate.on('data', (chunk: Uint8Array) => inflated.push(chunk))
  inflate.on('error', (error) => (failure = error))
  // After the last member gunzip ends by itself and calls back no write that followed.
  const over = new Promise<void>((resolve) => {
    inflate.once('end', resolve).once('close', resolve)
  })
  const isOver = () => inflate.readableEnded || inflate.destroyed
  const write = (piece: Uint8Array): Promise<void> =>
    Promise.race([over, new Promise<void>((resolve) => inflate.write(piece, () => resolve()))])
  try {
    let writing = Promise.resolve()
    for await (const piece of pieces(input, GZIP_STEP_LEN)) {
      await writing
      if (isOver()) break
      const ready = inflated
      inflated = []
      // The next piece is inflated in zlib's thread while this one's packets are looked at.
      writing = write(piece)
      yield* ready
    }
    await writing
    if (!isOver()) inflate.end()
    await over
    yield* inflated
    if (failure !== undefined) warnings.push(sentence('gzip', failure))
  } finally {
    inflate.destroy()
  }
}

/**
 * The bytes within zstd frames one after another (RFC 8878), checksums unchecked.
 *
 * Damage or a cut ends them: what came before is given, and `warnings` gets the sentence.
 */
export async function* unzstd(
  input: AsyncIterable<Uint8Array>,
  warnings: string[],
): AsyncGenerator<Uint8Array> {
  let decompressed: Uint8Array[] = []
  const decoder = new Decompress((chunk) => {
    // a copy: the decoder's next step may write over its own
    if (chunk.length > 0) decompressed.push(chunk.slice())
  })
  let first = true
  const step = (piece: Uint8Array, final: boolean): boolean => {
    try {
      decoder.push(piece, final)
      return true
    } catch (error) {
      warnings.push(sentence('zstd', error as Error))
      return false
    }
  }
  for await (const piece of pieces(input, ZSTD_STEP_LEN)) {
    if (first && zstdWindowLen(piece) > MAX_ZSTD_WINDOW_LEN) {
      warnings.push(
        'its zstd window is larger than 128 MiB: decompress it with `zstd -d --long=31` first',
      )
      return
    }
    first = false
    const more = step(piece.slice(), false)
    yield* decompressed
    decompressed = []
    if (!more) return
  }
  step(new Uint8Array(0), true)
  yield* decompressed
}

/** Bytes of window the zstd frame that begins with `head` asks for (RFC 8878 §3.1.1.1); 0 for a skippable one. */
function zstdWindowLen(head: Uint8Array): number {
  if (head.length < 14 || u32le(head, 0) !== 0xfd2f_b528) return 0
  const descriptor = u8(head, 4)
  if ((descriptor & 0x20) === 0) {
    const exponent = u8(head, 5) >> 3
    return 2 ** (10 + exponent) * (1 + (u8(head, 5) & 7) / 8)
  }
  // A single segment: the content, whose size follows the dictionary's identifier, is the window.
  const off = 5 + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  switch (descriptor >> 6) {
    case 0:
      return u8(head, off)
    case 1:
      return u16le(head, off) + 256
    default:
      return u32le(head, off)
  }
}

async function* pieces(
  input: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of input)
    for (let at = 0; at < chunk.length; at += length) yield chunk.subarray(at, at + length)
}

function sentence(format: string, error: Error): string {
  const cut = /unexpected (end of (file|input)|EOF)/i.test(error.message)
  return cut
    ? `its ${format} data is cut; what came before was read`
    : `its ${format} data is damaged (${error.message}); what came before was read`
}
