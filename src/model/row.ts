// The Row: one sighting on its way from the fingerprints to a store. A head of keys, the hello, then the JSON line. Rows
// follow one another without a gap, in a buffer or a pipe, and no step parses a line.
//
//   0  u32  bytes before the line            52  8   sighting id
//   4  f64  time, microseconds               60  u16 version of the first record
//  12  u8   IP version: 4, 6, or 0 (not stored)  62  u32 QUIC version
//  13  u8   transport, see TRANSPORTS        66  u8  flags, ROW_ bits
//  14  u16  source port                      67  u8  unused
//  16  u16  destination port                 68  u32 length of the hello, bytes
//  18  u16  bytes of the origin's members    72  u16 bytes of the delta
//  20  16   source address                   74  u32 bytes of the body
//  36  16   destination address              78  then delta and body (fingerprint/hello-body.ts), then the line
//
// Integers are little-endian. Offsets into the line stand behind the body, see ROW_LINE_.

import { u8 } from '../base/bytes.js'
import type { Sighting } from './sighting.js'

export const ROW_TIME = 4
export const ROW_IP_VERSION = 12
export const ROW_TRANSPORT = 13
export const ROW_SRC_PORT = 14
export const ROW_DST_PORT = 16
export const ROW_ORIGIN_LEN = 18
export const ROW_SRC = 20
export const ROW_DST = 36
export const ROW_ID = 52
export const ROW_RECORD_VERSION = 60
export const ROW_QUIC_VERSION = 62
export const ROW_FLAGS = 66
export const ROW_HELLO_LEN = 68
export const ROW_DELTA_LEN = 72
export const ROW_BODY_LEN = 74
export const ROW_SECTIONS = 78

// Offsets into the line, u32 each, in this order at the end of the head.
/** Where the SNI's text begins and ends, both 0 without one. */
export const ROW_LINE_SNI = 0
export const ROW_LINE_SNI_END = 4
/** Begin and end of the members that the hello decides: `alpn` to `iana`. */
export const ROW_LINE_PROFILE = 8
export const ROW_LINE_PROFILE_END = 12
/** Begin of `evidence`, and of the members of neither hello nor flow: `quality`, the server's answer. */
export const ROW_LINE_EVIDENCE = 16
export const ROW_LINE_REST = 20
export const ROW_LINE_LEN = 24

// Flags.
/** The flow's SYN was not seen. */
export const ROW_NO_SYN = 1
export const ROW_COMMUNITY_ID = 2
export const ROW_ECH = 4
/** The line has `vlan` or `tunnel`. */
export const ROW_ENCAPSULATED = 8
/** The hello has the mark `conflict`: the server may have read another one. */
export const ROW_CONFLICT = 16

const NEWLINE = 0x0a
/** Offsets into a line, in ascending order. */
const PLACES = [ROW_LINE_PROFILE, ROW_LINE_PROFILE_END, ROW_LINE_EVIDENCE, ROW_LINE_REST] as const

/** Iterates over rows. Offsets are into `bytes`; an incomplete row ends the iteration. */
export class RowCursor {
  readonly bytes: Uint8Array
  readonly #view: DataView
  /** Where the current row begins, its line begins, and just past its newline. */
  off = 0
  line = 0
  end = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Goes to the next row. @returns false without another complete row */
  next(): boolean {
    const { bytes, end } = this
    if (bytes.length - end < ROW_SECTIONS) return false
    const head = this.#view.getUint32(end, true)
    if (head < ROW_SECTIONS + ROW_LINE_LEN || head > bytes.length - end) return false
    const newline = bytes.indexOf(NEWLINE, end + head)
    if (newline < 0) return false
    this.off = end
    this.line = end + head
    if (!this.#isSound(head, newline - this.line)) return false
    this.end = newline + 1
    return true
  }

  /** Whether all lengths and offsets in the head are valid. The writer of rows parses hostile bytes and is not trusted. */
  #isSound(head: number, lineLen: number): boolean {
    const sections = this.u16(ROW_DELTA_LEN) + this.u32(ROW_BODY_LEN)
    if (head !== ROW_SECTIONS + sections + ROW_LINE_LEN) return false
    let before = this.u16(ROW_ORIGIN_LEN)
    const sni = this.#place(ROW_LINE_SNI)
    const sniEnd = this.#place(ROW_LINE_SNI_END)
    if (sni > sniEnd || sniEnd > lineLen) return false
    for (const field of PLACES) {
      const place = this.#place(field)
      if (place < before || place < sniEnd || place >= lineLen) return false
      before = place
    }
    return true
  }

  #place(field: number): number {
    return this.#view.getUint32(this.line - ROW_LINE_LEN + field, true)
  }

  get timeMicros(): number {
    return this.#view.getFloat64(this.off + ROW_TIME, true)
  }

  u8(field: number): number {
    return u8(this.bytes, this.off + field)
  }

  u16(field: number): number {
    return this.#view.getUint16(this.off + field, true)
  }

  u32(field: number): number {
    return this.#view.getUint32(this.off + field, true)
  }

  /** Where a ROW_LINE_ offset points, into `bytes`. */
  lineOff(field: number): number {
    return this.line + this.#place(field)
  }
}

/** Length of the complete rows at the front of `bytes`; the last row of a pipe may be incomplete. */
export function wholeRows(bytes: Uint8Array): number {
  const cursor = new RowCursor(bytes)
  while (cursor.next());
  return cursor.end
}

/** The lines of rows, one after the other. */
export function linesOfRows(rows: Uint8Array): Uint8Array {
  const cursor = new RowCursor(rows)
  const lines = new Uint8Array(rows.length)
  let at = 0
  while (cursor.next()) {
    lines.set(rows.subarray(cursor.line, cursor.end), at)
    at += cursor.end - cursor.line
  }
  return lines.subarray(0, at)
}

/** First byte of the delta of a row without a hello: its body is the text of the members that a hello decides. */
export const ROW_TEXT = 0xff
/** Bytes of a source address that a privacy policy hashed; others have 4 or 16. */
export const HASHED_ADDRESS_LEN = 17

/** The parts from which a stored sighting is rebuilt. */
export interface SightingParts {
  readonly timeMicros: number
  /** 4 or 16 bytes. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
  /** Index into TRANSPORTS. */
  readonly transport: number
  readonly recordVersion: number
  readonly quicVersion: number
  /** 16 hex digits. */
  readonly id: string
  /** JSON members with a comma before each: the origin, VLAN and tunnel, then the other members of the flow. */
  readonly origin: string
  readonly encapsulation: string
  readonly rest: string
  /** The SNI as it stands between quotes in the line. */
  readonly sni: string | undefined
  /** The server's name in the hello. */
  readonly name: Uint8Array
  readonly delta: Uint8Array
  readonly body: Uint8Array
  readonly helloLen: number
  readonly hasCommunityId: boolean
  readonly isEch: boolean
}

/** Rebuilds a sighting with its fingerprints; undefined if the parts hold no valid hello. */
export type MakeSighting = (parts: SightingParts) => Sighting | undefined
