import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { PacketBlock } from '../../model/packet-block.js'
import { SNIFF_LEN, formatOf, isCaptureFormat, startReader } from './capture-format.js'
import { FrameFeed, READ_BASE } from './frame-feed.js'
import { readError } from './read-error.js'
import type { Findings } from './stream-blocks.js'

/** Bytes read at once: smaller costs more blocks, some 10 µs each, larger gains nothing (measured 128 KiB to 2 MiB). */
export const FILE_ROOM = 1_048_576
/** Reads between two turns of the event loop, so that signals and timers come through: some milliseconds. */
const READS_PER_TURN = 8

/** Bytes [start, end) of a file, both record boundaries; the first range includes the file header. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The blocks of an uncompressed capture in a regular file, or of one range of it, until its end or until `signal` aborts.
 *
 * Reads synchronously: a regular file never waits for anyone, and a read through the thread pool costs more than its copy.
 * @throws CaptureError where it cannot be read or is no capture
 */
export async function* fileBlocks(
  path: string,
  findings: Findings,
  signal: AbortSignal,
  range: ByteRange = { start: 0, end: Infinity },
  room = FILE_ROOM,
): AsyncGenerator<PacketBlock> {
  const fd = openToRead(path)
  let feed: FrameFeed | undefined
  try {
    const { reader, skip } = startReader(readHead(fd, path), findings.name, findings.linkType)
    findings.reader = reader
    feed = new FrameFeed(reader, range.start === 0 ? skip : 0, room)
    const { bytes } = feed.block
    let position = range.start
    for (let reads = 1; !signal.aborted && !feed.failed; reads++) {
      const count = readAt(
        fd,
        path,
        bytes,
        READ_BASE,
        Math.min(room, range.end - position),
        position,
      )
      if (count === 0) break
      position += count
      feed.add(count)
      while (feed.next()) yield feed.block
      if (reads % READS_PER_TURN === 0) await setImmediate()
    }
    if (!signal.aborted || feed.failed) findings.warnings.push(...feed.warnings())
  } finally {
    feed?.close()
    closeSync(fd)
  }
}

/** Whether the file is a capture without compression, so that its size is known before it is read. */
export function isPlainCapture(path: string): boolean {
  try {
    const fd = openToRead(path)
    try {
      return isCaptureFormat(formatOf(readHead(fd, path)))
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}

/** A descriptor of the file, to be closed by the caller. @throws CaptureError */
export function openToRead(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw readError(path, error)
  }
}

/** The first SNIFF_LEN bytes, or all there are. @throws CaptureError */
export function readHead(fd: number, path: string): Uint8Array {
  const head = new Uint8Array(SNIFF_LEN)
  return head.subarray(0, readAt(fd, path, head, 0, SNIFF_LEN, 0))
}

/** Reads up to `length` bytes of the file to `bytes[off]`. @returns how many, 0 at the end @throws CaptureError */
export function readAt(
  fd: number,
  path: string,
  bytes: Uint8Array,
  off: number,
  length: number,
  position: number,
): number {
  try {
    return readSync(fd, bytes, off, length, position)
  } catch (error) {
    throw readError(path, error)
  }
}
