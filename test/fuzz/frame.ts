// Frames as the fuzzer changes them, where they come from, and how they go into blocks and files.

import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { openCapture } from '../../src/capture/file/open-capture.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { BLOCK_FRAMES } from '../../src/base/block-layout.js'
import { newMemoryBlock, newPacketBlock } from '../../src/model/packet-block.js'
import { PcapngWriter } from '../capture/pcap-writer.js'
import type { Random } from './random.js'

/** One frame; what is changed is a copy. */
export interface Frame {
  bytes: Uint8Array
  wirelen: number
  micros: number
  linkType: number
}

/** Folders whose captures are changed; those beside the checkout where they are. */
const FOLDERS = [
  '../../captures',
  '../../../shared/corpus/foxio/pcap',
  '../../../shared/corpus/odd',
  '../../../shared/clients/pcap',
].map((folder) => resolve(import.meta.dirname, folder))

/** Paths of all captures there are, in an order that does not change. */
export function capturePaths(): string[] {
  return FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
      .sort()
      .map((name) => resolve(folder, name)),
  )
}

/** The frames of a capture; none where it cannot be read. */
export async function framesOf(path: string): Promise<Frame[]> {
  const frames: Frame[] = []
  try {
    const source = openCapture(path)
    for await (const block of source.blocks(new AbortController().signal))
      for (let i = 0; i < block.count; i++) frames.push(frameAt(block, i))
  } catch {
    // some captures are there because they cannot be read
  }
  return frames
}

/** A copy of frame `i`. */
export function frameAt(block: PacketBlock, i: number): Frame {
  const start = block.start[i] ?? 0
  return {
    bytes: block.bytes.slice(start, start + (block.caplen[i] ?? 0)),
    wirelen: block.wirelen[i] ?? 0,
    micros: block.timeMicros[i] ?? 0,
    linkType: block.linkType[i] ?? 0,
  }
}

/** Frames of one block at most, so that one input is one block. */
export const MAX_FRAMES = BLOCK_FRAMES

/** A block that is used again and again: memory for WebAssembly is dear. */
let filtered = newMemoryBlock(1 << 20)

function filteredBlockOf(length: number): PacketBlock {
  if (filtered.bytes.length < length) filtered = newMemoryBlock(2 * length)
  return filtered
}

/**
 * The frames in one block, bytes of `fill` before, between and behind them.
 *
 * @param tail bytes behind the last frame: with none, the buffer ends where it does
 * @param isFiltered whether the frame filter can look at it; of such blocks there is one at a time
 */
export function blockOf(
  frames: readonly Frame[],
  fill: () => number,
  tail: number,
  isFiltered = false,
): PacketBlock {
  const gaps = frames.map(() => 1 + (fill() & 31))
  const length = frames.reduce((sum, { bytes }, i) => sum + bytes.length + (gaps[i] ?? 0), tail)
  const block = isFiltered ? filteredBlockOf(length) : newPacketBlock(new Uint8Array(length))
  const { bytes } = block
  for (let i = 0; i < length; i++) bytes[i] = fill()
  let at = 0
  frames.forEach(({ bytes: data, wirelen, micros, linkType }, i) => {
    at += gaps[i] ?? 0
    bytes.set(data, at)
    block.start[i] = at
    block.caplen[i] = data.length
    block.wirelen[i] = Math.max(wirelen, data.length)
    block.timeMicros[i] = micros
    block.linkType[i] = linkType
    at += data.length
  })
  block.count = frames.length
  return block
}

/** The frames as a pcapng, an interface for each link type. */
export function pcapngOf(frames: readonly Frame[]): Uint8Array {
  const types = [...new Set(frames.map(({ linkType }) => linkType))]
  const writer = new PcapngWriter().section()
  for (const type of types) writer.interface(type)
  for (const { bytes, wirelen, micros, linkType } of frames)
    writer.packet(
      types.indexOf(linkType),
      BigInt(Math.max(0, Math.floor(micros))),
      bytes,
      Math.max(wirelen, bytes.length),
    )
  return writer.done()
}

/** A run of at most `count` frames from anywhere in `frames`. */
export function someOf(frames: readonly Frame[], count: number, random: Random): Frame[] {
  const start = random.oneIn(2) ? 0 : random.below(frames.length - count)
  return frames.slice(start, start + count).map((frame) => ({ ...frame }))
}
