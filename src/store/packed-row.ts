// A sighting as stores keep it: about a hundred bytes, and parts that many sightings share, kept once by their ids.
//
//   0  f64  its own time, microseconds        32  u16  source port
//   8  8    sighting id                       34  u16  destination port
//  16  8    id of the body                    36  u8   flags
//  24  8    id of the origin                  37  u24  length of the hello, bytes
//  40  4 or 16  destination address, then three u16: bytes of SNI, delta and rest, then those three
//
// Big-endian. A body is transport (u8), version of the first record (u16), QUIC version (u32), then the body of the hello;
// an origin is the members of where it was seen, a zero byte, the members of VLAN and tunnel. A rest longer than
// MAX_INLINE_REST is a part of its own, and its id stands in its place.

import { hash } from 'node:crypto'
import { MAX_INLINE_REST } from '../base/limits.js'
import type { RowCursor, SightingParts } from '../model/row.js'
import {
  ROW_BODY_LEN,
  ROW_COMMUNITY_ID,
  ROW_DELTA_LEN,
  ROW_DST,
  ROW_DST_PORT,
  ROW_ECH,
  ROW_ENCAPSULATED,
  ROW_FLAGS,
  ROW_HELLO_LEN,
  ROW_ID,
  ROW_IP_VERSION,
  ROW_LINE_EVIDENCE,
  ROW_LINE_PROFILE,
  ROW_LINE_REST,
  ROW_LINE_SNI,
  ROW_LINE_SNI_END,
  ROW_NO_SYN,
  ROW_ORIGIN_LEN,
  ROW_QUIC_VERSION,
  ROW_RECORD_VERSION,
  ROW_SECTIONS,
  ROW_SRC,
  ROW_SRC_PORT,
  ROW_TRANSPORT,
} from '../model/row.js'
import { orderValues, sortedValues } from './values.js'

export const PACKED_ID = 8
export const PACKED_BODY = 16
export const PACKED_ORIGIN = 24
const SRC_PORT = 32
const DST_PORT = 34
const FLAGS = 36
const HELLO_LEN = 37
const DST = 40
const PART_ID_LEN = 8
const LENGTHS = 6

const V6 = 1
const COMMUNITY_ID = 2
const ECH = 4
const REST_PART = 8
const HAS_SNI = 16
/** Neither its flow's SYN nor its server's answer was seen. */
export const UNCONFIRMED = 32

/** `{"time":"` and a time of 27 characters with its quote. */
const LINE_ORIGIN = 37
/** `}` and newline. */
const LINE_END = 2
const BODY_HEAD = 7
const CONFIRMED = Buffer.from('"confirmed":true')

/** Bytes that many sightings share, and their id. Of a body besides: what it is found by, in whatever order its extensions come. */
export interface Part {
  /** 8 bytes in latin1. */
  readonly id: string
  readonly bytes: Buffer
  /** Value keys of the methods that do not depend on the order of extensions; the first is the fingerprint's own. */
  readonly values: readonly string[]
}

/** A sighting ready for a store. */
export interface Entry {
  /** The packed row is `slab[off, off + len)`. */
  readonly slab: Buffer
  readonly off: number
  readonly len: number
  readonly micros: number
  /** The source address's bytes in latin1. */
  readonly ip: string
  readonly isUnconfirmed: boolean
  readonly body: Part
  readonly origin: Part
  readonly rest: Part | undefined
  /** Value keys of the methods that depend on the order of extensions. */
  readonly values: readonly string[]
}

/** Bytes of parts remembered; they are also held by the entries that wait. */
const MAX_PARTS = 50_000

/** Packs rows. Remembers parts, so that one like another before costs little. */
export class RowPacker {
  #parts = new Map<string, Part>()
  #orders = new Map<string, readonly string[]>()

