// Classic pcap, draft-ietf-opsawg-pcap. The file header, then records of 16 bytes and the frame:
//
//   0                   4                   8                  12
//  +-------------------+-------------------+-------------------+-------------------+
//  |       Magic       |  Major  |  Minor  |     Reserved1     |     Reserved2     |
//  +-------------------+-------------------+-------------------+-------------------+
//  |      SnapLen      |      Network      |
//  +-------------------+-------------------+
//  +-------------------+-------------------+-------------------+-------------------+
//  |      Seconds      |  Micro-/nanosec.  |  Captured length  |  Original length  |  frame …
//  +-------------------+-------------------+-------------------+-------------------+
//
// The whole file is in the byte order of the machine that wrote it, told by the magic.

import { u16, u16le, u32, u32le } from '../../base/bytes.js'
import { MAX_FRAME_LEN } from '../../base/limits.js'
import { Kernel } from '../../base/kernel.js'
import { BLOCK_FRAMES } from '../../base/block-layout.js'
import type { PacketBlock } from '../../model/packet-block.js'
import { fcsLenOf, linkTypeOf } from '../link-type.js'
import { CODE } from '../../kernels/pcap-records-code.js'
import type { RecordReader } from './record-reader.js'

const MAGIC_MICROS = 0xa1b2c3d4
const MAGIC_NANOS = 0xa1b23c4d
/** Kuznetzov's patched tcpdump: interface index, protocol and packet type follow the lengths in each record. */
const MAGIC_MODIFIED = 0xa1b2cd34

const MAJOR = 4
const MINOR = 6
const NETWORK = 20
export const PCAP_HEADER_LEN = 24

const FRACTION = 4
const CAPLEN = 8
const WIRELEN = 12
const RECORD_LEN = 16
const MODIFIED_RECORD_LEN = 24
const NOKIA_RECORD_LEN = 20
const SUSE_RECORD_LEN = 28
/** Records looked at to tell which of these it is, and seconds they may lie apart. */
const PROBED_RECORDS = 4
const MOST_SECONDS_APART = 1e7

/** The loop's exports: see assembly/pcap-records.ts. */
interface RecordsLoop {
  readonly records: (
    from: number,
    end: number,
    first: number,
    recordLen: number,
    nanos: number,
    linkType: number,
    fcsLen: number,
    maxCaplen: number,
  ) => number
  readonly nextOff: () => number
}

const LOOP = new Kernel<RecordsLoop>(CODE)

/** What a pcap file header says of the records after it. */
export interface PcapHeader {
  readonly littleEndian: boolean
  /** Whether the fraction of a second counts nanoseconds. */
  readonly nanos: boolean
  /** Bytes before each frame. */
  readonly recordLen: number
  readonly majorVersion: number
  readonly minorVersion: number
  readonly linkType: number
  /** Bytes of frame check sequence at the end of each frame. */
  readonly fcsLen: number
}

/** Whether four bytes at `off` are a pcap magic, of either byte order. */
export function isPcapMagic(bytes: Uint8Array, off: number): boolean {
  return isMagic(u32(bytes, off)) || isMagic(u32le(bytes, off))
}

/** The file header at `off`, PCAP_HEADER_LEN bytes that begin with a magic. */
export function readPcapHeader(bytes: Uint8Array, off: number): PcapHeader {
  const littleEndian = isMagic(u32le(bytes, off))
  const read16 = littleEndian ? u16le : u16
  const read32 = littleEndian ? u32le : u32
  const magic = read32(bytes, off)
  const network = read32(bytes, off + NETWORK)
  return {
    littleEndian,
    nanos: magic === MAGIC_NANOS,
    recordLen: magic === MAGIC_MODIFIED ? MODIFIED_RECORD_LEN : RECORD_LEN,
    majorVersion: read16(bytes, off + MAJOR),
    minorVersion: read16(bytes, off + MINOR),
    linkType: linkTypeOf(network),
    fcsLen: fcsLenOf(network),
  }
}

