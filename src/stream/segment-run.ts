// Segments of a block with nothing unusual, which the prefilter has written down. The kernel of the fast path takes them one after the
// other, until a hello is whole or a segment is to be decoded: so nearly none of them needs any JavaScript.

import { SEGMENT_WORDS } from '../base/block-layout.js'
import type { Counters } from '../base/counters.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { PacketBlock } from '../model/packet-block.js'
import { type Packet, PROTOCOL_TCP } from '../model/packet.js'
import {
  AT_MADE,
  AT_RUN,
  MADE_ANSWERS,
  MADE_SYNS,
  RUN_BITS,
  RUN_FALLBACK,
  RUN_OVER,
  SEGMENT_FLAGS,
  SEGMENT_HASH,
  SEGMENT_IP,
  SEGMENT_KEY,
  SEGMENT_MICROS,
  SEGMENT_PAYLOAD,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_SEQ,
  SEGMENT_TCP,
  SEGMENT_VLAN,
  HANDLED_PART,
} from '../kernels/tcp-layout.js'
import type { FastPath } from './fast-path.js'
import type { TcpFlows } from './tcp-flows.js'

const TCP_FLAGS = 0xff
const RUN_MASK = (1 << RUN_BITS) - 1
const MADE_WORDS = 16
const V4_ADDRESSES = 12
const V4_ADDRESS_LEN = 4
const V6_ADDRESSES = 8
const V6_ADDRESS_LEN = 16

/** Takes the segments of one block after the other. */
export class SegmentRun {
  private readonly words: Int32Array
  private readonly doubles: Float64Array
  private readonly made: Int32Array
  private readonly fastPath: FastPath
  private readonly counters: Counters
  private readonly message: HandshakeBytes

  /** @param message what is filled with each hello */
  constructor(
    { memory }: TcpFlows,
    fastPath: FastPath,
    message: HandshakeBytes,
    counters: Counters,
  ) {
    this.words = new Int32Array(memory.buffer)
    this.doubles = new Float64Array(memory.buffer, 0, memory.buffer.byteLength >>> 3)
    this.made = new Int32Array(memory.buffer, AT_MADE, MADE_WORDS)
    this.fastPath = fastPath
    this.counters = counters
    this.message = message
  }

  /** Begins a block that the prefilter has looked at. */
  begin({ segments, segmentCount }: PacketBlock): void {
    if (segments === undefined || segmentCount === 0) return
    this.words.set(segments.subarray(0, segmentCount * SEGMENT_WORDS), AT_RUN / 4)
  }

  /**
   * Takes the block's segments from passed frame `from` on, whose segment is one of them.
   *
   * @param others flows of which others take each segment, by their hash
   * @param packet gets the ends and the time of each hello
   * @param onHello is called for each, which lies in the message
   * @returns the first passed frame that is to be decoded, or that no segment was written of
   */
  take(
    block: PacketBlock,
    from: number,
    others: ReadonlyMap<number, number>,
    packet: Packet,
    onHello: () => void,
  ): number {
    const { segmentOf, passedCount } = block
    if (segmentOf === undefined) return from
    const first = (segmentOf[from] ?? 0) - 1
    let end = from
    // The frames behind one that was passed late have the segments behind its own.
    for (; end < passedCount && segmentOf[end] === first + 1 + end - from; end++)
      if (others.size > 0 && others.has(this.hashOf(first + end - from))) break
    if (end === from) return from
    const last = first + end - from
    for (let at = first; ;) {
      const run = this.fastPath.kernel.run(at, last)
      at = run >>> RUN_BITS
      const taken = run & RUN_MASK
      if (taken === RUN_OVER || taken === RUN_FALLBACK) {
        this.count()
        const stop = from + at - first
        // It is left to others now.
        if (taken === RUN_FALLBACK) segmentOf[stop] = 0
        return stop
      }
      const segment = AT_RUN / 4 + SEGMENT_WORDS * at
      const payloadOff = this.words[segment + SEGMENT_PAYLOAD] ?? 0
      const payloadLen = this.words[segment + SEGMENT_PAYLOAD_LEN] ?? 0
      if (taken >= HANDLED_PART) this.fastPath.copyPart(block.bytes, payloadOff, payloadLen)
      if (taken !== HANDLED_PART) {
        this.fastPath.fill(this.message, block.bytes, payloadOff, payloadOff + payloadLen, taken)
        this.fill(packet, block, segment)
        onHello()
      }
      at++
    }
  }

  private hashOf(segment: number): number {
    return this.words[AT_RUN / 4 + SEGMENT_WORDS * segment + SEGMENT_HASH] ?? 0
  }

  /** Adds what the kernel counted to the counters. */
  private count(): void {
    const { made, counters } = this
    counters.tcp_syns += made[MADE_SYNS] ?? 0
    counters.tcp_syn_acks += made[MADE_ANSWERS] ?? 0
    made[MADE_SYNS] = made[MADE_ANSWERS] = 0
  }

  /** Fills `packet` with the segment at `words[at …]`, as the decoders would. */
  private fill(packet: Packet, block: PacketBlock, at: number): void {
    const { words } = this
    const ports = words[at + SEGMENT_KEY] ?? 0
    const isV4 = words[at + SEGMENT_KEY + 1] === 4
    const ip = words[at + SEGMENT_IP] ?? 0
    const addresses = ip + (isV4 ? V4_ADDRESSES : V6_ADDRESSES)
    const payloadLen = words[at + SEGMENT_PAYLOAD_LEN] ?? 0
    packet.bytes = block.bytes
    packet.timeMicros = this.doubles[(at + SEGMENT_MICROS) >> 1] ?? 0
    packet.ipVersion = isV4 ? 4 : 6
    packet.srcAddrOff = addresses
    packet.dstAddrOff = addresses + (isV4 ? V4_ADDRESS_LEN : V6_ADDRESS_LEN)
    packet.ipOff = ip
    packet.tcpOff = words[at + SEGMENT_TCP] ?? 0
    packet.protocol = PROTOCOL_TCP
    packet.srcPort = ports >>> 16
    packet.dstPort = ports & 0xffff
    packet.seq = (words[at + SEGMENT_SEQ] ?? 0) >>> 0
    packet.flags = (words[at + SEGMENT_FLAGS] ?? 0) & TCP_FLAGS
    packet.payloadOff = words[at + SEGMENT_PAYLOAD] ?? 0
    packet.payloadLen = payloadLen
    packet.payloadWireLen = payloadLen
    packet.vlan = words[at + SEGMENT_VLAN] ?? -1
    packet.encapsulationCount = 0
  }
}
