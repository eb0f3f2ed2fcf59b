// The part of the TCP room that runs for nearly every segment: assembly/ordinary.ts. Here it is given the segment.

import { Kernel } from '../base/kernel.js'
import { i32, u16 } from '../base/bytes.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import { type Packet, secondsOf, TCP_ACK, TCP_SYN, TCP_URG } from '../model/packet.js'
import { STARTS } from './find-start.js'
import { RECORD_HEADER_LEN } from './hello-start.js'
import { CODE } from '../kernels/fast-path-code.js'
import { checksumOf, RIGHT } from './checksum.js'
import { helloSum } from './hello-sum.js'
import type { EarlySegments } from './early-segments.js'
import type { Receiver } from './receiver.js'
import { fillSyn, readSyn, ttlOf } from './syn-facts.js'
import type { TcpFlows } from './tcp-flows.js'
import { TcpOptions } from './tcp-options.js'
import {
  AT_SEGMENT,
  AT_STARTS,
  FLOW_WORDS,
  GIVEN_AT,
  GIVEN_SUM,
  LEFT,
  NEXT,
  SEGMENT_ACK,
  SEGMENT_ENTRY,
  SEGMENT_FIRST_MICROS,
  SEGMENT_FLAGS,
  SEGMENT_HASH,
  SEGMENT_HAS_TIMESTAMPS,
  SEGMENT_HEAD,
  SEGMENT_KEY,
  SEGMENT_MICROS,
  SEGMENT_PART,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_PAYLOAD_WIRE_LEN,
  SEGMENT_QUALITY,
  SEGMENT_RECORD,
  SEGMENT_RECORD_END,
  SEGMENT_SECONDS,
  SEGMENT_SEQ,
  SEGMENT_SUM_IS_RIGHT,
  SEGMENT_SYN,
  SEGMENT_TIMESTAMP,
  SEGMENT_TTL,
  TAKEN_HELLO,
  TAKEN_PART,
  TAKEN_SYN,
} from '../kernels/tcp-layout.js'

/** The loop's exports. */
interface OrdinaryLoop {
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
}

const LOOP = new Kernel<OrdinaryLoop>(CODE)
const SEGMENT_WORDS = 64
const HEAD_WORDS = 4
const V6_WORDS = 4
const TCP_MIN_HEADER_LEN = 20
const ACKNOWLEDGMENT_NUMBER = 8

/** Takes ordinary segments. */
export class OrdinarySegments {
  private readonly words: Int32Array
  private readonly doubles: Float64Array
  private readonly bytes: Uint8Array
  private readonly flowWords: Int32Array
  private readonly receiver: Receiver
  private readonly options = new TcpOptions()
  private readonly loop: OrdinaryLoop

  constructor({ memory, table, pool, words: flowWords }: TcpFlows, receiver: Receiver) {
    const { buffer } = memory
    this.flowWords = flowWords
    this.receiver = receiver
    this.words = new Int32Array(buffer, AT_SEGMENT, SEGMENT_WORDS)
    this.doubles = new Float64Array(buffer, AT_SEGMENT, SEGMENT_WORDS / 2)
    this.bytes = new Uint8Array(buffer)
    this.bytes.set(STARTS, AT_STARTS)
    this.loop = LOOP.over(memory)
    const [k0 = 0, k1 = 0, k2 = 0] = table.key
    const { off, classCount, slotCount } = pool.place
    this.loop.prepare(table.capacity, k0, k1, k2, off, classCount, slotCount)
  }