/** Whether the format is one that libpcap reads: 2.x, and 543.0 of an old DG/UX. */
export function isPcapVersion(header: PcapHeader): boolean {
  return header.majorVersion === 2 || (header.majorVersion === 543 && header.minorVersion === 0)
}

/** Whether captured and original length stand in the other order: always before 2.3, now and then in 2.3. */
export function lengthsMaySwap(header: PcapHeader): boolean {
  return header.majorVersion === 543 || header.minorVersion <= 3
}

/** Takes the records of a classic pcap out of its bytes; they begin after the file header. */
export class PcapReader implements RecordReader {
  failure: string | undefined
  readonly dropped = undefined
  private header: PcapHeader
  private readonly wanted: number | undefined

  /** @param linkType the LINKTYPE_ value to read frames as, in place of the header's */
  constructor(header: PcapHeader, linkType?: number) {
    this.header = header
    this.wanted = linkType
  }

  fill(block: PacketBlock, from: number, end: number): number {
    let off = from
    for (;;) {
      off = this.fillAny(block, this.fillPlain(block, off, end), end)
      if (!this.isFileHeader(block.bytes, off, end)) return off
      // captures that were joined by cat: each brings its own header
      this.header = readPcapHeader(block.bytes, off)
      off += PCAP_HEADER_LEN
    }
  }

  /** Whether another file's header stands where a record should begin. */
  private isFileHeader(bytes: Uint8Array, off: number, end: number): boolean {
    return (
      this.failure === undefined && end - off >= PCAP_HEADER_LEN && mayBeFileHeader(bytes, off, end)
    )
  }

  /** Takes the records that are plainly whole, in WebAssembly where the block is in its memory: 10 ns each, not 20. */
  private fillPlain(block: PacketBlock, off: number, end: number): number {
    const { memory } = block
    const { littleEndian, nanos, recordLen, fcsLen } = this.header
    if (memory === undefined || !littleEndian || lengthsMaySwap(this.header)) return off
    const loop = LOOP.over(memory)
    const linkType = this.wanted ?? this.header.linkType
    block.count = loop.records(
      off,
      end,
      block.count,
      recordLen,
      nanos ? 1 : 0,
      linkType,
      fcsLen,
      MAX_FRAME_LEN,
    )
    return loop.nextOff()
  }

  private fillAny(block: PacketBlock, from: number, end: number): number {
    let off = from
    const { bytes } = block
    const { littleEndian, nanos, recordLen, fcsLen } = this.header
    const maySwap = lengthsMaySwap(this.header)
    const linkType = this.wanted ?? this.header.linkType
    let count = block.count
    while (count < BLOCK_FRAMES && end - off >= recordLen) {
      let caplen = littleEndian ? u32le(bytes, off + CAPLEN) : u32(bytes, off + CAPLEN)
      let wirelen = littleEndian ? u32le(bytes, off + WIRELEN) : u32(bytes, off + WIRELEN)
      if (maySwap && (this.header.minorVersion < 3 || caplen > wirelen)) {
        const first = caplen
        caplen = wirelen
        wirelen = first
      }
      // no record: its length is a file header's time zone, 0 in every file of today
      if (caplen === 0 && mayBeFileHeader(bytes, off, end)) break
      if (caplen > MAX_FRAME_LEN) {
        this.failure = `a record claims ${caplen} bytes captured, more than any frame has`
        break
      }
      const next = off + recordLen + caplen
      if (next > end) break

      const seconds = littleEndian ? u32le(bytes, off) : u32(bytes, off)
      const fraction = littleEndian ? u32le(bytes, off + FRACTION) : u32(bytes, off + FRACTION)
      // Halves of a microsecond: finer ones round up to the next whole one in a double of today's epoch.
      block.timeMicros[count] = seconds * 1e6 + (nanos ? Math.floor(fraction / 500) / 2 : fraction)
      block.start[count] = off + recordLen
      // The frame check sequence ends the frame on the wire: what was captured of it goes.
      const wire = wirelen > caplen ? wirelen : caplen
      const kept = wire > fcsLen ? wire - fcsLen : wire
      block.caplen[count] = caplen < kept ? caplen : kept
      block.wirelen[count] = kept
      block.linkType[count] = linkType
      count++
      off = next
    }
    block.count = count
    return off
  }

