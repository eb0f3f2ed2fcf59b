import { u24, u32, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MAX_HELLO_LEN } from '../base/limits.js'
import { BASE, FREE_WORDS, SLOT_WORDS, SOLID } from '../base/slot-layout.js'
import { PUT_CONFLICT, PUT_REPEATED } from '../base/slot-pool.js'
import {
  HandshakeBytes,
  QUALITY_CONFLICT,
  QUALITY_HRR,
  QUALITY_RETRANSMIT,
} from '../model/handshake-bytes.js'
import {
  BROKEN,
  CONNECTION_WORDS,
  CONSUMED,
  DIFFERS,
  FIRST_MICROS,
  FLAGS,
  HELLO_LEN,
  HELLO_RANDOM,
  RANDOM_WORDS,
  REPEATED,
  type QuicConnections,
} from './connections.js'
import type { CryptoFrame } from './frame.js'
import { CLIENT } from './initial-keys.js'

// From CRYPTO frames to whole hellos. Each side of a connection has a stream of its own in Initial packets (RFC 9000
// §7): a ClientHello, and a second one where the server asked for it; a ServerHello, or a HelloRetryRequest and one.
//
//   frame ─▶ begins where the stream goes on, and is a whole message? ─ yes ─▶ given where it lies, never copied
//                    │ no
//                    ▼
//              copied into the side's slot, given from there once it is whole

const MESSAGE_HEADER_LEN = 4
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
/** Version, then the random. */
const RANDOM_OFF = MESSAGE_HEADER_LEN + 2
const RANDOM_LEN = 32
/** Word of a slot: how far into it anything was put. */
const REACH = FREE_WORDS

/** Nothing whole yet. */
export const NOTHING = 0

/** Puts hellos together from CRYPTO frames. */
export class CryptoStreams {
  /** What `take` or `again` gave. */
  readonly message = new HandshakeBytes()
  /** Packet time of the datagram at hand, microseconds. */
  nowMicros = 0
  private readonly connections: QuicConnections
  private readonly counters: Counters

  constructor(connections: QuicConnections, counters: Counters) {
    this.connections = connections
    this.counters = counters
    this.message.transport = 'quic'
  }

  /**
   * Takes a frame of one side of a connection.
   * @returns 0 nothing, 1 `message` is a ClientHello, 2 a ServerHello
   */
  take(connection: number, side: number, bytes: Uint8Array, frame: CryptoFrame): number {
    const { connections, counters } = this
    const at = connection * CONNECTION_WORDS
    if (side === CLIENT && this.isRival(connection, bytes, frame)) {
      counters.quic_overlaps_differ++
      const { partOff, partLen } = frame
      return this.giveRival(bytes, partOff, partLen)
    }
    if (this.has(connection, BROKEN << side)) return NOTHING
    const consumed = connections.words[at + CONSUMED + side] ?? 0
    const stop = frame.offset + frame.partLen
    if (stop <= consumed) {
      if (frame.offset === 0) counters.hello_retransmitted++
      return NOTHING
    }
    if (stop - consumed > MAX_HELLO_LEN) {
      counters.hello_too_long++
      return NOTHING
    }
    const off = frame.partOff + Math.max(0, consumed - frame.offset)
    const end = frame.partOff + frame.partLen
    const offset = Math.max(consumed, frame.offset)

    let slot = connections.slotOf(connection, side)
    if (slot < 0) {
      let byteCount = stop - consumed
      if (offset === consumed && end - off >= MESSAGE_HEADER_LEN) {
        const length = this.lengthAt(connection, side, bytes, off)
        if (length < 0) return NOTHING
        if (length === end - off) return this.give(connection, side, bytes, off, length)
        byteCount = Math.max(byteCount, length)
      }
      slot = connections.takeSlot(connection, side, byteCount, consumed)
      if (slot < 0) return NOTHING
      connections.pool.setAnchor(slot, 0)
    }
    const base = connections.pool.words[slot * SLOT_WORDS + BASE] ?? 0
    slot = connections.growSlot(connection, side, stop - base)
    if (slot < 0) {
      connections.dropSlot(connection, side, 'hello_too_long')
      this.mark(connection, BROKEN << side)
      return NOTHING
    }
    const reach = slot * SLOT_WORDS + REACH
    connections.pool.words[reach] = Math.max(connections.pool.words[reach] ?? 0, stop - base)
    const put = connections.pool.put(slot, offset - base, bytes, off, end, 0)
    if ((put & PUT_REPEATED) !== 0) this.mark(connection, REPEATED << side)
    if ((put & PUT_CONFLICT) !== 0) {
      counters.quic_overlaps_differ++
      this.mark(connection, DIFFERS << side)
    }
    return this.again(connection, side)
  }

  /** Whether a frame is a whole ClientHello at the start of a stream that began otherwise: another reading of it. */
  private isRival(connection: number, bytes: Uint8Array, frame: CryptoFrame): boolean {
    const { words } = this.connections
    const { offset, partOff, partLen } = frame
    const at = connection * CONNECTION_WORDS
    if (offset !== 0 || partLen < RANDOM_OFF + RANDOM_LEN) return false
    if (u8(bytes, partOff) !== CLIENT_HELLO) return false
    if (MESSAGE_HEADER_LEN + u24(bytes, partOff + 1) !== partLen) return false
    if (this.has(connection, BROKEN << CLIENT)) return true
    if ((words[at + CONSUMED + CLIENT] ?? 0) === 0 || words[at + HELLO_LEN] === 0) return false
    for (let i = 0; i < RANDOM_WORDS; i++)
      if (
        u32(bytes, partOff + RANDOM_OFF + 4 * i) >>> 0 !==
        (words[at + HELLO_RANDOM + i] ?? 0) >>> 0
      )
        return true
    return false
  }