  /** Takes a segment to a server, where it is ordinary. @returns LEFT, UNPLACED or a TAKEN_ value */
  take(packet: Packet): number {
    const { words } = this
    const { bytes, payloadOff, payloadLen, srcAddrOff, dstAddrOff } = packet
    if (payloadLen >= 4 * HEAD_WORDS) {
      for (let i = 0; i < HEAD_WORDS; i++) words[SEGMENT_HEAD + i] = i32(bytes, payloadOff + 4 * i)
    } else if (payloadLen > 0) return LEFT
    this.doubles[SEGMENT_MICROS] = packet.timeMicros
    words[SEGMENT_SECONDS] = secondsOf(packet)
    words[SEGMENT_SEQ] = packet.seq
    words[SEGMENT_FLAGS] = packet.flags
    words[SEGMENT_PAYLOAD_LEN] = payloadLen
    words[SEGMENT_PAYLOAD_WIRE_LEN] = packet.payloadWireLen
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
    const isSyn = (packet.flags & TCP_SYN) !== 0
    let sum = RIGHT
    if (isSyn) {
      if (payloadLen !== 0 || (packet.flags & TCP_ACK) !== 0) return LEFT
      sum = this.receiver.sumOfSyn(packet)
      readSyn(packet, sum === RIGHT, words, SEGMENT_SYN)
    } else if (!this.setSegment(packet)) return LEFT
    const taken = this.loop.take()
    if (taken === TAKEN_SYN) this.receiver.noteSyn(sum)
    if (taken >= TAKEN_PART)
      this.bytes.set(bytes.subarray(payloadOff, payloadOff + payloadLen), words[SEGMENT_PART] ?? 0)
    return taken
  }

  /** Remembers a segment for which `take` gave UNPLACED. */
  remember(packet: Packet, early: EarlySegments): void {
    early.add(packet, this.words, SEGMENT_HASH)
  }

  /** Says what the receiver of the segment looks at. @returns whether nothing is out of the ordinary so far */
  private setSegment(packet: Packet): boolean {
    const { words, options } = this
    const { bytes, tcpOff, payloadOff, flags } = packet
    if ((flags & (TCP_ACK | TCP_URG)) !== TCP_ACK || tcpOff < 0) return false
    const { mostSumsAreRight } = this.receiver
    if (mostSumsAreRight && checksumOf(packet) !== RIGHT) return false
    words[SEGMENT_SUM_IS_RIGHT] = mostSumsAreRight ? 1 : 0
    words[SEGMENT_TTL] = ttlOf(packet)
    words[SEGMENT_ACK] = i32(bytes, tcpOff + ACKNOWLEDGMENT_NUMBER)
    words[SEGMENT_HAS_TIMESTAMPS] = 0
    if (payloadOff - tcpOff === TCP_MIN_HEADER_LEN) return true
    options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
    words[SEGMENT_HAS_TIMESTAMPS] = options.hasTimestamps ? 1 : 0
    words[SEGMENT_TIMESTAMP] = options.timestamp
    return !options.isSigned
  }

  /** Fills `message` with the hello that is whole with the packet: `take` gave TAKEN_HELLO or TAKEN_LAST_PART. */
  fill(message: HandshakeBytes, { bytes, payloadOff, payloadLen }: Packet, taken: number): void {
    const isInPlace = taken === TAKEN_HELLO
    const record = isInPlace ? payloadOff : (this.words[SEGMENT_RECORD] ?? 0)
    message.bytes = isInPlace ? bytes : this.bytes
    message.off = record + RECORD_HEADER_LEN
    message.end = isInPlace ? payloadOff + payloadLen : (this.words[SEGMENT_RECORD_END] ?? 0)
    message.recordVersion = u16(message.bytes, record + 1)
    message.sslv2 = false
    message.firstRecordLen = u16(message.bytes, record + 3)
    message.quality = this.words[SEGMENT_QUALITY] ?? 0
    message.firstMicros = this.doubles[SEGMENT_FIRST_MICROS / 2] ?? -1
    const { flowWords } = this
    const at = (this.words[SEGMENT_ENTRY] ?? 0) * FLOW_WORDS
    fillSyn(message, flowWords, at)
    flowWords[at + GIVEN_AT] = ((flowWords[at + NEXT] ?? 0) - (message.end - record)) | 0
    flowWords[at + GIVEN_SUM] = helloSum(message.bytes, message.off, message.end)
  }
}
