import { i32, u24, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MAX_HELLO_LEN } from '../base/limits.js'
import { BASE, SLOT_WORDS, SOLID } from '../base/slot-layout.js'
import { PUT_REPEATED } from '../base/slot-pool.js'
import {
  HandshakeBytes,
  QUALITY_CONFLICT,
  QUALITY_HRR,
  QUALITY_RETRANSMIT,
} from '../model/handshake-bytes.js'
import { type Packet, secondsOf } from '../model/packet.js'
import {
  CERTIFICATE_GIVEN,
  CERTIFICATE_PLACE,
  type DtlsFlows,
  FIRST_MICROS,
  FLOW_WORDS,
  GIVEN,
  GIVEN_SEQ,
  GIVEN_SUM,
  HELLO_PLACE,
  RANDOM,
  RANDOM_WORDS,
} from './dtls-flows.js'
import type { DtlsFragment } from './dtls-fragment.js'

// From fragments to whole messages. A message is given without its DTLS fields: type(1) | length(3) | body.
//
//   fragment ─▶ all of the message? ─ yes ─▶ given, unless it was before
//                    │ no
//                    ▼
//              copied into the flow's slot, given from there once it is whole
//
// A Certificate that overtook its ServerHello stays in its slot until that is given.

export const CLIENT_HELLO = 1
export const SERVER_HELLO = 2
export const CERTIFICATE = 11
export const MESSAGE_HEADER_LEN = 4
/** Of a hello's body: the version comes first. */
const RANDOM_OFF = 2

/** What a fragment made whole. */
export const NOTHING = 0
export const GIVEN_CLIENT_HELLO = 1
export const GIVEN_SERVER_HELLO = 2
export const GIVEN_CERTIFICATE = 3

/** What slotFor tells of a fragment that is of no use. */
const STALE = -2

/** Puts messages together from fragments. */
export class DtlsMessages {
  /** What `take` or `overtaking` gave. */
  readonly message = new HandshakeBytes()
  /** Flow whose ServerHello was given last, before which its Certificate may have been whole; or -1. */
  overtaken = -1
  private readonly flows: DtlsFlows
  private readonly counters: Counters
  private readonly whole = new Uint8Array(MAX_HELLO_LEN)

  constructor(flows: DtlsFlows, counters: Counters) {
    this.flows = flows
    this.counters = counters
    this.message.transport = 'dtls'
  }

  /** Takes a fragment of a hello or Certificate of at most MAX_HELLO_LEN bytes. @returns a message's kind, or NOTHING */
  take(packet: Packet, fragment: DtlsFragment, version: number): number {
    const { type, length, offset, partOff, partLen } = fragment
    const { flows } = this
    const { pool } = flows
    const entry = flows.open(packet, secondsOf(packet))
    const place = type === CERTIFICATE ? CERTIFICATE_PLACE : HELLO_PLACE
    const isDue = type !== CERTIFICATE || flows.words[entry * FLOW_WORDS + GIVEN] === SERVER_HELLO
    if (type === CERTIFICATE && !this.wantsCertificate(entry)) return NOTHING

    if (partLen === length && isDue) {
      const { whole } = this
      writeHeader(whole, 0, type, length)
      for (let i = 0; i < length; i++) whole[MESSAGE_HEADER_LEN + i] = u8(packet.bytes, partOff + i)
      // The message came in parts as well: those are not needed any more.
      if (flows.slotOf(entry, place) >= 0) flows.freeSlot(entry, place)
      return this.give(packet, entry, whole, 0, fragment, version, 0)
    }

    let slot = this.slotFor(packet.bytes, entry, place, fragment)
    if (slot === STALE) return NOTHING
    if (slot < 0) {
      slot = flows.takeSlot(entry, place, MESSAGE_HEADER_LEN + length, keyOf(fragment))
      if (slot < 0) return NOTHING
      writeHeader(pool.bytesOf(slot), pool.offsetOf(slot), type, length)
      pool.setAnchor(slot, MESSAGE_HEADER_LEN)
    }
    const at = MESSAGE_HEADER_LEN + offset
    const put = pool.put(slot, at, packet.bytes, partOff, partOff + partLen, 0)
    if (!isDue || !this.isWhole(slot)) return NOTHING
    const quality = (put & PUT_REPEATED) !== 0 ? QUALITY_RETRANSMIT : 0
    // Its bytes stay until the next slot is taken.
    flows.freeSlot(entry, place)
    const off = pool.offsetOf(slot)
    return this.give(packet, entry, pool.bytesOf(slot), off, fragment, version, quality)
  }

