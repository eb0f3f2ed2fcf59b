// What a SYN says of the stack that sent it, in the words a flow keeps: SYN_SHAPE, SYN_SIZES, SYN_OPTIONS, TIMESTAMP.

import { u16, u8 } from '../base/bytes.js'
import {
  type HandshakeBytes,
  SYN_DONT_FRAGMENT,
  SYN_IS_KNOWN,
  SYN_SCALE_SHIFT,
} from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import {
  SUMS_ARE_RIGHT,
  SYN_HAS_TIMESTAMPS,
  SYN_OPTIONS,
  SYN_SHAPE,
  SYN_SIZES,
} from '../kernels/tcp-layout.js'
import { TcpOptions } from './tcp-options.js'

const TCP_MIN_HEADER_LEN = 20
const TCP_WINDOW = 14
const IPV4_FLAGS = 6
const IPV4_TTL = 8
const IPV6_HOP_LIMIT = 7
const DONT_FRAGMENT = 0x40
const options = new TcpOptions()

/** TTL or hop limit of the packet, or 0 where it came in fragments. */
export function ttlOf({ bytes, ipOff, ipVersion }: Packet): number {
  return ipOff < 0 ? 0 : u8(bytes, ipOff + (ipVersion === 4 ? IPV4_TTL : IPV6_HOP_LIMIT))
}

/** Writes the SYN_WORDS words of a SYN into `words[at …]`; zeros where its header is not there. */
export function readSyn(packet: Packet, isSumRight: boolean, words: Int32Array, at: number): void {
  const { bytes, ipOff, ipVersion, tcpOff, payloadOff } = packet
  if (tcpOff < 0 || payloadOff - tcpOff < TCP_MIN_HEADER_LEN) {
    words[at] = words[at + 1] = words[at + 2] = words[at + 3] = 0
    return
  }
  options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
  const { windowScale, maximumSegmentSize, order } = options
  const isWhole =
    ipVersion === 4 && ipOff >= 0 && (u8(bytes, ipOff + IPV4_FLAGS) & DONT_FRAGMENT) !== 0
  words[at] =
    ttlOf(packet) |
    ((windowScale + 1) << SYN_SCALE_SHIFT) |
    (isWhole ? SYN_DONT_FRAGMENT : 0) |
    (options.hasTimestamps ? SYN_HAS_TIMESTAMPS : 0) |
    (isSumRight ? SUMS_ARE_RIGHT : 0) |
    SYN_IS_KNOWN
  words[at + 1] = (maximumSegmentSize << 16) | u16(bytes, tcpOff + TCP_WINDOW)
  words[at + 2] = order
  words[at + 3] = options.timestamp
}

/** Copies a flow's words to the message. */
export function fillSyn(message: HandshakeBytes, words: Int32Array, flow: number): void {
  message.synShape = words[flow + SYN_SHAPE] ?? 0
  message.synSizes = words[flow + SYN_SIZES] ?? 0
  message.synOptions = words[flow + SYN_OPTIONS] ?? 0
}
