import { u16, u24, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MALFORMED, NEED_MORE } from '../base/fault.js'
import { MAX_HELLO_SPAN, MAX_PREAMBLE_LEN } from '../base/limits.js'
import {
  HandshakeBytes,
  QUALITY_CONFLICT,
  QUALITY_GAP,
  QUALITY_HRR,
  QUALITY_NO_SYN,
  QUALITY_RETRANSMIT,
  QUALITY_TRUNCATED,
} from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import {
  HANDSHAKE_HEADER_LEN,
  isSsl2,
  RECORD_HEADER_LEN,
  skipChangeCipherSpec,
  ssl2End,
  ssl2Message,
  WANT_CERTIFICATE,
  WANT_CLIENT_HELLO,
  WANT_SERVER_HELLO,
  wantOf,
  wholeInRecord,
} from './hello-start.js'
import {
  FOLLOWED_BY_NOTHING,
  FOLLOWED_BY_WANTED,
  followedBy,
  FIRST_LEN_SHIFT,
  followsInRecord,
  isLast,
  isMoved,
  MESSAGE,
  MESSAGE_END,
  readRecords,
  restartRecords,
  SSL2_VERSION,
  VERSION,
} from './records.js'
import { ANCHOR, BASE, SLOT_WORDS, SOLID } from '../base/slot-layout.js'
import { PUT_CONFLICT, PUT_REPEATED } from '../base/slot-pool.js'
import {
  CERTIFICATE_DUE,
  CUT,
  FLAGS,
  FIRST_MICROS,
  FLOW_WORDS,
  GIVEN,
  GIVEN_AT,
  GIVEN_SUM,
  NEXT,
  OTHER_GIVEN,
  OTHER_REFUSED,
  RANDOM_SHIFT,
  REPEATED,
  SLOT,
  SYN_SEEN,
  SYN_SHAPE,
} from '../kernels/tcp-layout.js'
import { helloSum } from './hello-sum.js'
import { fillSyn } from './syn-facts.js'
import type { TcpFlows } from './tcp-flows.js'

/** What a segment made whole. */
export const NOTHING = 0
export const CLIENT_HELLO = 1
export const SERVER_HELLO = 2
export const CERTIFICATE = 3

const RANDOM_MASK = -1 << RANDOM_SHIFT
/** Type, length and version come before the random (RFC 8446 §4.1.2). */
const RANDOM_OFF = 6

/** Where bytes go that another reading of the stream has, too, or has otherwise: TcpReadings. */
interface OtherReadings {
  diverge(entry: number, seq: number, bytes: Uint8Array, off: number, end: number): void
  put(entry: number, seq: number, bytes: Uint8Array, off: number, end: number, isNew: boolean): void
}

/** Makes messages whole: where they lie in the packet, or in the flow's slot. */
export class TcpMessages {
  readonly message = new HandshakeBytes()
  /** Flow whose slot may hold one more message, or -1. */
  following = -1
  /** Flow whose other reading is to be given, or -1. */
  rival = -1
  /** Where other readings are kept. */
  readings: OtherReadings | undefined
  /** QUALITY_CONFLICT where the hello about to be given has it. */
  private conflict = 0
  /** Packet time of the segment at hand, microseconds. */
  nowMicros = 0
  private readonly flows: TcpFlows
  private readonly counters: Counters

  constructor(flows: TcpFlows, counters: Counters) {
    this.flows = flows
    this.counters = counters
  }

