// One big classic pcap in parts that several workers read side by side. A part must begin where a record does, and
// records carry no mark: a place is taken for one when a chain of plausible records follows it that is longer than any
// frame, so that it cannot lie within one (a capture sent over the network is full of plausible records).
//
// A part's reader that does not end exactly where the next part begins says so among its warnings: each record is read
// exactly once when none does.

import { closeSync, fstatSync } from 'node:fs'
import { u32, u32le } from '../base/bytes.js'
import { MAX_FRAME_LEN } from '../base/limits.js'
import type { PacketSource } from '../model/packet-block.js'
import { HEAD_LEN, formatOf } from './capture-format.js'
import { fileBlocks, openToRead, readAt, readHead } from './file-blocks.js'
import type { ByteRange } from './file-blocks.js'
import { SavedCapture, openCapture } from './open-capture.js'
import type { OpenOptions } from './open-capture.js'
import { PCAP_HEADER_LEN, isPcapVersion, lengthsMaySwap, readPcapHeader } from './pcap-reader.js'
import type { PcapHeader } from './pcap-reader.js'

/** Records that must follow a place before it is taken for a boundary. */
const MIN_CHAIN = 8
/** Seconds a record may be away from the capture's first one. */
const MAX_DISTANCE_SECONDS = 30 * 86_400
/** Octets looked at for one boundary: a place lies in the first quarter, its chain runs through the rest. */
const WINDOW_LEN = 4 * MAX_FRAME_LEN

/**
 * At most `parts` ranges that together hold each record of the capture once, about equal in length: a mebibyte or more.
 *
 * One range, the whole file, where it cannot be split safely: pcapng (an interface may be described in a part not
 * read), compressed files, captures before pcap 2.4, and where no boundary is found.
 * @throws CaptureError where the file cannot be read
 */
export function planRanges(path: string, parts: number): ByteRange[] {
  const fd = openToRead(path)
  try {
    const { size } = fstatSync(fd)
    const whole = [{ start: 0, end: size }]
    const head = readHead(fd, path)
    if (parts < 2 || head.length < HEAD_LEN || formatOf(head) !== 'pcap') return whole
    const header = readPcapHeader(head, 0)
    if (!isPcapVersion(header) || lengthsMaySwap(header)) return whole
    const resync = new Resync(fd, path, header)
    const ranges: ByteRange[] = []
    let start = 0
    // No boundary can be told in less than a window.
    const count = Math.min(parts, Math.ceil(size / WINDOW_LEN))
    for (let i = 1; i < count; i++) {
      const target = Math.floor((size / count) * i)
      // A boundary already past this target: the part before is a long one.
      if (target <= start || target < PCAP_HEADER_LEN + header.recordLen) continue
      const boundary = resync.boundaryFrom(target)
      if (boundary === undefined || boundary >= size) continue
      ranges.push({ start, end: boundary })
      start = boundary
    }
    ranges.push({ start, end: size })
    return ranges
  } finally {
    closeSync(fd)
  }
}

/**
 * The packets of one range of `planRanges`.
 *
 * Any two of its boundaries make a range too: one that begins where another ended reads on from there.
 * @throws CaptureError where the file is missing, unreadable, a folder or empty, or is no capture
 */
export async function openRange(
  path: string,
  range: ByteRange,
  options: Pick<OpenOptions, 'linkType'> = {},
): Promise<PacketSource> {
  const source = await openCapture(path, options)
  const fd = openToRead(path)
  try {
    if (range.start === 0 && range.end >= fstatSync(fd).size) return source
  } finally {
    closeSync(fd)
  }
  return new SavedCapture(path, options, (findings, signal) =>
    fileBlocks(path, findings, signal, range),
  )
}

class Resync {
  private readonly fd: number
  private readonly path: string
  private readonly header: PcapHeader
  private readonly read32: (bytes: Uint8Array, off: number) => number
  private readonly firstSeconds: number
  private readonly bytes = new Uint8Array(WINDOW_LEN)
  /** Offsets no chain leads on from: each is walked over once, however the octets were made up. */
  private readonly dead = new Uint8Array(WINDOW_LEN)

  constructor(fd: number, path: string, header: PcapHeader) {
    this.fd = fd
    this.path = path
    this.header = header
    this.read32 = header.littleEndian ? u32le : u32
    const count = readAt(fd, path, this.bytes, 0, header.recordLen, PCAP_HEADER_LEN)
    this.firstSeconds = count >= 4 ? this.read32(this.bytes, 0) : 0
  }

  /** Offset in the file of the first record found at `target` or after it; undefined where there is doubt. */
  boundaryFrom(target: number): number | undefined {
    const length = readAt(this.fd, this.path, this.bytes, 0, WINDOW_LEN, target)
    this.dead.fill(0)
    const found = this.firstBoundary(0, MAX_FRAME_LEN + this.header.recordLen, length)
    if (found < 0) return undefined
    // Where times count from 0, a place four octets into each record may look like one as well.
    const rival = this.firstBoundary(found + 1, this.nextOf(found), length)
    return rival < 0 ? target + found : undefined
  }

  private firstBoundary(from: number, to: number, length: number): number {
    const end = Math.min(to, length)
    for (let off = from; off < end; off++) if (this.isBoundary(off, length)) return off
    return -1
  }

  private isBoundary(from: number, length: number): boolean {
    let off = from
    let records = 0
    while (length - off >= this.header.recordLen) {
      if (this.dead[off] === 1) return this.fail(from, off)
      const next = this.nextOf(off)
      if (next < 0) return this.fail(from, off)
      records++
      if (next > length) break
      off = next
      if (records >= MIN_CHAIN && off - from > MAX_FRAME_LEN) return true
    }
    return this.fail(from, off)
  }

  /** Offset of the record after the one at `off`, or -1 where that is not plausible. */
  private nextOf(off: number): number {
    const { bytes, read32, header } = this
    const seconds = read32(bytes, off)
    if (Math.abs(seconds - this.firstSeconds) > MAX_DISTANCE_SECONDS) return -1
    if (read32(bytes, off + 4) >= (header.nanos ? 1e9 : 1e6)) return -1
    const caplen = read32(bytes, off + 8)
    const wirelen = read32(bytes, off + 12)
    // No frame is empty, but octets of zero look like one that is.
    if (caplen === 0 || caplen > wirelen || wirelen > MAX_FRAME_LEN) return -1
    return off + header.recordLen + caplen
  }

  /** Marks the chain from `from` to `to` as leading nowhere. */
  private fail(from: number, to: number): false {
    for (let off = from; off >= 0 && off < to && this.dead[off] === 0; off = this.nextOf(off))
      this.dead[off] = 1
    this.dead[to] = 1
    return false
  }
}
