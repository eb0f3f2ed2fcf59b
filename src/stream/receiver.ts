// Whether the receiver of a client's segment takes it, as far as what was seen of the connection tells: RFC 9293 §3.10.7,
// RFC 5961 (segments out of nowhere), RFC 7323 §5 (old timestamps), RFC 2385 (signatures). Asked where the SYN was seen.
//
// A sensor beside the path must not be fed what the receiver throws away. What a receiver is certain to throw away is
// REFUSED; what only some do, or what has come another way than the SYN, is DOUBTFUL. Neither is forgotten: readings.ts.

import { u16, u32 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import {
  MAX_ACK_DISTANCE,
  SYN_SAMPLE_MASK,
  WRONG_SYNS,
  WRONG_TO_RIGHT_SYNS,
} from '../base/limits.js'
import { SYN_TTL } from '../model/handshake-bytes.js'
import { type Packet, TCP_ACK, TCP_RST, TCP_URG } from '../model/packet.js'
import {
  ANSWER_HAS_TIMESTAMPS,
  ANSWERED,
  FLAGS,
  SERVER_NEXT,
  SUMS_ARE_RIGHT,
  SYN_HAS_TIMESTAMPS,
  SYN_SEEN,
  SYN_SHAPE,
  TIMESTAMP,
} from '../kernels/tcp-layout.js'
import { checksumOf, PARTIAL, RIGHT, UNKNOWN, WRONG } from './checksum.js'
import { ttlOf } from './syn-facts.js'
import { TcpOptions } from './tcp-options.js'

export const FINE = 0
export const DOUBTFUL = 1
export const REFUSED = 2

const TCP_MIN_HEADER_LEN = 20
const ACKNOWLEDGMENT_NUMBER = 8
const URGENT_POINTER = 18
/** Payload that no segment of Ethernet carries, but several that the capturing kernel put together do. */
const MERGED_LEN = 1_400
/** SYNs whose checksums were right, wrong, and all of them, looked at or not: the kernel of the fast path has them, too. */
const RIGHT_SYNS = 0
const NOT_RIGHT_SYNS = 1
const SYNS = 2

/** Judges segments. */
export class Receiver {
  private readonly options = new TcpOptions()
  private readonly counters: Counters
  /** Where most SYNs' checksums are wrong, network cards fill them in behind the capture. */
  private readonly sums: Float64Array

  /** @param sums three counts, of SYNs */
  constructor(counters: Counters, sums: Float64Array = new Float64Array(3)) {
    this.counters = counters
    this.sums = sums
  }

  /** Forgets what checksums were like: the packets that follow are of another capture. */
  clear(): void {
    this.sums.fill(0)
  }

  /** Whether checksums tell anything of a segment whose SYN was not seen. A few wrong ones in 65 536 look right by chance. */
  get mostSumsAreRight(): boolean {
    return (this.sums[RIGHT_SYNS] ?? 0) > (this.sums[NOT_RIGHT_SYNS] ?? 0)
  }

  /** What a SYN's checksums are. Where all of them are wrong, but for chance, only some are looked at: the others are UNKNOWN. */
  sumOfSyn(packet: Packet): number {
    const { sums } = this
    const wrong = sums[NOT_RIGHT_SYNS] ?? 0
    const isLikeAll = wrong >= WRONG_SYNS && (sums[RIGHT_SYNS] ?? 0) * WRONG_TO_RIGHT_SYNS <= wrong
    if (isLikeAll && ((sums[SYNS] ?? 0) & SYN_SAMPLE_MASK) !== 0) return UNKNOWN
    return checksumOf(packet)
  }

  /** Takes note of what a SYN's checksums are: where they are right, those of the segments behind it have to be. */
  noteSyn(sum: number): void {
    const { sums } = this
    sums[SYNS] = (sums[SYNS] ?? 0) + 1
    if (sum === UNKNOWN) return
    const at = sum === RIGHT ? RIGHT_SYNS : NOT_RIGHT_SYNS
    sums[at] = (sums[at] ?? 0) + 1
  }

  /** What becomes of a segment with payload, or FIN or RST, of the flow at `words[at …]`: FINE, DOUBTFUL or REFUSED. */
  verdict(packet: Packet, words: Int32Array, at: number): number {
    const isSynSeen = ((words[at + FLAGS] ?? 0) & SYN_SEEN) !== 0
    const shape = words[at + SYN_SHAPE] ?? 0
    // Without the client's SYN nothing is known that could speak against the segment.
    if (!isSynSeen || shape === 0) return FINE
    const isReset = (packet.flags & TCP_RST) !== 0
    if ((packet.flags & TCP_ACK) === 0 && !isReset) return REFUSED
    if ((shape & SUMS_ARE_RIGHT) !== 0) {
      const sum = checksumOf(packet)
      if (sum === WRONG) {
        this.counters.tcp_checksum_wrong++
        return REFUSED
      }
      if (sum === PARTIAL && packet.payloadLen <= MERGED_LEN) return DOUBTFUL
    }
    const ttl = ttlOf(packet)
    if (ttl !== 0 && (shape & SYN_TTL) !== 0 && ttl !== (shape & SYN_TTL)) return DOUBTFUL
    const { bytes, tcpOff, payloadOff } = packet
    if (payloadOff - tcpOff > TCP_MIN_HEADER_LEN || (shape & SYN_HAS_TIMESTAMPS) !== 0) {
      const { options } = this
      options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
      if (options.isSigned) return DOUBTFUL
      if ((shape & SYN_HAS_TIMESTAMPS) !== 0) {
        if (!options.hasTimestamps) {
          if ((shape & ANSWER_HAS_TIMESTAMPS) !== 0 && !isReset) return DOUBTFUL
        } else if (((options.timestamp - (words[at + TIMESTAMP] ?? 0)) | 0) < -1) return REFUSED
      }
    }
    if ((shape & ANSWERED) === 0 || (packet.flags & TCP_ACK) === 0) return FINE
    const ack = u32(bytes, tcpOff + ACKNOWLEDGMENT_NUMBER) | 0
    const ahead = (ack - (words[at + SERVER_NEXT] ?? 0)) | 0
    return Math.abs(ahead) > MAX_ACK_DISTANCE ? DOUBTFUL : FINE
  }

  /** Whether a SYN's data comes with a Fast Open cookie (RFC 7413), without which no server takes it. */
  isFastOpen({ bytes, tcpOff, payloadOff }: Packet): boolean {
    this.options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
    return this.options.fastOpenLen > 0
  }

  /** Whether the segment says its options have timestamps. */
  hasTimestamps({ bytes, tcpOff, payloadOff }: Packet): boolean {
    this.options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
    return this.options.hasTimestamps
  }
}

/**
 * Takes the urgent byte out of a segment with the URG flag, as a receiver does that hands it on apart (RFC 6093 §3.1), where it
 * lies in it: `packet` then is of a copy. @returns whether it did
 */
export function takeUrgentOut(packet: Packet): boolean {
  const { bytes, tcpOff, payloadOff, payloadLen } = packet
  const urgent = u16(bytes, tcpOff + URGENT_POINTER) - 1
  if (urgent < 0 || urgent >= payloadLen) return false
  const copy = bytes.slice(0, payloadOff + payloadLen - 1)
  copy.set(bytes.subarray(payloadOff + urgent + 1, payloadOff + payloadLen), payloadOff + urgent)
  packet.bytes = copy
  packet.payloadLen--
  packet.flags &= ~TCP_URG
  return true
}
