import { i32, u16, u24, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { FlowTable } from '../base/flow-table.js'
import {
  DTLS_FLOW_ENTRIES,
  DTLS_SLOT_CLASSES,
  FLOW_IDLE_SECONDS,
  MAX_DTLS_RECORDS,
  MAX_HELLO_LEN,
  PENDING_IDLE_SECONDS,
} from '../base/limits.js'
import { HandshakeOctets, QUALITY_HRR, QUALITY_RETRANSMIT } from '../model/handshake-octets.js'
import type { Packet } from '../model/packet.js'
import { type DtlsFragment, newDtlsFragment, readDtlsFragment } from './dtls-fragment.js'
import {
  BASE,
  OWNER,
  PUT_REPEATED,
  SLOT_WORDS,
  type SlotClass,
  SlotPool,
  SOLID,
} from '../base/slot-pool.js'

// Datagram Transport Layer Security 1.0 to 1.3: hellos travel in the clear, in epoch 0, over UDP.
//
//   DTLSPlaintext (RFC 9147 §4):  type(1) | version(2) | epoch(2) | sequence number(6) | length(2) | fragment
//   Handshake     (RFC 9147 §5):  type(1) | length(3) | message_seq(2) | fragment_offset(3) | fragment_length(3) | body part
//
// A message is given without its DTLS fields: type(1) | length(3) | body. Fragments come in any order (RFC 6347 §4.2.3).

const RECORD_HEADER_LEN = 13
const CONTENT_HANDSHAKE = 22
const DTLS_MAJOR = 0xfe
const DTLS_1_0 = 0xfeff
const DTLS_1_2 = 0xfefd
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const MESSAGE_HEADER_LEN = 4
/** Version, random, session id's length. */
const MIN_BODY = 35

// State of a flow, in `words` at `entry * FLOW_WORDS`.
const FLOW_WORDS = 10
const SLOT = 0
const SEEN = 1
const GIVEN = 2
/** message_seq of the last message given. */
const GIVEN_SEQ = 3
/** First half of the random of the last message given: 16 octets. */
const RANDOM = 4
const RANDOM_WORDS = 4
/** Packet time at which the first hello of this random was whole, microseconds: in `micros`, two words each. */
const FIRST_MICROS = 4

const NOTHING = 0

export interface DtlsHellosOptions {
  /** Server ports looked at; undefined: any, by content. */
  readonly ports?: ReadonlySet<number> | undefined
  /** Whether ServerHellos are given too. */
  readonly server: boolean
  /** Secret of the flow table's hash, an integer from 0 to 2^48. */
  readonly seed: number
}

/** Sizes of the tables, smaller ones in tests. */
export interface DtlsSizes {
  readonly entries: number
  readonly slots: readonly SlotClass[]
}

const DEFAULT_SIZES: DtlsSizes = { entries: DTLS_FLOW_ENTRIES, slots: DTLS_SLOT_CLASSES }

/** Finds whole DTLS hellos in UDP datagrams, within fixed memory. */
export class DtlsHellos {
  /** What `take` gave, until its next call. */
  readonly message = new HandshakeOctets()
  private readonly counters: Counters
  private readonly table: FlowTable
  private readonly pool: SlotPool
  private readonly words: Int32Array
  /** The same memory. */
  private readonly micros: Float64Array
  private readonly fragment: DtlsFragment = newDtlsFragment()
  private readonly whole = new Uint8Array(MAX_HELLO_LEN)
  private readonly isPort = new Uint8Array(65_536)
  private readonly anyPort: boolean
  private readonly server: boolean

  constructor(options: DtlsHellosOptions, counters: Counters, sizes: DtlsSizes = DEFAULT_SIZES) {
    this.counters = counters
    this.table = new FlowTable(sizes.entries, options.seed)
    this.pool = new SlotPool(sizes.slots)
    this.words = new Int32Array(sizes.entries * FLOW_WORDS)
    this.micros = new Float64Array(this.words.buffer)
    this.server = options.server
    this.anyPort = options.ports === undefined
    for (const port of options.ports ?? []) this.isPort[port & 0xffff] = 1
    this.message.transport = 'dtls'
  }

  /** Unfinished hellos held now. */
  get pending(): number {
    return this.pool.used
  }

  /**
   * Takes one datagram. At most one message of it is given: a flight holds no more hellos.
   *
   * @returns 0 nothing, 1 `message` is a ClientHello, 2 a ServerHello
   */
  take(packet: Packet): number {
    const { bytes, payloadOff, payloadLen } = packet
    if (payloadLen < RECORD_HEADER_LEN || u8(bytes, payloadOff) !== CONTENT_HANDSHAKE)
      return NOTHING
    if (u8(bytes, payloadOff + 1) !== DTLS_MAJOR) return NOTHING
    const isClient = this.anyPort || this.isPort[packet.dstPort] !== 0
    const isServer = this.server && (this.anyPort || this.isPort[packet.srcPort] !== 0)
    if (!isClient && !isServer) return NOTHING

    const end = payloadOff + payloadLen
    let off = payloadOff
    for (let i = 0; i < MAX_DTLS_RECORDS && end - off >= RECORD_HEADER_LEN; i++) {
      const version = u16(bytes, off + 1)
      if (version !== DTLS_1_0 && version !== DTLS_1_2) break
      const recordEnd = off + RECORD_HEADER_LEN + u16(bytes, off + 11)
      // The snaplen may have cut it, or it is no DTLS.
      if (recordEnd > end) break
      // A later epoch is encrypted.
      if (u8(bytes, off) === CONTENT_HANDSHAKE && u16(bytes, off + 3) === 0) {
        const given = this.takeRecord(
          packet,
          off + RECORD_HEADER_LEN,
          recordEnd,
          version,
          isClient,
          isServer,
        )
        if (given !== NOTHING) return given
      }
      off = recordEnd
    }
    return NOTHING
  }

  /** One record's content: fragments of handshake messages, one behind the other. */
  private takeRecord(
    packet: Packet,
    start: number,
    end: number,
    version: number,
    isClient: boolean,
    isServer: boolean,
  ): number {
    const fragment = this.fragment
    let off = start
    while (off < end) {
      off = readDtlsFragment(packet.bytes, off, end, fragment)
      if (off < 0) {
        this.counters.dtls_malformed++
        return NOTHING
      }
      const isWanted =
        (fragment.type === CLIENT_HELLO && isClient) || (fragment.type === SERVER_HELLO && isServer)
      if (!isWanted) continue
      if (fragment.length < MIN_BODY) {
        this.counters.dtls_malformed++
        continue
      }
      if (fragment.length > MAX_HELLO_LEN - MESSAGE_HEADER_LEN) {
        this.counters.hello_too_long++
        continue
      }
      const given = this.takeFragment(packet, version)
      if (given !== NOTHING) return given
    }
    return NOTHING
  }

  private takeFragment(packet: Packet, version: number): number {
    const { type, length, sequence, offset, partOff, partLen } = this.fragment
    const seconds = Math.trunc(packet.timeMicros / 1e6) | 0
    const hash = this.table.hash(packet)
    const entry = this.flowOf(packet, hash, seconds)
    const words = this.words
    const at = entry * FLOW_WORDS

    if (partLen === length) {
      const whole = this.whole
      writeHeader(whole, 0, type, length)
      for (let i = 0; i < length; i++) whole[MESSAGE_HEADER_LEN + i] = u8(packet.bytes, partOff + i)
      // The message came in parts as well: those are not needed any more.
      if ((words[at + SLOT] ?? -1) >= 0) this.freeSlot(entry)
      return this.give(packet, entry, whole, 0, length, sequence, version, 0)
    }

    let slot = words[at + SLOT] ?? -1
    const key = (type << 16) | sequence
    if (slot >= 0) {
      const first = this.pool.offsetOf(slot)
      const isSame =
        this.pool.words[slot * SLOT_WORDS + BASE] === key &&
        u24(this.pool.bytesOf(slot), first + 1) === length
      if (!isSame) {
        // Parts of a message that is over: a new one begins.
        if (sequence < ((this.pool.words[slot * SLOT_WORDS + BASE] ?? 0) & 0xffff)) return NOTHING
        this.freeSlot(entry)
        this.counters.hello_closed++
        slot = -1
      }
    } else if (words[at + GIVEN] === type && words[at + GIVEN_SEQ] === sequence && offset > 0) {
      // The rest of a repeated message; its first part tells whether it is another one.
      return NOTHING
    }
    if (slot < 0) {
      slot = this.takeSlot(entry, MESSAGE_HEADER_LEN + length, key)
      if (slot < 0) return NOTHING
      writeHeader(this.pool.bytesOf(slot), this.pool.offsetOf(slot), type, length)
      this.pool.setAnchor(slot, MESSAGE_HEADER_LEN)
    }
    const put = this.pool.put(
      slot,
      MESSAGE_HEADER_LEN + offset,
      packet.bytes,
      partOff,
      partOff + partLen,
      0,
    )
    const repeated = (put & PUT_REPEATED) !== 0 ? QUALITY_RETRANSMIT : 0
    if (this.pool.words[slot * SLOT_WORDS + SOLID] !== MESSAGE_HEADER_LEN + length) return NOTHING
    // Its octets stay until the next slot is taken.
    this.freeSlot(entry)
    return this.give(
      packet,
      entry,
      this.pool.bytesOf(slot),
      this.pool.offsetOf(slot),
      length,
      sequence,
      version,
      repeated,
    )
  }

  /** Gives the message at `off` unless it is one already given. */
  private give(
    packet: Packet,
    entry: number,
    bytes: Uint8Array,
    off: number,
    length: number,
    sequence: number,
    version: number,
    quality: number,
  ): number {
    const words = this.words
    const at = entry * FLOW_WORDS
    const type = u8(bytes, off)
    const random = off + MESSAGE_HEADER_LEN + 2
    let isAnswer = words[at + GIVEN] === type
    for (let i = 0; i < RANDOM_WORDS && isAnswer; i++) {
      isAnswer = words[at + RANDOM + i] === i32(bytes, random + 4 * i)
    }
    if (isAnswer) {
      if (sequence <= (words[at + GIVEN_SEQ] ?? 0)) {
        this.counters.hello_retransmitted++
        return NOTHING
      }
      if (type === CLIENT_HELLO && hasCookie(bytes, off, length)) {
        // The answer to a HelloVerifyRequest (RFC 6347 §4.2.1) is the same hello of the same client.
        words[at + GIVEN_SEQ] = sequence
        this.counters.dtls_cookie_hellos++
        return NOTHING
      }
    }
    const message = this.message
    message.bytes = bytes
    message.off = off
    message.end = off + MESSAGE_HEADER_LEN + length
    message.recordVersion = version
    message.quality = quality
    message.firstMicros = -1
    const first = entry * (FLOW_WORDS / 2) + FIRST_MICROS
    if (!isAnswer) this.micros[first] = packet.timeMicros
    else if (type === CLIENT_HELLO) {
      message.quality |= QUALITY_HRR
      message.firstMicros = this.micros[first] ?? -1
    }
    words[at + GIVEN] = type
    words[at + GIVEN_SEQ] = sequence
    for (let i = 0; i < RANDOM_WORDS; i++) words[at + RANDOM + i] = i32(bytes, random + 4 * i)
    return type === CLIENT_HELLO ? 1 : 2
  }

  /** The flow's entry, made where it is new or long idle. */
  private flowOf(packet: Packet, hash: number, seconds: number): number {
    const words = this.words
    let entry = this.table.find(hash, packet)
    if (entry >= 0) {
      const idle = Math.abs((seconds - (words[entry * FLOW_WORDS + SEEN] ?? 0)) | 0)
      if (idle > PENDING_IDLE_SECONDS && (words[entry * FLOW_WORDS + SLOT] ?? -1) >= 0) {
        this.freeSlot(entry)
        this.counters.hello_expired++
      }
      if (idle > FLOW_IDLE_SECONDS) words[entry * FLOW_WORDS + GIVEN] = 0
    } else {
      entry = this.table.place(hash)
      if (this.table.isTaken(entry) && (words[entry * FLOW_WORDS + SLOT] ?? -1) >= 0) {
        this.freeSlot(entry)
        this.counters.hello_evicted++
      }
      this.table.set(entry, hash, packet)
      words[entry * FLOW_WORDS + SLOT] = -1
      words[entry * FLOW_WORDS + GIVEN] = 0
    }
    words[entry * FLOW_WORDS + SEEN] = seconds
    return entry
  }

  private takeSlot(entry: number, octets: number, key: number): number {
    const cls = this.pool.classFor(octets)
    if (cls < 0) return -1
    let slot = this.pool.take(cls, entry, key)
    if (slot < 0) {
      this.freeSlot(this.pool.words[this.pool.oldest(cls) * SLOT_WORDS + OWNER] ?? 0)
      this.counters.hello_evicted++
      slot = this.pool.take(cls, entry, key)
    }
    this.words[entry * FLOW_WORDS + SLOT] = slot
    return slot
  }

  private freeSlot(entry: number): void {
    this.pool.free(this.words[entry * FLOW_WORDS + SLOT] ?? 0)
    this.words[entry * FLOW_WORDS + SLOT] = -1
  }
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