  /** A hello begins at `start` of a segment of a flow without a slot, `ahead` bytes after what is known. */
  begin(
    packet: Packet,
    entry: number,
    seq: number,
    off: number,
    start: number,
    ahead: number,
    wanted: number,
  ): number {
    const flows = this.flows
    const words = flows.words
    const at = entry * FLOW_WORDS
    const bytes = packet.bytes
    const end = packet.payloadOff + packet.payloadLen
    const isWatched = flows.isWatched(entry)
    const messageEnd = isSsl2(bytes, start)
      ? ssl2Whole(bytes, start, end)
      : wholeInRecord(bytes, start, end)
    if (messageEnd > 0 && !this.certificateFollows(bytes, start, messageEnd, end)) {
      return this.giveInPlace(packet, entry, seq, start, messageEnd, isWatched && ahead > 0)
    }

    const startSeq = (seq + start - packet.payloadOff) | 0
    // What is missing before it may still come, and may be part of it.
    const fromNext = isWatched && ahead > 0 && ahead <= MAX_PREAMBLE_LEN
    if (!isWatched || ahead <= 0) words[at + NEXT] = startSeq
    const base = fromNext ? (words[at + NEXT] ?? 0) : startSeq
    const first = fromNext ? off : start
    const offset = fromNext ? ahead : 0
    const span = Math.max(offset + end - first, offset + start - first + spanOf(bytes, start, end))
    if (flows.takeSlot(entry, Math.min(span, MAX_HELLO_SPAN), base) < 0) return NOTHING
    flows.watch(entry)
    return this.put(entry, bytes, first, end, offset, start, wanted)
  }

  /** Puts `bytes[off, end)` at `offset` of the flow's slot; a hello begins at `start`, or that is -1. */
  put(
    entry: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    offset: number,
    start: number,
    wanted: number,
  ): number {
    const flows = this.flows
    const pool = flows.pool
    const stop = Math.min(end, off + MAX_HELLO_SPAN - offset)
    if (stop <= off) return NOTHING
    const slot = flows.growSlot(entry, offset + stop - off)
    if (slot < 0) {
      flows.dropSlot(entry, 'hello_too_long')
      flows.unwatch(entry)
      return NOTHING
    }
    const at = slot * SLOT_WORDS
    const anchor = pool.words[at + ANCHOR] ?? -1
    const isRaw = !isMoved(pool, slot)
    if (start >= 0) {
      // Of several starts the first in the stream is the hello: a later one is within it.
      const startOffset = offset + start - off
      if (anchor < 0 || (startOffset < anchor && isRaw)) {
        pool.setAnchor(slot, startOffset)
        if (anchor >= 0) restartRecords(pool, slot)
      }
    }
    const comparable = isRaw ? 0 : (pool.words[at + SOLID] ?? 0)
    const seen = pool.put(slot, offset, bytes, off, stop, comparable)
    if ((seen & PUT_REPEATED) !== 0) flows.mark(entry, REPEATED)
    const seq = ((pool.words[at + BASE] ?? 0) + offset) | 0
    if ((seen & PUT_CONFLICT) !== 0) {
      this.counters.tcp_overlaps_differ++
      this.readings?.diverge(entry, seq, bytes, off, stop)
    } else if (flows.otherOf(entry) >= 0) this.readings?.put(entry, seq, bytes, off, stop, false)
    const other = flows.otherOf(entry)
    if (other >= 0 && start >= 0 && (pool.words[other * SLOT_WORDS + ANCHOR] ?? -1) < 0) {
      const otherBase = pool.words[other * SLOT_WORDS + BASE] ?? 0
      const startOffset = (seq + start - off - otherBase) | 0
      if (startOffset >= 0) pool.setAnchor(other, startOffset)
    }
    return (pool.words[at + ANCHOR] ?? -1) < 0 ? NOTHING : this.read(entry, slot, wanted)
  }

  /** A further message in a slot of the flow that gave one last. */
  next(): number {
    const rival = this.rival
    this.rival = -1
    if (rival >= 0) return this.giveOther(rival)
    const entry = this.following
    this.following = -1
    if (entry < 0) return NOTHING
    const slot = this.flows.words[entry * FLOW_WORDS + SLOT] ?? -1
    return slot < 0 ? NOTHING : this.read(entry, slot, WANT_CERTIFICATE)
  }