  /** The Certificate that was whole before the ServerHello given last, if there is one; as `take`. */
  overtaking(): number {
    const entry = this.overtaken
    this.overtaken = -1
    const slot = entry < 0 ? -1 : this.flows.slotOf(entry, CERTIFICATE_PLACE)
    if (slot < 0 || !this.isWhole(slot)) return NOTHING
    const { pool } = this.flows
    this.flows.freeSlot(entry, CERTIFICATE_PLACE)
    return this.giveCertificate(entry, pool.bytesOf(slot), pool.offsetOf(slot))
  }

  /** Whether a Certificate of this flow can be the server's, and was not given yet. */
  private wantsCertificate(entry: number): boolean {
    const { words } = this.flows
    const at = entry * FLOW_WORDS
    return words[at + GIVEN] !== CLIENT_HELLO && words[at + CERTIFICATE_GIVEN] === 0
  }

  /** Slot that holds other fragments of the message, -1 where it is new, STALE where it is over. */
  private slotFor(bytes: Uint8Array, entry: number, place: number, fragment: DtlsFragment): number {
    const { flows } = this
    const { pool } = flows
    const { length, sequence } = fragment
    const slot = flows.slotOf(entry, place)
    if (slot < 0) return this.isGiven(bytes, entry, fragment) ? STALE : -1
    const key = pool.words[slot * SLOT_WORDS + BASE] ?? 0
    const isSame =
      key === keyOf(fragment) && u24(pool.bytesOf(slot), pool.offsetOf(slot) + 1) === length
    if (isSame) return slot
    // Parts of a message that is over: a new one begins.
    if (sequence < (key & 0xffff)) return STALE
    flows.dropSlot(entry, place, 'hello_closed')
    return -1
  }

  /** Whether a fragment is of the hello given last: its first part tells, and the rest goes with it. */
  private isGiven(bytes: Uint8Array, entry: number, fragment: DtlsFragment): boolean {
    const { words } = this.flows
    const { type, sequence, offset, partOff, partLen } = fragment
    const at = entry * FLOW_WORDS
    if (words[at + GIVEN] !== type || words[at + GIVEN_SEQ] !== sequence) return false
    if (offset > 0) return true
    if (partLen < RANDOM_OFF + 4 * RANDOM_WORDS) return false
    const isSame = this.isRandom(entry, bytes, partOff + RANDOM_OFF)
    if (isSame) this.counters.hello_retransmitted++
    return isSame
  }

  /** Whether the hello given last has the random at `off`. */
  private isRandom(entry: number, bytes: Uint8Array, off: number): boolean {
    const at = entry * FLOW_WORDS + RANDOM
    for (let i = 0; i < RANDOM_WORDS; i++)
      if (this.flows.words[at + i] !== i32(bytes, off + 4 * i)) return false
    return true
  }

  private isWhole(slot: number): boolean {
    const { pool } = this.flows
    const length = u24(pool.bytesOf(slot), pool.offsetOf(slot) + 1)
    return pool.words[slot * SLOT_WORDS + SOLID] === MESSAGE_HEADER_LEN + length
  }

