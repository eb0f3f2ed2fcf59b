// pcapng, draft-ietf-opsawg-pcapng. Blocks, each
//
//  +---------------+---------------+---------------+-------+---------------+
//  |  Block Type   | Total Length  |  Body …       |  pad  | Total Length  |
//  +---------------+---------------+---------------+-------+---------------+
//
// in sections of a byte order of their own, which the Section Header Block tells.

import { u32, u32le, u8 } from '../../base/bytes.js'
import { MAX_FRAME_LEN, MAX_PCAPNG_BLOCK_LEN } from '../../base/limits.js'
import { BLOCK_FRAMES } from '../../base/block-layout.js'
import type { PacketBlock } from '../../model/packet-block.js'
import { linkTypeOf } from '../link-type.js'
import { PcapngFields } from './pcapng-fields.js'
import { PcapngInterfaces } from './pcapng-interfaces.js'
import { MAX_RECORD_LEN } from './record-reader.js'
import type { RecordReader } from './record-reader.js'

/** Section Header Block; the same read in either byte order. */
export const PCAPNG_MAGIC = 0x0a0d0d0a
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const INTERFACE_DESCRIPTION = 1
/** Obsolete Packet Block (draft-ietf-opsawg-pcapng appendix A). */
const PACKET = 2
const SIMPLE_PACKET = 3
const INTERFACE_STATISTICS = 5
const ENHANCED_PACKET = 6

const TOTAL_LENGTH = 4
const BODY = 8
/** Type and both lengths. */
const BLOCK_MIN_LEN = 12
const TRAILER_LEN = 4

const SHB_MAJOR = 12
const SHB_MIN_LEN = 28
const IDB_SNAP_LEN = 12
const IDB_OPTIONS = 16
const ISB_OPTIONS = 20
const EPB_TIME_HIGH = 12
const EPB_TIME_LOW = 16
const EPB_CAPLEN = 20
const EPB_WIRELEN = 24
const EPB_FRAME = 28
const SPB_WIRELEN = 8
const SPB_FRAME = 12

const IF_TSRESOL = 9
const IF_FCSLEN = 13
const IF_TSOFFSET = 14
const ISB_IFDROP = 5
const ISB_OSDROP = 7

/** Takes the packets of a pcapng out of its bytes, from the first Section Header Block on. */
export class PcapngReader implements RecordReader {
  failure: string | undefined
  private readonly linkType: number | undefined
  private readonly interfaces = new PcapngInterfaces()
  private readonly fields = new PcapngFields()
  /** Packets lost in the sections before, and whether any section said. */
  private lostBefore = 0
  private lostKnown = false
  /** A Simple Packet Block has no time: it gets that of the packet before it. */
  private readonly lastMicros = new Float64Array(1)
  private withoutInterface = 0
  private tooLong = 0

  /** @param linkType the LINKTYPE_ value to read frames as, in place of their interface's */
  constructor(linkType?: number) {
    this.linkType = linkType
  }

  get dropped(): number | undefined {
    return this.lostKnown ? this.lostBefore + this.interfaces.lostInAll() : undefined
  }

  fill(block: PacketBlock, off: number, end: number): number {
    const { bytes } = block
    while (block.count < BLOCK_FRAMES && end - off >= BLOCK_MIN_LEN) {
      const type = this.fields.read32(bytes, off)
      if (type === PCAPNG_MAGIC && !this.readByteOrder(bytes, off)) return off
      // Some writers leave out of the length what aligns the block to four bytes.
      const length = Math.ceil(this.fields.read32(bytes, off + TOTAL_LENGTH) / 4) * 4
      if (length < BLOCK_MIN_LEN || length > MAX_PCAPNG_BLOCK_LEN) {
        this.failure = `a block claims a length of ${length} bytes`
        return off
      }
      if (isRead(type)) {
        // Options may make a block longer than we keep; they follow what we look for.
        const needed = length < MAX_RECORD_LEN ? length : MAX_RECORD_LEN
        if (end - off < needed) return off
        if (!this.readBlock(block, type, off, length, off + needed)) return off
      }
      off += length
    }
    return off
  }