  notes(): string[] {
    return []
  }
}

/** Whether a file header stands at `off`, as far as the bytes before `end` tell; RECORD_LEN of them are there. */
function mayBeFileHeader(bytes: Uint8Array, off: number, end: number): boolean {
  if (!isPcapMagic(bytes, off)) return false
  return end - off < PCAP_HEADER_LEN || isPcapVersion(readPcapHeader(bytes, off))
}

/**
 * The header with the length of record headers that fits the first records in `head`, which the file begins with. Some writers
 * put longer ones behind an ordinary magic (Red Hat 6.1: 24 bytes, Nokia: 20), or longer ones still behind the modified one
 * (SuSE 6.3: 28). One record alone is no evidence for a longer one, unless the file ends with it.
 */
export function withRecordLen(header: PcapHeader, head: Uint8Array): PcapHeader {
  const lengths =
    header.recordLen === RECORD_LEN
      ? [RECORD_LEN, MODIFIED_RECORD_LEN, NOKIA_RECORD_LEN]
      : [MODIFIED_RECORD_LEN, SUSE_RECORD_LEN]
  const fits = lengths.map((length) => areRecords({ ...header, recordLen: length }, head))
  // Of a file with few records more than one length may do: then the one by which they end where the file does.
  const sure = isCutInSecond(header, head) ? -1 : fits.indexOf('sure')
  const likely = fits[0] === 'not' ? fits.indexOf('several') : 0
  const recordLen = lengths[sure] ?? lengths[likely]
  return recordLen === undefined ? header : { ...header, recordLen }
}

/** Whether the bytes end in the second record, as its time close to the first one's shows: no longer header then fits by it. */
function isCutInSecond(header: PcapHeader, bytes: Uint8Array): boolean {
  const read = header.littleEndian ? u32le : u32
  if (bytes.length < PCAP_HEADER_LEN + header.recordLen) return false
  const second = PCAP_HEADER_LEN + header.recordLen + read(bytes, PCAP_HEADER_LEN + CAPLEN)
  const left = bytes.length - second
  if (left < 4 || left >= header.recordLen) return false
  return Math.abs(read(bytes, second) - read(bytes, PCAP_HEADER_LEN)) < MOST_SECONDS_APART
}

/**
 * How many of up to PROBED_RECORDS records behind the file header have plausible lengths, fractions and times: `sure` where all
 * have, or they end with the bytes.
 */
function areRecords(header: PcapHeader, bytes: Uint8Array): 'not' | 'one' | 'several' | 'sure' {
  const read = header.littleEndian ? u32le : u32
  let at = PCAP_HEADER_LEN
  let first = -1
  let i = 0
  for (; i < PROBED_RECORDS && bytes.length - at >= RECORD_LEN; i++) {
    if (isPcapMagic(bytes, at)) return 'sure'
    const seconds = read(bytes, at)
    const caplen = read(bytes, at + CAPLEN)
    if (first < 0) first = seconds
    const isPlausible =
      caplen <= MAX_FRAME_LEN &&
      read(bytes, at + WIRELEN) <= MAX_FRAME_LEN * 2 &&
      read(bytes, at + FRACTION) < (header.nanos ? 1e9 : 1e6) &&
      Math.abs(seconds - first) < MOST_SECONDS_APART
    if (!isPlausible) return 'not'
    at += header.recordLen + caplen
  }
  if (i === PROBED_RECORDS || at === bytes.length) return 'sure'
  return i > 1 ? 'several' : 'one'
}

function isMagic(value: number): boolean {
  return value === MAGIC_MICROS || value === MAGIC_NANOS || value === MAGIC_MODIFIED
}
