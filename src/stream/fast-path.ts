// The fast path of TCP, kernels/assembly/stream/fast-path.ts, for one segment: this file fills in the segment that the kernel takes.

import { Kernel } from '../base/kernel.js'
import { SEGMENT_WORDS } from '../base/block-layout.js'
import { i32, u16, u8 } from '../base/bytes.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import { type Packet, secondsOf, TCP_ACK, TCP_SYN, TCP_URG } from '../model/packet.js'
import { STARTS } from './find-start.js'
import { RECORD_HEADER_LEN } from './hello-start.js'
import { CODE } from '../kernels/fast-path-code.js'
import { checksumOf, RIGHT, UNKNOWN } from './checksum.js'
import { helloSum } from './hello-sum.js'
import type { EarlySegments } from './early-segments.js'
import type { Receiver } from './receiver.js'
import { fillSyn, readSyn, ttlOf } from './syn-facts.js'
import type { TcpFlows } from './tcp-flows.js'
import { TcpOptions } from './tcp-options.js'
import {
  AT_MADE,
  AT_SEGMENT,
  AT_STARTS,
  FLOW_WORDS,
  GIVEN_SUM,
  FALLBACK,
  MADE_ENTRY,
  MADE_FIRST_MICROS,
  MADE_PART,
  MADE_QUALITY,
  MADE_RECORD,
  MADE_RECORD_END,
  SEGMENT_ACK,
  SEGMENT_FLAGS,
  SEGMENT_HASH,
  SEGMENT_HAS_TIMESTAMPS,
  SEGMENT_HEAD,
  SEGMENT_HELLO_SUM,
  SEGMENT_KEY,
  SEGMENT_MICROS,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_SECONDS,
  SEGMENT_SEQ,
  SEGMENT_SUM,
  SEGMENT_SYN,
  SEGMENT_TIMESTAMP,
  SEGMENT_TTL,
  HANDLED_HELLO,
  HANDLED_PART,
} from '../kernels/tcp-layout.js'

/** The kernel's exports. */
export interface FastPathKernel {
  readonly prepare: (
    entries: number,
    k0: number,
    k1: number,
    k2: number,
    pool: number,
    classCount: number,
    slotCount: number,
  ) => void
  readonly take: () => number
  readonly run: (from: number, to: number) => number
}

const KERNEL = new Kernel<FastPathKernel>(CODE)
const HANDSHAKE = 22
const MADE_WORDS = 16
const HEAD_WORDS = 4
const V6_WORDS = 4
const TCP_MIN_HEADER_LEN = 20
const ACKNOWLEDGMENT_NUMBER = 8

/** The fast path: takes the segments of clients that are nearly all. */
export class FastPath {
  readonly kernel: FastPathKernel
  private readonly words: Int32Array
  private readonly doubles: Float64Array
  private readonly made: Int32Array
  private readonly madeDoubles: Float64Array
  private readonly bytes: Uint8Array
  private readonly flowWords: Int32Array
  private readonly receiver: Receiver
  private readonly options = new TcpOptions()

  constructor({ memory, table, pool, words: flowWords }: TcpFlows, receiver: Receiver) {
    const { buffer } = memory
    this.flowWords = flowWords
    this.receiver = receiver
    this.words = new Int32Array(buffer, AT_SEGMENT, SEGMENT_WORDS)
    this.doubles = new Float64Array(buffer, AT_SEGMENT, SEGMENT_WORDS / 2)
    this.made = new Int32Array(buffer, AT_MADE, MADE_WORDS)
    this.madeDoubles = new Float64Array(buffer, AT_MADE, MADE_WORDS / 2)
    this.bytes = new Uint8Array(buffer)
    this.bytes.set(STARTS, AT_STARTS)
    this.kernel = KERNEL.over(memory)
    const [k0 = 0, k1 = 0, k2 = 0] = table.key
    const { off, classCount, slotCount } = pool.place
    this.kernel.prepare(table.capacity, k0, k1, k2, off, classCount, slotCount)
  }