  private giveRival(bytes: Uint8Array, off: number, length: number): number {
    const { message } = this
    message.quality = QUALITY_CONFLICT
    message.firstMicros = -1
    message.bytes = bytes
    message.off = off
    message.end = off + length
    this.counters.hello_conflicts++
    return 1
  }

  /** A further message that is whole already; as `take`. */
  again(connection: number, side: number): number {
    const { connections } = this
    const { pool, words } = connections
    const slot = connections.slotOf(connection, side)
    if (slot < 0) return NOTHING
    const consumed = words[connection * CONNECTION_WORDS + CONSUMED + side] ?? 0
    const start = consumed - (pool.words[slot * SLOT_WORDS + BASE] ?? 0)
    const solid = pool.words[slot * SLOT_WORDS + SOLID] ?? -1
    if (solid - start < MESSAGE_HEADER_LEN) return NOTHING
    const bytes = pool.bytesOf(slot)
    const off = pool.offsetOf(slot) + start
    const length = this.lengthAt(connection, side, bytes, off)
    if (length < 0) {
      connections.freeSlot(connection, side)
      return NOTHING
    }
    if (solid - start < length) return NOTHING
    // What follows a hello in its slot belongs to one more; its bytes stay until the next slot is taken.
    const reach = pool.words[slot * SLOT_WORDS + REACH] ?? 0
    if (reach <= start + length) connections.freeSlot(connection, side)
    return this.give(connection, side, bytes, off, length)
  }

  /** Bytes of the message that begins at `off`, header included, or -1 where it is no hello or none that is kept. */
  private lengthAt(connection: number, side: number, bytes: Uint8Array, off: number): number {
    const length = MESSAGE_HEADER_LEN + u24(bytes, off + 1)
    if (u8(bytes, off) !== (side === CLIENT ? CLIENT_HELLO : SERVER_HELLO)) {
      this.counters.quic_malformed++
    } else if (length > MAX_HELLO_LEN) {
      this.counters.hello_too_long++
    } else {
      return length
    }
    this.mark(connection, BROKEN << side)
    return -1
  }

  private give(
    connection: number,
    side: number,
    bytes: Uint8Array,
    off: number,
    length: number,
  ): number {
    const { words, micros } = this.connections
    const at = connection * CONNECTION_WORDS
    const consumed = words[at + CONSUMED + side] ?? 0
    words[at + CONSUMED + side] = consumed + length
    const message = this.message
    message.quality = this.has(connection, REPEATED << side) ? QUALITY_RETRANSMIT : 0
    message.firstMicros = -1
    if (this.has(connection, DIFFERS << side)) {
      // The server may have taken the other bytes.
      message.quality |= QUALITY_CONFLICT
      this.counters.hello_conflicts++
    }
    if (side === CLIENT) {
      const first = connection * (CONNECTION_WORDS / 2) + FIRST_MICROS
      if (consumed > 0) {
        message.quality |= QUALITY_HRR
        message.firstMicros = micros[first] ?? -1
      } else if (this.isSentAgain(connection, bytes, off, length)) {
        this.counters.hello_retransmitted++
        return NOTHING
      } else {
        micros[first] = this.nowMicros
      }
    }
    message.bytes = bytes
    message.off = off
    message.end = off + length
    return side === CLIENT ? 1 : 2
  }

  /**
   * Whether another connection of the flow gave the very hello, and is then the same: a Retry makes the client send it
   * again (RFC 9000 §17.2.5.3).
   */
  private isSentAgain(connection: number, bytes: Uint8Array, off: number, length: number): boolean {
    const { connections } = this
    const { words } = connections
    if (length < RANDOM_OFF + RANDOM_LEN) return false
    const at = connection * CONNECTION_WORDS
    words[at + HELLO_LEN] = length
    for (let i = 0; i < RANDOM_WORDS; i++) {
      words[at + HELLO_RANDOM + i] = u32(bytes, off + RANDOM_OFF + 4 * i)
    }
    let other = connections.newestBeside(connection)
    for (; other >= 0; other = connections.olderThan(other)) {
      if (other === connection) continue
      const otherAt = other * CONNECTION_WORDS
      let isSame = words[otherAt + HELLO_LEN] === length
      for (let i = 0; i < RANDOM_WORDS && isSame; i++) {
        isSame = words[otherAt + HELLO_RANDOM + i] === words[at + HELLO_RANDOM + i]
      }
      if (!isSame) continue
      connections.rename(connection, other)
      return true
    }
    return false
  }

  private has(connection: number, flag: number): boolean {
    return ((this.connections.words[connection * CONNECTION_WORDS + FLAGS] ?? 0) & flag) !== 0
  }

  private mark(connection: number, flag: number): void {
    const words = this.connections.words
    const at = connection * CONNECTION_WORDS + FLAGS
    words[at] = (words[at] ?? 0) | flag
  }
}