  /** Packs the rows of `cursor`, from where it is to its end. */
  pack(cursor: RowCursor): Entry[] {
    const packed: Omit<Entry, 'slab'>[] = []
    const bytes = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset, cursor.bytes.length)
    // a packed row is shorter than the row it is made of
    const slab = Buffer.allocUnsafeSlow(bytes.length - cursor.end)
    let at = 0
    while (cursor.next()) {
      const entry = this.#one(cursor, bytes, slab, at)
      at += entry.len
      packed.push(entry)
    }
    // kept for as long as an entry waits: no larger than what it holds
    const kept = Buffer.from(slab.subarray(0, at))
    return packed.map((entry) => ({ ...entry, slab: kept }))
  }

  #one(row: RowCursor, bytes: Buffer, out: Buffer, off: number): Omit<Entry, 'slab'> {
    const { line, end } = row
    const isV6 = row.u8(ROW_IP_VERSION) === 6
    const addressLen = isV6 ? 16 : 4
    const flags = row.u8(ROW_FLAGS)
    const transport = row.u8(ROW_TRANSPORT)
    const sniOff = row.lineOff(ROW_LINE_SNI)
    const sniLen = row.lineOff(ROW_LINE_SNI_END) - sniOff
    const profileOff = row.lineOff(ROW_LINE_PROFILE)
    const deltaOff = row.off + ROW_SECTIONS
    const deltaLen = row.u16(ROW_DELTA_LEN)
    const bodyOff = deltaOff + deltaLen
    const bodyEnd = bodyOff + row.u32(ROW_BODY_LEN)
    const evidenceOff = row.lineOff(ROW_LINE_EVIDENCE)
    const restOff = row.lineOff(ROW_LINE_REST)
    const lineEnd = end - LINE_END

    const body = this.#body(row, bytes, transport, bodyOff, bodyEnd, profileOff)
    const originEnd = line + LINE_ORIGIN + row.u16(ROW_ORIGIN_LEN)
    const frontEnd = sniLen > 0 ? sniOff - ',"sni":"'.length : profileOff
    const encapsulation =
      (flags & ROW_ENCAPSULATED) === 0
        ? ''
        : encapsulationIn(bytes.toString('latin1', originEnd, frontEnd))
    const origin = this.#part(
      `${bytes.toString('latin1', line + LINE_ORIGIN, originEnd)}\0${encapsulation}`,
    )
    const isLong = lineEnd - restOff > MAX_INLINE_REST
    const rest = isLong ? this.#part(bytes.toString('latin1', restOff, lineEnd)) : undefined
    const isConfirmed = lineEnd > restOff && bytes.subarray(restOff, lineEnd).includes(CONFIRMED)
    const isUnconfirmed = !isConfirmed && (transport !== 0 || (flags & ROW_NO_SYN) !== 0)

    bytes.copy(out, off + PACKED_ID, row.off + ROW_ID, row.off + ROW_ID + 8)
    out.writeDoubleBE(row.timeMicros, off)
    out.write(body.id, off + PACKED_BODY, 'latin1')
    out.write(origin.id, off + PACKED_ORIGIN, 'latin1')
    put16(out, off + SRC_PORT, row.u16(ROW_SRC_PORT))
    put16(out, off + DST_PORT, row.u16(ROW_DST_PORT))
    out[off + FLAGS] =
      (isV6 ? V6 : 0) |
      ((flags & ROW_COMMUNITY_ID) !== 0 ? COMMUNITY_ID : 0) |
      ((flags & ROW_ECH) !== 0 ? ECH : 0) |
      (isLong ? REST_PART : 0) |
      (sniLen > 0 ? HAS_SNI : 0) |
      (isUnconfirmed ? UNCONFIRMED : 0)
    const helloLen = row.u32(ROW_HELLO_LEN)
    out[off + HELLO_LEN] = helloLen >> 16
    put16(out, off + HELLO_LEN + 1, helloLen & 0xffff)
    bytes.copy(out, off + DST, row.off + ROW_DST, row.off + ROW_DST + addressLen)
    let at = off + DST + addressLen
    const restLen = isLong ? restOff - evidenceOff + PART_ID_LEN : lineEnd - evidenceOff
    put16(out, at, sniLen)
    put16(out, at + 2, deltaLen)
    put16(out, at + 4, restLen)
    at += LENGTHS
    at += bytes.copy(out, at, sniOff, sniOff + sniLen)
    at += bytes.copy(out, at, deltaOff, bodyOff)
    at += bytes.copy(out, at, evidenceOff, isLong ? restOff : lineEnd)
    if (rest !== undefined) at += out.write(rest.id, at, 'latin1')
    const ipOff = row.off + ROW_SRC
    return {
      off,
      len: at - off,
      micros: row.timeMicros,
      ip: bytes.toString('latin1', ipOff, ipOff + addressLen),
      isUnconfirmed,
      body,
      origin,
      rest,
      values: this.#order(body, bytes, deltaOff, bodyOff, profileOff, evidenceOff),
    }
  }

  #body(
    row: RowCursor,
    bytes: Buffer,
    transport: number,
    from: number,
    end: number,
    profileOff: number,
  ): Part {
    const recordVersion = row.u16(ROW_RECORD_VERSION)
    const quicVersion = row.u32(ROW_QUIC_VERSION)
    const head = String.fromCharCode(
      transport,
      ...[recordVersion >> 8, recordVersion & 0xff],
      ...[quicVersion >>> 24, (quicVersion >> 16) & 0xff, (quicVersion >> 8) & 0xff],
      quicVersion & 0xff,
    )
    return this.#part(head + bytes.toString('latin1', from, end), () =>
      sortedValues(bytes.subarray(profileOff, row.end)),
    )
  }

  #order(
    body: Part,
    bytes: Buffer,
    deltaOff: number,
    deltaEnd: number,
    profileOff: number,
    profileEnd: number,
  ): readonly string[] {
    const key = body.id + bytes.toString('latin1', deltaOff, deltaEnd)
    let values = this.#orders.get(key)
    if (values === undefined) {
      values = orderValues(bytes.subarray(profileOff, profileEnd))
      if (this.#orders.size >= MAX_PARTS) this.#orders.clear()
      this.#orders.set(key, values)
    }
    return values
  }

  /** The part of these bytes, in latin1. */
  #part(text: string, valuesOf: () => readonly string[] = () => []): Part {
    let part = this.#parts.get(text)
    if (part === undefined) {
      const bytes = Buffer.from(text, 'latin1')
      const id = hash('sha256', bytes, 'latin1' as 'hex').slice(0, PART_ID_LEN)
      part = { id, bytes, values: valuesOf() }
      if (this.#parts.size >= MAX_PARTS) this.#parts.clear()
      this.#parts.set(text, part)
    }
    return part
  }
}

