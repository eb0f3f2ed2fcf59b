import { u16, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MAX_DTLS_RECORDS, MAX_HELLO_LEN } from '../base/limits.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import { DEFAULT_SIZES, DtlsFlows, type DtlsSizes } from './dtls-flows.js'
import { newDtlsFragment, readDtlsFragment } from './dtls-fragment.js'
import {
  CERTIFICATE,
  CLIENT_HELLO,
  DtlsMessages,
  MESSAGE_HEADER_LEN,
  NOTHING,
  SERVER_HELLO,
} from './dtls-messages.js'

// Datagram Transport Layer Security 1.0 to 1.3: hellos travel in the clear, in epoch 0, over UDP, and before 1.3 the
// server's Certificate as well.
//
//   DTLSPlaintext (RFC 9147 §4):  type(1) | version(2) | epoch(2) | sequence number(6) | length(2) | fragment
//   Handshake     (RFC 9147 §5):  type(1) | length(3) | message_seq(2) | fragment_offset(3) | fragment_length(3) | body part
//
// Fragments come in any order (RFC 6347 §4.2.3).

const RECORD_HEADER_LEN = 13
const CONTENT_HANDSHAKE = 22
const DTLS_MAJOR = 0xfe
const DTLS_1_0 = 0xfeff
const DTLS_1_2 = 0xfefd
/** DTLS before it was standardised, which OpenSSL and AnyConnect go on to speak (DTLS1_BAD_VER). */
const DTLS_BAD_VERSION = 0x0100
/** Of a hello: version, random, session id's length. */
const MIN_BODY = 35

export interface DtlsHellosOptions {
  /** Server ports looked at; undefined: any, by content. */
  readonly ports?: ReadonlySet<number> | undefined
  /** Whether ServerHellos, and the certificates of DTLS 1.2 and before, are given too. */
  readonly server: boolean
  /** Secret of the flow table's hash, an integer from 0 to 2^48. */
  readonly seed: number
}

/** Finds whole DTLS hellos in UDP datagrams, within fixed memory. */
export class DtlsHellos {
  private readonly counters: Counters
  private readonly sizes: DtlsSizes
  private readonly seed: number
  /** Made with the first handshake record: they take megabytes. */
  private flows: DtlsFlows | undefined
  private messages: DtlsMessages | undefined
  private readonly fragment = newDtlsFragment()
  private readonly isPort = new Uint8Array(65_536)
  private readonly anyPort: boolean
  private readonly server: boolean

  // Where in the datagram the walk stands: between records, or within the record that ends at `recordEnd`.
  private packet: Packet | undefined
  private at = 0
  private recordsLeft = 0
  private fragmentAt = 0
  private recordEnd = 0
  private version = 0
  private isClient = false
  private isServer = false

  constructor(options: DtlsHellosOptions, counters: Counters, sizes: DtlsSizes = DEFAULT_SIZES) {
    this.counters = counters
    this.sizes = sizes
    this.seed = options.seed
    this.server = options.server
    this.anyPort = options.ports === undefined
    for (const port of options.ports ?? []) this.isPort[port & 0xffff] = 1
  }

  /** What `take` or `next` gave, until the next call of either. */
  get message(): HandshakeBytes {
    return this.made().message
  }

  private made(): DtlsMessages {
    this.flows ??= new DtlsFlows(this.seed, this.counters, this.sizes)
    return (this.messages ??= new DtlsMessages(this.flows, this.counters))
  }

  /** Forgets all flows; nothing is counted. */
  clear(): void {
    this.flows?.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    this.flows?.shiftTime(seconds)
  }

  /** Unfinished messages held now, and certificates that came ahead of their ServerHello. */
  get pending(): number {
    return this.flows?.pool.used ?? 0
  }

  /** Hellos that have begun and of which bytes are missing, counted anew at each call. */
  get unfinished(): number {
    return this.flows?.unfinished() ?? 0
  }

  /**
   * Takes one datagram.
   *
   * @returns 0 nothing, 1 `message` is a ClientHello, 2 a ServerHello, 3 a server's Certificate; after any but 0 ask
   *   `next`, before the packet is overwritten
   */
  take(packet: Packet): number {
    const { bytes, payloadOff, payloadLen } = packet
    if (payloadLen < RECORD_HEADER_LEN || u8(bytes, payloadOff) !== CONTENT_HANDSHAKE)
      return NOTHING
    if (u8(bytes, payloadOff + 1) !== DTLS_MAJOR && u16(bytes, payloadOff + 1) !== DTLS_BAD_VERSION)
      return NOTHING
    this.isClient = this.anyPort || this.isPort[packet.dstPort] !== 0
    this.isServer = this.server && (this.anyPort || this.isPort[packet.srcPort] !== 0)
    if (!this.isClient && !this.isServer) return NOTHING
    this.packet = packet
    this.at = this.fragmentAt = this.recordEnd = payloadOff
    this.recordsLeft = MAX_DTLS_RECORDS
    this.made().overtaken = -1
    return this.walk(packet)
  }

  /** A further message of the datagram given to `take`; as `take`. */
  next(): number {
    const overtaking = this.messages?.overtaking() ?? NOTHING
    if (overtaking !== NOTHING) return overtaking
    return this.packet === undefined ? NOTHING : this.walk(this.packet)
  }

  private walk(packet: Packet): number {
    do {
      while (this.fragmentAt < this.recordEnd) {
        const given = this.takeFragment(packet)
        if (given !== NOTHING) return given
      }
    } while (this.nextRecord(packet))
    this.packet = undefined
    return NOTHING
  }

  /** Goes to the next record of handshake messages in the clear. @returns whether there is one */
  private nextRecord(packet: Packet): boolean {
    const { bytes } = packet
    const end = packet.payloadOff + packet.payloadLen
    while (this.recordsLeft > 0 && end - this.at >= RECORD_HEADER_LEN) {
      this.recordsLeft--
      const off = this.at
      const version = u16(bytes, off + 1)
      if (version !== DTLS_1_0 && version !== DTLS_1_2 && version !== DTLS_BAD_VERSION) return false
      this.at = off + RECORD_HEADER_LEN + u16(bytes, off + 11)
      // The snaplen may have cut it, or it is no DTLS.
      if (this.at > end) return false
      // A later epoch is encrypted.
      if (u8(bytes, off) !== CONTENT_HANDSHAKE || u16(bytes, off + 3) !== 0) continue
      this.version = version
      this.fragmentAt = off + RECORD_HEADER_LEN
      this.recordEnd = this.at
      return true
    }
    return false
  }

  private takeFragment(packet: Packet): number {
    const { fragment, counters } = this
    const next = readDtlsFragment(packet.bytes, this.fragmentAt, this.recordEnd, fragment)
    this.fragmentAt = next < 0 ? this.recordEnd : next
    if (next < 0) {
      counters.dtls_malformed++
      return NOTHING
    }
    const { type, length } = fragment
    const isHello =
      (type === CLIENT_HELLO && this.isClient) || (type === SERVER_HELLO && this.isServer)
    if (!isHello && !(type === CERTIFICATE && this.isServer)) return NOTHING
    if (isHello && length < MIN_BODY) {
      counters.dtls_malformed++
      return NOTHING
    }
    if (length > MAX_HELLO_LEN - MESSAGE_HEADER_LEN) {
      if (isHello) counters.hello_too_long++
      return NOTHING
    }
    return this.made().take(packet, fragment, this.version)
  }
}
