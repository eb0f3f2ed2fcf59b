// The head of a Row (model/row.ts), written in front of its line.

import { u8 } from '../base/bytes.js'
import { ByteWriter } from '../base/byte-writer.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import { QUALITY_CONFLICT, QUALITY_NO_SYN, TRANSPORTS } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import type { Packet } from '../model/packet.js'
import {
  ROW_BODY_LEN,
  ROW_COMMUNITY_ID,
  ROW_CONFLICT,
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
  ROW_LINE_LEN,
  ROW_LINE_PROFILE,
  ROW_LINE_PROFILE_END,
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
  ROW_TIME,
  ROW_TRANSPORT,
} from '../model/row.js'
import { splitHello } from './hello-body.js'
import { SIGHTING_ID_LEN, writeSightingId } from './sighting-id.js'

const V4_LEN = 4
const V6_LEN = 16

/** Offsets into a line, set by the writer of the line. */
export class LineMarks {
  sni = 0
  sniEnd = 0
  profile = 0
  profileEnd = 0
  evidence = 0
  rest = 0
}

/** Writes heads. */
export class RowHead {
  readonly #time = new Float64Array(1)
  readonly #timeBytes = new Uint8Array(this.#time.buffer)
  readonly #id = new ByteWriter(SIGHTING_ID_LEN)
  /** Begin of the current head, and of its line. */
  #start = 0

  /**
   * Appends the head of the row of `message`. The line follows at once, then `mark`.
   *
   * @param redacted the hello without its secrets, `[0, redactedLen)`
   */
  write(
    packet: Packet,
    message: HandshakeBytes,
    hello: Hello,
    redacted: Uint8Array,
    redactedLen: number,
    originLen: number,
    out: ByteWriter,
  ): void {
    const start = out.len
    this.#start = start
    out.reserve(ROW_SECTIONS)
    out.bytes.fill(0, start, start + ROW_SECTIONS)
    out.len = start + ROW_SECTIONS
    const deltaLen = splitHello(redacted, redactedLen, hello, out)
    const bodyLen = out.len - start - ROW_SECTIONS - deltaLen
    out.reserve(ROW_LINE_LEN)
    out.len += ROW_LINE_LEN

    const { bytes } = out
    this.#time[0] = packet.timeMicros
    bytes.set(this.#timeBytes, start + ROW_TIME)
    bytes[start + ROW_IP_VERSION] = packet.ipVersion
    bytes[start + ROW_TRANSPORT] = TRANSPORTS.indexOf(message.transport)
    put16(bytes, start + ROW_SRC_PORT, packet.srcPort)
    put16(bytes, start + ROW_DST_PORT, packet.dstPort)
    put16(bytes, start + ROW_ORIGIN_LEN, originLen > 0xffff ? 0 : originLen)
    const addressLen = packet.ipVersion === 4 ? V4_LEN : packet.ipVersion === 6 ? V6_LEN : 0
    for (let i = 0; i < addressLen; i++) {
      bytes[start + ROW_SRC + i] = u8(packet.bytes, packet.srcAddrOff + i)
      bytes[start + ROW_DST + i] = u8(packet.bytes, packet.dstAddrOff + i)
    }
    this.#id.len = 0
    writeSightingId(packet, message, this.#id)
    for (let i = 0; i < SIGHTING_ID_LEN; i += 2)
      bytes[start + ROW_ID + (i >> 1)] =
        (hexDigit(this.#id.bytes[i] ?? 0) << 4) | hexDigit(this.#id.bytes[i + 1] ?? 0)
    put16(bytes, start + ROW_RECORD_VERSION, message.recordVersion)
    put32(bytes, start + ROW_QUIC_VERSION, message.quicVersion)
    bytes[start + ROW_FLAGS] =
      ((message.quality & QUALITY_NO_SYN) !== 0 ? ROW_NO_SYN : 0) |
      ((message.quality & QUALITY_CONFLICT) !== 0 ? ROW_CONFLICT : 0) |
      (hello.echIndex >= 0 ? ROW_ECH : 0) |
      (packet.encapsulationCount > 0 || packet.vlan >= 0 ? ROW_ENCAPSULATED : 0)
    put32(bytes, start + ROW_HELLO_LEN, message.end - message.off)
    put16(bytes, start + ROW_DELTA_LEN, deltaLen)
    put32(bytes, start + ROW_BODY_LEN, bodyLen)
    put32(bytes, start, out.len - start)
  }

  /** Appends the head of a server's own row, which stores leave out since it has no ClientHello. The line follows. */
  writeBare(originLen: number, out: ByteWriter): void {
    const start = out.len
    const head = ROW_SECTIONS + ROW_LINE_LEN
    out.reserve(head)
    out.bytes.fill(0, start, start + head)
    out.len = start + head
    put32(out.bytes, start, head)
    const at = out.len - ROW_LINE_LEN
    const places = [ROW_LINE_PROFILE, ROW_LINE_PROFILE_END, ROW_LINE_EVIDENCE, ROW_LINE_REST]
    for (const place of places) put32(out.bytes, at + place, originLen)
    put16(out.bytes, start + ROW_ORIGIN_LEN, originLen)
  }

  /** Completes the head with the places in its line, which was written behind it. */
  mark(marks: LineMarks, hasCommunityId: boolean, out: ByteWriter): void {
    const { bytes } = out
    const start = this.#start
    if (hasCommunityId) bytes[start + ROW_FLAGS] = u8(bytes, start + ROW_FLAGS) | ROW_COMMUNITY_ID
    const head = u8(bytes, start) | (u8(bytes, start + 1) << 8) | (u8(bytes, start + 2) << 16)
    const at = start + head - ROW_LINE_LEN
    put32(bytes, at + ROW_LINE_SNI, marks.sni)
    put32(bytes, at + ROW_LINE_SNI_END, marks.sniEnd)
    put32(bytes, at + ROW_LINE_PROFILE, marks.profile)
    put32(bytes, at + ROW_LINE_PROFILE_END, marks.profileEnd)
    put32(bytes, at + ROW_LINE_EVIDENCE, marks.evidence)
    put32(bytes, at + ROW_LINE_REST, marks.rest)
  }
}

function hexDigit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >> 8
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value & 0xffff)
  put16(bytes, at + 2, value >>> 16)
}