/** The ids of the parts that a packed row needs. */
export function partIds(packed: Buffer): string[] {
  const ids = [idAt(packed, PACKED_BODY), idAt(packed, PACKED_ORIGIN)]
  if (((packed[FLAGS] ?? 0) & REST_PART) !== 0) ids.push(idAt(packed, packed.length - PART_ID_LEN))
  return ids
}

/** Source port of a packed row. */
export function portOf(packed: Buffer): number {
  return packed.readUInt16BE(SRC_PORT)
}

/**
 * What a packed row and its parts are made of.
 *
 * @param src the source address's bytes in latin1
 * @returns undefined where a part is missing, or the row is none
 */
export function unpack(
  packed: Buffer,
  src: string,
  partOf: (id: string) => Buffer | undefined,
): SightingParts | undefined {
  if (packed.length < DST + 4 + LENGTHS) return undefined
  const flags = packed[FLAGS] ?? 0
  const addressLen = (flags & V6) !== 0 ? 16 : 4
  let at = DST + addressLen
  if (packed.length < at + LENGTHS || src.length !== addressLen) return undefined
  const sniLen = packed.readUInt16BE(at)
  const deltaLen = packed.readUInt16BE(at + 2)
  const restLen = packed.readUInt16BE(at + 4)
  at += LENGTHS
  if (packed.length !== at + sniLen + deltaLen + restLen) return undefined
  const body = partOf(idAt(packed, PACKED_BODY))
  const origin = partOf(idAt(packed, PACKED_ORIGIN))?.toString('utf8').split('\0')
  if (body === undefined || body.length < BODY_HEAD || origin === undefined) return undefined
  const sni = packed.toString('utf8', at, at + sniLen)
  const delta = packed.subarray(at + sniLen, at + sniLen + deltaLen)
  let rest = packed.toString('utf8', at + sniLen + deltaLen)
  if ((flags & REST_PART) !== 0) {
    const part = partOf(idAt(packed, packed.length - PART_ID_LEN))
    if (part === undefined) return undefined
    const inline = packed.length - PART_ID_LEN
    rest = packed.toString('utf8', at + sniLen + deltaLen, inline) + part.toString('utf8')
  }
  return {
    timeMicros: packed.readDoubleBE(0),
    src: Buffer.from(src, 'latin1'),
    dst: packed.subarray(DST, DST + addressLen),
    srcPort: packed.readUInt16BE(SRC_PORT),
    dstPort: packed.readUInt16BE(DST_PORT),
    transport: body[0] ?? 0,
    recordVersion: body.readUInt16BE(1),
    quicVersion: body.readUInt32BE(3),
    id: packed.toString('hex', PACKED_ID, PACKED_ID + 8),
    origin: origin[0] ?? '',
    encapsulation: origin[1] ?? '',
    rest,
    sni: (flags & HAS_SNI) !== 0 ? sni : undefined,
    delta,
    body: body.subarray(BODY_HEAD),
    helloLen: packed.readUIntBE(HELLO_LEN, 3),
    hasCommunityId: (flags & COMMUNITY_ID) !== 0,
    isEch: (flags & ECH) !== 0,
  }
}

function idAt(packed: Buffer, off: number): string {
  return packed.toString('latin1', off, off + PART_ID_LEN)
}

/** The members `vlan` and `tunnel` at the end of a line's front. */
function encapsulationIn(front: string): string {
  return /(?:,"vlan":\d+)?(?:,"tunnel":"[^"]*")?$/.exec(front)?.[0] ?? ''
}

function put16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}