  notes(): string[] {
    const notes: string[] = []
    if (this.withoutInterface > 0)
      notes.push(
        `packets of an interface the capture does not describe: ${this.withoutInterface}, left out`,
      )
    if (this.tooLong > 0)
      notes.push(`packets longer than ${MAX_FRAME_LEN} bytes: ${this.tooLong}, left out`)
    return notes
  }

  /** Takes in the block at `off`, whose bytes go to `end` at least. @returns false on a failure */
  private readBlock(
    block: PacketBlock,
    type: number,
    off: number,
    length: number,
    end: number,
  ): boolean {
    const { bytes } = block
    let bodyEnd = end
    if (end - off === length) {
      bodyEnd = end - TRAILER_LEN
      const trailer = this.fields.read32(bytes, bodyEnd)
      if (Math.ceil(trailer / 4) * 4 !== length) {
        this.failure = `a block begins with a length of ${length} bytes and ends with ${trailer}`
        return false
      }
    }
    switch (type) {
      case ENHANCED_PACKET:
      case PACKET:
        return this.readPacket(block, type, off, bodyEnd)
      case SIMPLE_PACKET:
        return this.readSimplePacket(block, off, bodyEnd)
      case INTERFACE_DESCRIPTION:
        return this.readInterface(bytes, off, bodyEnd)
      case INTERFACE_STATISTICS:
        this.readStatistics(bytes, off, bodyEnd)
        return true
      default:
        return this.readSection(bytes, off, bodyEnd)
    }
  }

  /** Takes the byte order of the section that begins at `off`. @returns false on a failure */
  private readByteOrder(bytes: Uint8Array, off: number): boolean {
    this.fields.littleEndian = u32le(bytes, off + BODY) === BYTE_ORDER_MAGIC
    if (this.fields.littleEndian || u32(bytes, off + BODY) === BYTE_ORDER_MAGIC) return true
    this.failure = 'a section header has no byte-order magic'
    return false
  }

  private readSection(bytes: Uint8Array, off: number, bodyEnd: number): boolean {
    if (bodyEnd - off < SHB_MIN_LEN - TRAILER_LEN) return this.tooShort('section header')
    const major = this.fields.read16(bytes, off + SHB_MAJOR)
    if (major !== 1) {
      this.failure = `a section is of pcapng version ${major}, not 1`
      return false
    }
    this.lostBefore += this.interfaces.lostInAll()
    this.interfaces.count = 0
    return true
  }

  private readInterface(bytes: Uint8Array, off: number, bodyEnd: number): boolean {
    if (bodyEnd - off < IDB_OPTIONS) return this.tooShort('interface description')
    const { interfaces } = this
    const linkType = linkTypeOf(this.fields.read16(bytes, off + BODY))
    if (!interfaces.add(linkType, this.fields.read32(bytes, off + IDB_SNAP_LEN))) return true
    const i = interfaces.count - 1
    const options = off + IDB_OPTIONS
    const resolution = this.fields.findOption(bytes, options, bodyEnd, IF_TSRESOL, 1)
    if (resolution >= 0) interfaces.setResolution(i, u8(bytes, resolution))
    const offset = this.fields.findOption(bytes, options, bodyEnd, IF_TSOFFSET, 8)
    if (offset >= 0) interfaces.setOffset(i, this.fields.readSigned64(bytes, offset))
    const fcs = this.fields.findOption(bytes, options, bodyEnd, IF_FCSLEN, 1)
    // In bits by its text, in bytes by its example and by some writers.
    const fcsLen = fcs < 0 ? 0 : u8(bytes, fcs)
    interfaces.fcsLen[i] = fcsLen < 8 ? fcsLen : fcsLen >> 3
    return true
  }

