// Capture files as bytes: changed, and read in two ways that must agree.

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CaptureError } from '../../src/capture/capture-error.js'
import { openCapture } from '../../src/capture/file/open-capture.js'
import type { Findings } from '../../src/capture/file/stream-blocks.js'
import { streamBlocks } from '../../src/capture/file/stream-blocks.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { frameAt } from './frame.js'
import type { Frame } from './frame.js'
import type { Random } from './random.js'

const EDGES = [0, 1, 2, 4, 7, 8, 12, 16, 28, 32, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff]
const MAGICS = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xd4c3b2a1, 0x0a0d0d0a, 0x1a2b3c4d, 0x28b52ffd]
/** Block types of pcapng. */
const TYPES = [1, 2, 3, 4, 5, 6, 10, 0x0bad]
/** CPU milliseconds one file may take to read. */
const MOST_MILLIS = 1000
/** Frames handed on to the pipeline. */
const MOST_FRAMES = 2000

/** A capture's bytes changed in a few ways, now and then compressed before or after. */
export function mutateFile(file: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = file.slice()
  if (random.oneIn(12)) bytes = compressed(bytes, random)
  for (let i = random.between(1, 4); i > 0; i--) bytes = change(bytes, other, random)
  return random.oneIn(12) ? compressed(bytes, random) : bytes
}

function change(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  // most of what a reader trusts stands in words of four bytes near the front
  const off = random.oneIn(2)
    ? random.below(Math.min(bytes.length, 200))
    : random.below(bytes.length)
  switch (random.below(8)) {
    case 0:
      return bytes.subarray(0, off)
    case 1:
      return join(bytes.subarray(0, off), bytes.subarray(off + random.between(1, 64)))
    case 2:
      return join(bytes.subarray(0, off), random.bytes(random.between(1, 64)), bytes.subarray(off))
    case 3:
      return join(bytes.subarray(0, off), other.subarray(random.below(other.length)))
    case 4:
      return join(bytes, other)
    case 5: {
      const part = bytes.subarray(off, off + random.between(1, 2000))
      return join(bytes.subarray(0, off), part, bytes.subarray(off))
    }
    case 6:
      for (let i = random.between(1, 8); i > 0; i--) {
        const at = random.below(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      }
      return bytes
    default:
      if (bytes.length >= 4) writeWord(bytes, random.below((bytes.length >> 2) - 1) * 4, random)
      if (bytes.length > off + 4) writeWord(bytes, off & ~3, random)
      return bytes
  }
}

function writeWord(bytes: Uint8Array, off: number, random: Random): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const little = random.oneIn(2)
  const word = view.getUint32(off, little)
  const values = [
    word + random.between(-8, 8),
    random.pick(EDGES),
    random.pick(MAGICS),
    random.pick(TYPES),
  ]
  view.setUint32(off, random.pick(values), little)
}

function compressed(bytes: Uint8Array, random: Random): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return gzipSync(bytes, { level: 1 })
    case 1:
      return zstdStored(bytes)
    case 2:
      return lz4Stored(bytes)
    default:
      return zipStored(bytes)
  }
}

/** An LZ4 frame of blocks that are not compressed. */
function lz4Stored(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82)]
  const most = 65_536
  for (let at = 0; at < bytes.length; at += most) {
    const part = bytes.subarray(at, at + most)
    const head = Buffer.alloc(4)
    head.writeUInt32LE((0x8000_0000 | part.length) >>> 0)
    parts.push(head, part)
  }
  return join(...parts, new Uint8Array(4))
}

/** A zip archive's local file, stored (APPNOTE 6.3.10 §4.3.7); no directory follows. */
function zipStored(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x0403_4b50, 0)
  head.writeUInt16LE(20, 4)
  head.writeUInt32LE(bytes.length, 18)
  head.writeUInt32LE(bytes.length, 22)
  head.writeUInt16LE(1, 26)
  return join(head, Uint8Array.of(0x61), bytes)
}