  /** Takes a segment to a server, if nothing is unusual about it. @returns FALLBACK, UNPLACED or a HANDLED_ value */
  take(packet: Packet): number {
    const { words } = this
    const { bytes, payloadOff, payloadLen, srcAddrOff, dstAddrOff } = packet
    if (payloadLen >= 4 * HEAD_WORDS) {
      for (let i = 0; i < HEAD_WORDS; i++) words[SEGMENT_HEAD + i] = i32(bytes, payloadOff + 4 * i)
    } else if (payloadLen > 0) return FALLBACK
    if (payloadLen !== packet.payloadWireLen) return FALLBACK
    this.doubles[SEGMENT_MICROS] = packet.timeMicros
    words[SEGMENT_SECONDS] = secondsOf(packet)
    words[SEGMENT_SEQ] = packet.seq
    words[SEGMENT_FLAGS] = packet.flags
    words[SEGMENT_PAYLOAD_LEN] = payloadLen
    words[SEGMENT_KEY] = (packet.srcPort << 16) | packet.dstPort
    words[SEGMENT_KEY + 1] = packet.ipVersion
    words[SEGMENT_KEY + 2] = i32(bytes, srcAddrOff)
    words[SEGMENT_KEY + 3] = i32(bytes, dstAddrOff)
    if (packet.ipVersion === 6) {
      for (let i = 1; i < V6_WORDS; i++) {
        words[SEGMENT_KEY + 2 + 2 * i] = i32(bytes, srcAddrOff + 4 * i)
        words[SEGMENT_KEY + 3 + 2 * i] = i32(bytes, dstAddrOff + 4 * i)
      }
    }
    if ((packet.flags & TCP_SYN) !== 0) {
      if (payloadLen !== 0 || (packet.flags & TCP_ACK) !== 0) return FALLBACK
      words[SEGMENT_SUM] = this.receiver.sumOfSyn(packet)
      readSyn(packet, false, words, SEGMENT_SYN)
    } else if (!this.setSegment(packet)) return FALLBACK
    const taken = this.kernel.take()
    if (taken >= HANDLED_PART) this.copyPart(bytes, payloadOff, payloadLen)
    return taken
  }

  /** Copies a payload that is part of a hello to its place: `take` or a run gave HANDLED_PART or HANDLED_LAST_PART. */
  copyPart(bytes: Uint8Array, payloadOff: number, payloadLen: number): void {
    this.bytes.set(bytes.subarray(payloadOff, payloadOff + payloadLen), this.made[MADE_PART] ?? 0)
  }

  /** Remembers a segment for which `take` gave UNPLACED. */
  remember(packet: Packet, early: EarlySegments): void {
    early.add(packet, this.words, SEGMENT_HASH)
  }

  /** Says what the receiver of the segment looks at. @returns whether nothing is unusual so far */
  private setSegment(packet: Packet): boolean {
    const { words, options } = this
    const { bytes, tcpOff, payloadOff, payloadLen, flags } = packet
    if ((flags & (TCP_ACK | TCP_URG)) !== TCP_ACK || tcpOff < 0) return false
    const { mostSumsAreRight } = this.receiver
    if (mostSumsAreRight && checksumOf(packet) !== RIGHT) return false
    words[SEGMENT_SUM] = mostSumsAreRight ? RIGHT : UNKNOWN
    words[SEGMENT_TTL] = ttlOf(packet)
    words[SEGMENT_ACK] = i32(bytes, tcpOff + ACKNOWLEDGMENT_NUMBER)
    words[SEGMENT_HAS_TIMESTAMPS] = 0
    if (payloadLen > 0 && u8(bytes, payloadOff) === HANDSHAKE)
      words[SEGMENT_HELLO_SUM] = helloSum(
        bytes,
        payloadOff + RECORD_HEADER_LEN,
        payloadOff + payloadLen,
      )
    if (payloadOff - tcpOff === TCP_MIN_HEADER_LEN) return true
    options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
    words[SEGMENT_HAS_TIMESTAMPS] = options.hasTimestamps ? 1 : 0
    words[SEGMENT_TIMESTAMP] = options.timestamp
    return !options.isSigned
  }

  /**
   * Fills `message` with the hello that is whole with the payload `bytes[payloadOff, end)`: `take` or a run gave HANDLED_HELLO or
   * HANDLED_LAST_PART.
   */
  fill(
    message: HandshakeBytes,
    bytes: Uint8Array,
    payloadOff: number,
    end: number,
    taken: number,
  ): void {
    const { made, flowWords } = this
    const isInPlace = taken === HANDLED_HELLO
    const record = isInPlace ? payloadOff : (made[MADE_RECORD] ?? 0)
    message.bytes = isInPlace ? bytes : this.bytes
    message.off = record + RECORD_HEADER_LEN
    message.end = isInPlace ? end : (made[MADE_RECORD_END] ?? 0)
    message.recordVersion = u16(message.bytes, record + 1)
    message.sslv2 = false
    message.firstRecordLen = u16(message.bytes, record + 3)
    message.quality = made[MADE_QUALITY] ?? 0
    message.firstMicros = this.madeDoubles[MADE_FIRST_MICROS / 2] ?? -1
    const at = (made[MADE_ENTRY] ?? 0) * FLOW_WORDS
    fillSyn(message, flowWords, at)
    // The kernel had not seen its last bytes.
    if (!isInPlace) flowWords[at + GIVEN_SUM] = helloSum(message.bytes, message.off, message.end)
  }
}