  private readStatistics(bytes: Uint8Array, off: number, bodyEnd: number): void {
    if (bodyEnd - off < ISB_OPTIONS) return
    const i = this.fields.read32(bytes, off + BODY)
    if (i >= this.interfaces.count) return
    const byInterface = this.fields.findOption(bytes, off + ISB_OPTIONS, bodyEnd, ISB_IFDROP, 8)
    const bySystem = this.fields.findOption(bytes, off + ISB_OPTIONS, bodyEnd, ISB_OSDROP, 8)
    if (byInterface < 0 && bySystem < 0) return
    this.lostKnown = true
    this.interfaces.lost[i] =
      (byInterface < 0 ? 0 : this.fields.readSigned64(bytes, byInterface)) +
      (bySystem < 0 ? 0 : this.fields.readSigned64(bytes, bySystem))
  }

  private readPacket(block: PacketBlock, type: number, off: number, bodyEnd: number): boolean {
    const { bytes } = block
    if (bodyEnd - off < EPB_FRAME) return this.tooShort('packet')
    const caplen = this.fields.read32(bytes, off + EPB_CAPLEN)
    if (caplen > MAX_FRAME_LEN) {
      this.tooLong++
      return true
    }
    if (caplen > bodyEnd - off - EPB_FRAME) return this.tooShort('packet')
    const id =
      type === PACKET
        ? this.fields.read16(bytes, off + BODY)
        : this.fields.read32(bytes, off + BODY)
    if (id >= this.interfaces.count) {
      this.withoutInterface++
      return true
    }
    const high = this.fields.read32(bytes, off + EPB_TIME_HIGH)
    const low = this.fields.read32(bytes, off + EPB_TIME_LOW)
    this.interfaces.putMicros(id, high, low, this.lastMicros)
    this.append(block, id, off + EPB_FRAME, caplen, this.fields.read32(bytes, off + EPB_WIRELEN))
    return true
  }

  private readSimplePacket(block: PacketBlock, off: number, bodyEnd: number): boolean {
    if (bodyEnd - off < SPB_FRAME) return this.tooShort('packet')
    if (this.interfaces.count === 0) {
      this.withoutInterface++
      return true
    }
    const wirelen = this.fields.read32(block.bytes, off + SPB_WIRELEN)
    const snapLen = this.interfaces.snapLen[0] ?? 0
    const caplen = snapLen !== 0 && snapLen < wirelen ? snapLen : wirelen
    if (caplen > MAX_FRAME_LEN) {
      this.tooLong++
      return true
    }
    if (caplen > bodyEnd - off - SPB_FRAME) return this.tooShort('packet')
    this.append(block, 0, off + SPB_FRAME, caplen, wirelen)
    return true
  }

  private append(
    block: PacketBlock,
    id: number,
    start: number,
    caplen: number,
    wirelen: number,
  ): void {
    const i = block.count++
    const fcsLen = this.interfaces.fcsLen[id] ?? 0
    const wire = wirelen > caplen ? wirelen : caplen
    const kept = wire > fcsLen ? wire - fcsLen : wire
    block.start[i] = start
    block.caplen[i] = caplen < kept ? caplen : kept
    block.wirelen[i] = kept
    block.timeMicros[i] = this.lastMicros[0] ?? 0
    block.linkType[i] = this.linkType ?? this.interfaces.linkType[id] ?? 0
  }

  private tooShort(what: string): boolean {
    this.failure = `a ${what} block is shorter than what it holds`
    return false
  }
}

function isRead(type: number): boolean {
  switch (type) {
    case ENHANCED_PACKET:
    case PACKET:
    case SIMPLE_PACKET:
    case INTERFACE_DESCRIPTION:
    case INTERFACE_STATISTICS:
    case PCAPNG_MAGIC:
      return true
    default:
      return false
  }
}