/** A zstd frame of raw blocks (RFC 8878 §3.1.1). */
function zstdStored(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38)]
  const most = 100_000
  for (let at = 0; at === 0 || at < bytes.length; at += most) {
    const part = bytes.subarray(at, at + most)
    const head = (part.length << 3) | (at + most >= bytes.length ? 1 : 0)
    parts.push(Uint8Array.of(head & 0xff, (head >> 8) & 0xff, head >> 16), part)
  }
  return join(...parts)
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** What one way of reading gave. */
interface Reading {
  /** Whether compressed bytes were damaged: how much before the damage comes out depends on the pieces. */
  readonly isDamaged: boolean
  readonly frames: Frame[]
  readonly digest: string
}

/** What is wrong with how `bytes` are read, a sentence, and the frames that were read. */
export async function readingOf(
  bytes: Uint8Array,
  folder: string,
  random: Random,
): Promise<{ fault: string | undefined; frames: Frame[] }> {
  const start = process.cpuUsage()
  let frames: Frame[] = []
  try {
    const whole = await read((signal, findings) =>
      streamBlocks(
        pieces(bytes, () => 1 << 18),
        findings,
        signal,
      ),
    )
    frames = whole.frames
    const length = random.pick([1, 7, 100, 5000])
    const most = bytes.length > 20_000 ? 5000 : length
    const inPieces = await read((signal, findings) =>
      streamBlocks(
        pieces(bytes, () => random.between(1, most)),
        findings,
        signal,
      ),
    )
    if (differ(inPieces, whole))
      return { fault: `in pieces: ${inPieces.digest}; at once: ${whole.digest}`, frames }
    if (random.oneIn(4)) {
      const path = resolve(folder, 'capture')
      writeFileSync(path, bytes)
      const fromFile = await read(async function* (signal, findings) {
        const source = openCapture(path)
        yield* source.blocks(signal)
        findings.warnings.push(...source.warnings)
      })
      if (differ(fromFile, whole))
        return { fault: `from a file: ${fromFile.digest}; as a stream: ${whole.digest}`, frames }
    }
    const { user, system } = process.cpuUsage(start)
    if (user + system > MOST_MILLIS * 3000)
      return { fault: `takes ${(user + system) / 3000} ms to read`, frames }
    return { fault: undefined, frames }
  } catch (error) {
    return { fault: `throws ${(error as Error).stack ?? String(error)}`, frames }
  }
}

function differ(a: Reading, b: Reading): boolean {
  return !a.isDamaged && !b.isDamaged && a.digest !== b.digest
}

async function* pieces(bytes: Uint8Array, length: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + length())
    at += piece.length
    yield await Promise.resolve(piece)
  }
}

async function read(
  blocks: (signal: AbortSignal, findings: Findings) => AsyncIterable<PacketBlock>,
): Promise<Reading> {
  const findings: Findings = { name: 'it', linkType: undefined, warnings: [], reader: undefined }
  const digest = createHash('sha1')
  const frames: Frame[] = []
  let count = 0
  let end = ''
  let message = ''
  try {
    for await (const block of blocks(new AbortController().signal, findings)) {
      for (let i = 0; i < block.count; i++) {
        const start = block.start[i] ?? NaN
        const caplen = block.caplen[i] ?? NaN
        const wirelen = block.wirelen[i] ?? NaN
        const micros = block.timeMicros[i] ?? NaN
        if (!(start + caplen <= block.bytes.length))
          throw new Error(`frame ${count} ends at ${start + caplen}`)
        if (!(caplen <= wirelen)) throw new Error(`caplen ${caplen}, wirelen ${wirelen}`)
        if (!Number.isFinite(micros)) throw new Error(`time ${micros}`)
        digest.update(`${caplen} ${wirelen} ${micros} ${block.linkType[i] ?? NaN}`)
        digest.update(block.bytes.subarray(start, start + caplen))
        if (frames.length < MOST_FRAMES) frames.push(frameAt(block, i))
        count++
      }
    }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    end = error.code
    message = error.message
  }
  const warnings = findings.warnings.join(' ')
  const isDamaged = /(gzip|zstd) data is damaged/.test(`${warnings} ${message}`)
  return {
    frames,
    isDamaged,
    digest: `${count} frames, ${digest.digest('hex')}, ${end}, ${warnings}`,
  }
}