  /** Gives the other reading of the flow, which is whole. */
  giveOther(entry: number): number {
    const { pool } = this.flows
    const slot = this.flows.otherOf(entry)
    const at = slot * SLOT_WORDS
    const bytes = pool.bytesOf(slot)
    const off = pool.offsetOf(slot)
    const version = (pool.words[at + VERSION] ?? 0) & 0xffff
    this.message.firstRecordLen = (pool.words[at + VERSION] ?? 0) >>> FIRST_LEN_SHIFT
    const message = off + (pool.words[at + MESSAGE] ?? 0)
    const end = off + (pool.words[at + MESSAGE_END] ?? 0)
    this.flows.freeOther(entry)
    return this.giveBeside(entry, bytes, message, end, version)
  }

  /** Gives a hello whole in a record at `start`, at the place of the one given last. */
  giveLate(entry: number, bytes: Uint8Array, start: number, messageEnd: number): number {
    this.message.firstRecordLen = u16(bytes, start + 3)
    const off = start + RECORD_HEADER_LEN
    return this.giveBeside(entry, bytes, off, messageEnd, u16(bytes, start + 1))
  }

  /** Gives a hello beside the one given last, of which the flow keeps what it knows. */
  private giveBeside(
    entry: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    version: number,
  ): number {
    const at = entry * FLOW_WORDS
    const { words } = this.flows
    const [flags = 0, sum = 0] = [words[at + FLAGS], words[at + GIVEN_SUM]]
    const first = this.flows.micros[entry * (FLOW_WORDS / 2) + FIRST_MICROS] ?? -1
    words[at + FLAGS] = flags & ~GIVEN
    this.conflict = QUALITY_CONFLICT
    const given = this.give(entry, bytes, off, end, WANT_CLIENT_HELLO, version, false)
    words[at + FLAGS] = flags
    words[at + GIVEN_SUM] = sum
    this.flows.micros[entry * (FLOW_WORDS / 2) + FIRST_MICROS] = first
    return given
  }

  /** Takes note whether another reading of the flow is a whole hello, too, and another one than `bytes[off, end)`. */
  private noteRival(entry: number, bytes: Uint8Array, off: number, end: number): void {
    const { flows } = this
    const { pool } = flows
    const other = flows.otherOf(entry)
    const shape = flows.words[entry * FLOW_WORDS + SYN_SHAPE] ?? 0
    if ((shape & OTHER_GIVEN) !== 0) this.conflict = QUALITY_CONFLICT
    if (other < 0) return
    const isRefused = (shape & OTHER_REFUSED) !== 0
    const result = isRefused ? MALFORMED : readRecords(pool, other, WANT_CLIENT_HELLO)
    const otherBytes = pool.bytesOf(other)
    const otherOff = pool.offsetOf(other) + (pool.words[other * SLOT_WORDS + MESSAGE] ?? 0)
    let isSame = result - otherOff === end - off
    for (let i = off; i < end && isSame; i++) isSame = bytes[i] === otherBytes[otherOff + i - off]
    if (result < 0 || isSame) {
      if (!isSame) this.counters.tcp_readings_dropped++
      flows.freeOther(entry)
      return
    }
    this.conflict = QUALITY_CONFLICT
    this.rival = entry
  }

