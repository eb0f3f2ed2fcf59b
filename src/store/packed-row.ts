// A sighting as stores keep it: about a hundred bytes, and parts that many sightings share, kept once by their ids.
//
//   0  f64  its own time, microseconds        32  u16  source port
//   8  8    sighting id                       34  u16  destination port
//  16  8    id of the body                    36  u8   flags
//  24  8    id of the origin                  37  u24  length of the hello, bytes
//  40  4 or 16  destination address, then four u16: bytes of the hello's server name, of SNI, delta and rest; then the last
//               three of them
//
// Big-endian. A body is the delta of the first hello that had it, with its length (u16) in front, transport (u8), version of
// the first record (u16), QUIC version (u32), then the body of the hello. An origin is the members of where a hello was
// seen, a zero byte, the members of VLAN and tunnel. A rest longer than MAX_INLINE_REST is a part of its own, and its id
// stands in its place.

import type { SightingParts } from '../model/row.js'
import { ROW_TEXT } from '../model/row.js'
import { longText } from './rest-text.js'

export const PACKED_ID = 8
export const PACKED_BODY = 16
export const PACKED_ORIGIN = 24
export const PACKED_SRC_PORT = 32
export const PACKED_DST_PORT = 34
export const PACKED_FLAGS = 36
export const PACKED_HELLO_LEN = 37
export const PACKED_DST = 40
export const PACKED_LENGTHS = 8
export const PART_ID_LEN = 8

export const PACKED_V6 = 1
export const PACKED_COMMUNITY_ID = 2
export const PACKED_ECH = 4
export const PACKED_REST_PART = 8
export const PACKED_HAS_SNI = 16
/** Neither its flow's SYN nor its server's answer was seen. */
export const PACKED_UNCONFIRMED = 32
/** Bits 6 and 7 of the flags: how far the hello is to be trusted, a TRUST_ number (readings.ts). */
export const PACKED_TRUST_SHIFT = 6

/** Bytes that many sightings share, and their id. */
export interface Part {
  /** 8 bytes in latin1. */
  readonly id: string
  readonly bytes: Buffer
  /** Of a body: keys of the values that do not depend on the order of extensions, the fingerprint's own first. */
  readonly values: readonly string[]
}

/** A sighting ready for a store. */
export interface Entry {
  /** The packed row is `slab[off, off + len)`. */
  readonly slab: Buffer
  readonly off: number
  readonly len: number
  /** Its own time, microseconds. */
  readonly micros: number
  /** The source address's bytes in latin1. */
  readonly ip: string
  readonly port: number
  readonly isUnconfirmed: boolean
  readonly body: Part
  readonly origin: Part
  readonly rest: Part | undefined
  /** Keys of the values that depend on the order of extensions. */
  readonly values: readonly string[]
}

/** The fingerprint an entry counts for: 8 bytes in latin1. */
export function fingerprintOf({ body }: Entry): string {
  const own = body.values[0] ?? ''
  return own === '' ? body.id : own
}

/** The packed row of an entry, as a view. */
export function packedOf({ slab, off, len }: Entry): Buffer {
  return slab.subarray(off, off + len)
}

/** How far the hello of a packed row is to be trusted: a TRUST_ number (readings.ts). */
export function trustOf(packed: Uint8Array, off = 0): number {
  return (packed[off + PACKED_FLAGS] ?? 0) >> PACKED_TRUST_SHIFT
}

/** The ids of the parts that a packed row needs. */
export function partIds(packed: Buffer): string[] {
  const ids = [idAt(packed, PACKED_BODY), idAt(packed, PACKED_ORIGIN)]
  if (((packed[PACKED_FLAGS] ?? 0) & PACKED_REST_PART) !== 0)
    ids.push(idAt(packed, packed.length - PART_ID_LEN))
  return ids
}