  /** Gives the message at `off` unless it is one already given. */
  private give(
    packet: Packet,
    entry: number,
    bytes: Uint8Array,
    off: number,
    { type, length, sequence }: DtlsFragment,
    version: number,
    quality: number,
  ): number {
    if (type === CERTIFICATE) return this.giveCertificate(entry, bytes, off)
    const { flows, message } = this
    const { words, micros } = flows
    const at = entry * FLOW_WORDS
    const random = off + MESSAGE_HEADER_LEN + RANDOM_OFF
    const before = words[at + GIVEN]
    let isConflict = false
    const isAnswer = before === type && this.isRandom(entry, bytes, random)
    if (isAnswer) {
      if (sequence <= (words[at + GIVEN_SEQ] ?? 0)) {
        this.counters.hello_retransmitted++
        return NOTHING
      }
      if (type === CLIENT_HELLO && hasCookie(bytes, off, length)) {
        // The answer to a HelloVerifyRequest (RFC 6347 §4.2.1) is the same hello of the same client, or should be.
        words[at + GIVEN_SEQ] = sequence
        if (sumBesideCookie(bytes, off, length) === words[at + GIVEN_SUM]) {
          this.counters.dtls_cookie_hellos++
          return NOTHING
        }
        isConflict = true
      }
    }
    setBytes(message, bytes, off, length)
    message.recordVersion = version
    message.quality = quality
    message.firstMicros = -1
    const first = entry * (FLOW_WORDS / 2) + FIRST_MICROS
    if (!isAnswer) {
      micros[first] = packet.timeMicros
      words[at + CERTIFICATE_GIVEN] = 0
      // What is there of a Certificate belongs to the association before.
      if (before !== 0) flows.dropSlot(entry, CERTIFICATE_PLACE, 'hello_closed')
    } else if (type === CLIENT_HELLO) {
      message.quality |= QUALITY_HRR
      message.firstMicros = micros[first] ?? -1
    }
    if (isConflict) {
      // The server answers this one: its client proved that it is there.
      message.quality = quality | QUALITY_CONFLICT
      message.firstMicros = -1
      this.counters.hello_conflicts++
    }
    words[at + GIVEN] = type
    words[at + GIVEN_SEQ] = sequence
    words[at + GIVEN_SUM] = type === CLIENT_HELLO ? sumBesideCookie(bytes, off, length) : 0
    for (let i = 0; i < RANDOM_WORDS; i++) words[at + RANDOM + i] = i32(bytes, random + 4 * i)
    if (type === CLIENT_HELLO) return GIVEN_CLIENT_HELLO
    this.overtaken = entry
    return GIVEN_SERVER_HELLO
  }

  private giveCertificate(entry: number, bytes: Uint8Array, off: number): number {
    this.flows.words[entry * FLOW_WORDS + CERTIFICATE_GIVEN] = 1
    setBytes(this.message, bytes, off, u24(bytes, off + 1))
    return GIVEN_CERTIFICATE
  }
}

/** What a slot's word BASE says of its message. */
function keyOf({ type, sequence }: DtlsFragment): number {
  return (type << 16) | sequence
}

function setBytes(message: HandshakeBytes, bytes: Uint8Array, off: number, length: number): void {
  message.bytes = bytes
  message.off = off
  message.end = off + MESSAGE_HEADER_LEN + length
}

function writeHeader(bytes: Uint8Array, off: number, type: number, length: number): void {
  bytes[off] = type
  bytes[off + 1] = length >> 16
  bytes[off + 2] = (length >> 8) & 0xff
  bytes[off + 3] = length & 0xff
}

/** Whether the legacy_cookie behind the session id is not empty (RFC 6347 §4.2.1). */
function hasCookie(bytes: Uint8Array, off: number, length: number): boolean {
  const sessionIdLenOff = off + MESSAGE_HEADER_LEN + 34
  const cookieLenOff = sessionIdLenOff + 1 + u8(bytes, sessionIdLenOff)
  return cookieLenOff < off + MESSAGE_HEADER_LEN + length && u8(bytes, cookieLenOff) !== 0
}

/** A sum over a hello, its cookie and what that changes left out. */
function sumBesideCookie(bytes: Uint8Array, off: number, length: number): number {
  const end = off + MESSAGE_HEADER_LEN + length
  const sessionIdLenOff = off + MESSAGE_HEADER_LEN + 34
  const cookieOff = Math.min(end, sessionIdLenOff + 1 + u8(bytes, sessionIdLenOff))
  const rest = Math.min(end, cookieOff + 1 + (cookieOff < end ? u8(bytes, cookieOff) : 0))
  let sum = 0
  for (let at = off + MESSAGE_HEADER_LEN; at < end; at++) {
    if (at >= cookieOff && at < rest) continue
    sum = Math.imul(sum ^ u8(bytes, at), 0x01000193) + 1
  }
  return sum | 0
}