  /** Gives the message of a slot of the flow, once it is whole, with QUALITY_ bits besides its own. */
  read(entry: number, slot: number, wanted: number, quality = 0): number {
    const flows = this.flows
    const pool = flows.pool
    const words = flows.words
    const at = entry * FLOW_WORDS
    const result = readRecords(pool, slot, wanted)
    if (result === NEED_MORE) {
      if (pool.words[slot * SLOT_WORDS + SOLID] === MAX_HELLO_SPAN) {
        flows.dropSlot(entry, 'hello_too_long')
        flows.unwatch(entry)
      }
      return NOTHING
    }
    if (result === MALFORMED) {
      const other = flows.otherOf(entry)
      if (other >= 0) {
        this.counters.tcp_readings_dropped++
        flows.promoteOther(entry)
        return this.read(entry, other, wanted, QUALITY_CONFLICT)
      }
      flows.dropSlot(entry, 'hello_broken_off')
      flows.unwatch(entry)
      return NOTHING
    }

    const slotAt = slot * SLOT_WORDS
    const bytes = pool.bytesOf(slot)
    const off = pool.offsetOf(slot) + (pool.words[slotAt + MESSAGE] ?? 0)
    const base = pool.words[slotAt + BASE] ?? 0
    const want = wantOf(u8(bytes, off))
    const version = (pool.words[slotAt + VERSION] ?? 0) & 0xffff
    this.message.firstRecordLen = (pool.words[slotAt + VERSION] ?? 0) >>> FIRST_LEN_SHIFT
    const gap = this.isGapBefore(entry, slot)
    if (want === WANT_CLIENT_HELLO) {
      words[at + GIVEN_AT] = (base + (pool.words[slotAt + ANCHOR] ?? 0)) | 0
      this.noteRival(entry, bytes, off, result)
      this.conflict |= quality
    }
    words[at + NEXT] = (base + (pool.words[slotAt + SOLID] ?? 0)) | 0
    const given = this.give(entry, bytes, off, result, want, version, gap)
    const follows = want === WANT_SERVER_HELLO ? followedBy(pool, slot, WANT_CERTIFICATE) : -1
    if (follows === FOLLOWED_BY_NOTHING || follows === FOLLOWED_BY_WANTED) {
      flows.mark(entry, CERTIFICATE_DUE)
    }
    if (follows === FOLLOWED_BY_WANTED) {
      this.following = entry
      return given
    }
    if (!isLast(pool, slot) || want === WANT_CERTIFICATE) flows.unwatch(entry)
    // Its bytes stay until the next slot is taken.
    flows.freeSlot(entry)
    return given
  }

  /** Whether bytes are missing between what was known and the slot's anchor. */
  private isGapBefore(entry: number, slot: number): boolean {
    const words = this.flows.pool.words
    const base = words[slot * SLOT_WORDS + BASE] ?? 0
    const known = ((this.flows.words[entry * FLOW_WORDS + NEXT] ?? 0) - base) | 0
    const anchor = words[slot * SLOT_WORDS + ANCHOR] ?? 0
    if (known >= anchor) return false
    return known < 0 || !this.flows.pool.isFilled(slot, known, anchor)
  }

  private giveInPlace(
    packet: Packet,
    entry: number,
    seq: number,
    start: number,
    messageEnd: number,
    gap: boolean,
  ): number {
    const flows = this.flows
    const words = flows.words
    const bytes = packet.bytes
    const end = packet.payloadOff + packet.payloadLen
    const isOldFrame = isSsl2(bytes, start)
    const recordEnd = isOldFrame ? messageEnd : start + RECORD_HEADER_LEN + u16(bytes, start + 3)
    // Behind a gap comes one that another may come before.
    if (!gap || !flows.has(entry, SYN_SEEN))
      words[entry * FLOW_WORDS + NEXT] = (seq + packet.payloadWireLen) | 0
    const off = isOldFrame ? ssl2Message(start) : start + RECORD_HEADER_LEN
    const want = isOldFrame ? WANT_CLIENT_HELLO : wantOf(u8(bytes, off))
    const version = isOldFrame ? SSL2_VERSION : u16(bytes, start + 1)
    if (want === WANT_CLIENT_HELLO) {
      words[entry * FLOW_WORDS + GIVEN_AT] = (seq + start - packet.payloadOff) | 0
      this.noteRival(entry, bytes, off, messageEnd)
    }
    this.message.firstRecordLen = isOldFrame ? 0 : u16(bytes, start + 3)
    const given = this.give(entry, bytes, off, messageEnd, want, version, gap)
    if (want === WANT_SERVER_HELLO && recordEnd === end) flows.mark(entry, CERTIFICATE_DUE)
    const isLastHere =
      recordEnd === messageEnd &&
      skipChangeCipherSpec(bytes, recordEnd, end) === end &&
      packet.payloadLen === packet.payloadWireLen
    // A second hello may follow, and its segments may come in any order.
    if (isLastHere && want !== WANT_CERTIFICATE) flows.watch(entry)
    else flows.unwatch(entry)
    return given
  }

