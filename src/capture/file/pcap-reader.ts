// Classic pcap, draft-ietf-opsawg-pcap. The file header, then records of 16 octets and the frame:
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
  /** Octets before each frame. */
  readonly recordLen: number
  readonly majorVersion: number
  readonly minorVersion: number
  readonly linkType: number
  /** Octets of frame check sequence at the end of each frame. */
  readonly fcsLen: number
}

/** Whether four octets at `off` are a pcap magic, of either byte order. */
export function isPcapMagic(bytes: Uint8Array, off: number): boolean {
  return isMagic(u32(bytes, off)) || isMagic(u32le(bytes, off))
}

/** The file header at `off`, PCAP_HEADER_LEN octets that begin with a magic. */
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

/** Takes the records of a classic pcap out of its octets; they begin after the file header. */
export class PcapReader implements RecordReader {
  failure: string | undefined
  readonly dropped = undefined
  private readonly header: PcapHeader
  private readonly linkType: number

  /** @param linkType the LINKTYPE_ value to read frames as, in place of the header's */
  constructor(header: PcapHeader, linkType?: number) {
    this.header = header
    this.linkType = linkType ?? header.linkType
  }

  /** Octets before each frame. */
  get recordLen(): number {
    return this.header.recordLen
  }

  /** Offset past the record at `off`, whose header is whole; it may claim more than any record has. */
  endOf(bytes: Uint8Array, off: number): number {
    const { littleEndian, recordLen, minorVersion } = this.header
    let caplen = littleEndian ? u32le(bytes, off + CAPLEN) : u32(bytes, off + CAPLEN)
    const wirelen = littleEndian ? u32le(bytes, off + WIRELEN) : u32(bytes, off + WIRELEN)
    if (lengthsMaySwap(this.header) && (minorVersion < 3 || caplen > wirelen)) caplen = wirelen
    return off + recordLen + caplen
  }

  fill(block: PacketBlock, from: number, end: number): number {
    const off = this.fillPlain(block, from, end)
    return this.fillAny(block, off, end)
  }

  /** Takes the records that are plainly whole, in WebAssembly where the block is in its memory: 10 ns each, not 20. */
  private fillPlain(block: PacketBlock, off: number, end: number): number {
    const { memory } = block
    const { littleEndian, nanos, recordLen, fcsLen } = this.header
    if (memory === undefined || !littleEndian || lengthsMaySwap(this.header)) return off
    const loop = LOOP.over(memory)
    const { linkType } = this
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
    const linkType = this.linkType
    let count = block.count
    while (count < BLOCK_FRAMES && end - off >= recordLen) {
      let caplen = littleEndian ? u32le(bytes, off + CAPLEN) : u32(bytes, off + CAPLEN)
      let wirelen = littleEndian ? u32le(bytes, off + WIRELEN) : u32(bytes, off + WIRELEN)
      if (maySwap && (this.header.minorVersion < 3 || caplen > wirelen)) {
        const first = caplen
        caplen = wirelen
        wirelen = first
      }
      if (caplen > MAX_FRAME_LEN) {
        this.failure = `a record claims ${caplen} octets captured, more than any frame has`
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

function isMagic(value: number): boolean {
  return value === MAGIC_MICROS || value === MAGIC_NANOS || value === MAGIC_MODIFIED
}