/** Source port of a packed row. */
export function portOf(packed: Buffer): number {
  return packed.readUInt16BE(PACKED_SRC_PORT)
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
  if (packed.length < PACKED_DST + 4 + PACKED_LENGTHS) return undefined
  const flags = packed[PACKED_FLAGS] ?? 0
  const addressLen = (flags & PACKED_V6) !== 0 ? 16 : 4
  let at = PACKED_DST + addressLen
  if (packed.length < at + PACKED_LENGTHS) return undefined
  const nameLen = packed.readUInt16BE(at)
  const sniLen = packed.readUInt16BE(at + 2)
  const deltaLen = packed.readUInt16BE(at + 4)
  const restLen = packed.readUInt16BE(at + 6)
  at += PACKED_LENGTHS
  if (packed.length !== at + sniLen + deltaLen + restLen) return undefined
  const body = bodyOf(partOf(idAt(packed, PACKED_BODY)))
  const origin = partOf(idAt(packed, PACKED_ORIGIN))?.toString('utf8').split('\0')
  if (body === undefined || origin === undefined) return undefined
  const sni = packed.subarray(at, at + sniLen)
  const delta = packed.subarray(at + sniLen, at + sniLen + deltaLen)
  const restOff = at + sniLen + deltaLen
  let end = packed.length
  let more = ''
  if ((flags & PACKED_REST_PART) !== 0) {
    end -= PART_ID_LEN
    const part = partOf(idAt(packed, end))
    if (part === undefined) return undefined
    more = part.toString('utf8')
  }
  return {
    ...body,
    timeMicros: packed.readDoubleBE(0),
    src: Buffer.from(src, 'latin1'),
    dst: packed.subarray(PACKED_DST, PACKED_DST + addressLen),
    srcPort: packed.readUInt16BE(PACKED_SRC_PORT),
    dstPort: packed.readUInt16BE(PACKED_DST_PORT),
    id: packed.toString('hex', PACKED_ID, PACKED_ID + 8),
    origin: origin[0] ?? '',
    encapsulation: origin[1] ?? '',
    rest: longText(packed.toString('utf8', restOff, end)) + more,
    sni: (flags & PACKED_HAS_SNI) !== 0 ? sni.toString('utf8') : undefined,
    // where a policy hides the name, one of its length stands in the hello
    name: nameLen === sniLen ? sni : Buffer.alloc(nameLen, '*'),
    delta,
    helloLen: packed.readUIntBE(PACKED_HELLO_LEN, 3),
    hasCommunityId: (flags & PACKED_COMMUNITY_ID) !== 0,
    isEch: (flags & PACKED_ECH) !== 0,
  }
}

/** A hello with this body, of nobody's flow: what its fingerprints are. */
export function exampleOf(part: Buffer | undefined): SightingParts | undefined {
  const body = bodyOf(part)
  if (part === undefined || body === undefined) return undefined
  return {
    ...body,
    timeMicros: 0,
    src: Buffer.alloc(4),
    dst: Buffer.alloc(4),
    srcPort: 0,
    dstPort: 0,
    id: '',
    origin: '',
    encapsulation: '',
    rest: '',
    sni: undefined,
    name: Buffer.from('example.com'),
    delta: part.subarray(2, 2 + part.readUInt16BE(0)),
    helloLen: 0,
    hasCommunityId: false,
    isEch: false,
  }
}

/** Bytes of a body part before the hello's body. */
export const BODY_HEAD = 7

function bodyOf(
  part: Buffer | undefined,
): Pick<SightingParts, 'transport' | 'recordVersion' | 'quicVersion' | 'body'> | undefined {
  if (part === undefined || part.length < 2) return undefined
  const at = 2 + part.readUInt16BE(0)
  if (part.length < at + BODY_HEAD) return undefined
  return {
    transport: part[at] ?? 0,
    recordVersion: part.readUInt16BE(at + 1),
    quicVersion: part.readUInt32BE(at + 3),
    body: part.subarray(at + BODY_HEAD),
  }
}

/** Whether a delta's body is text, and no hello. */
export function isText(delta: Uint8Array): boolean {
  return delta[0] === ROW_TEXT
}

function idAt(packed: Buffer, off: number): string {
  return packed.toString('latin1', off, off + PART_ID_LEN)
}