  private give(
    entry: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    want: number,
    version: number,
    gap: boolean,
  ): number {
    const words = this.flows.words
    const flags = words[entry * FLOW_WORDS + FLAGS] ?? 0
    const random = u24(bytes, off + RANDOM_OFF) << RANDOM_SHIFT
    const message = this.message
    message.bytes = bytes
    message.off = off
    message.end = end
    message.recordVersion = version
    message.sslv2 = version === SSL2_VERSION
    if (message.sslv2) this.counters.sslv2_hellos++
    let quality = gap ? QUALITY_GAP : 0
    if ((flags & SYN_SEEN) === 0) quality |= QUALITY_NO_SYN
    if ((flags & CUT) !== 0) quality |= QUALITY_TRUNCATED
    if ((flags & REPEATED) !== 0) quality |= QUALITY_RETRANSMIT
    words[entry * FLOW_WORDS + FLAGS] =
      (flags & ~(REPEATED | CERTIFICATE_DUE | RANDOM_MASK)) | GIVEN | random
    message.firstMicros = -1
    if (want === WANT_CLIENT_HELLO) {
      const { micros } = this.flows
      const at = entry * (FLOW_WORDS / 2) + FIRST_MICROS
      // The client that is asked to try again sends the same random (RFC 8446 §4.1.2).
      if ((flags & GIVEN) !== 0 && (flags & RANDOM_MASK) === random) {
        quality |= QUALITY_HRR
        message.firstMicros = micros[at] ?? -1
      } else {
        micros[at] = this.nowMicros
      }
      words[entry * FLOW_WORDS + GIVEN_SUM] = helloSum(bytes, off, end)
      quality |= this.conflict
      if (this.conflict !== 0) this.counters.hello_conflicts++
      this.conflict = 0
    }
    message.quality = quality
    fillSyn(message, words, entry * FLOW_WORDS)
    if (want === WANT_CLIENT_HELLO) return CLIENT_HELLO
    return want === WANT_SERVER_HELLO ? SERVER_HELLO : CERTIFICATE
  }

  /** Whether behind a ServerHello in one record a Certificate begins in the same segment, or in the same record. */
  private certificateFollows(
    bytes: Uint8Array,
    start: number,
    messageEnd: number,
    end: number,
  ): boolean {
    if (isSsl2(bytes, start) || u8(bytes, start + RECORD_HEADER_LEN) !== WANT_SERVER_HELLO)
      return false
    return (
      followsInRecord(
        bytes,
        messageEnd,
        start + RECORD_HEADER_LEN + u16(bytes, start + 3),
        end,
        WANT_CERTIFICATE,
      ) === FOLLOWED_BY_WANTED
    )
  }
}

/** Offset past the SSL 2.0 record at `start` where all of it lies before `end`, else -1. */
function ssl2Whole(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return -1
  const messageEnd = ssl2End(bytes, start)
  return messageEnd <= end ? messageEnd : -1
}

/** Bytes of stream the hello at `start` will take in records of full size, as far as that can be told. */
function spanOf(bytes: Uint8Array, start: number, end: number): number {
  if (isSsl2(bytes, start) || end - start < RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN) return 0
  const messageLen = HANDSHAKE_HEADER_LEN + u24(bytes, start + RECORD_HEADER_LEN + 1)
  return messageLen + RECORD_HEADER_LEN * (1 + (messageLen >> 14))
}
