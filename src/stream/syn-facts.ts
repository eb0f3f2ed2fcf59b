// What a SYN says of the stack that sent it, in the three words a flow keeps: SYN_SHAPE, SYN_SIZES, SYN_OPTIONS.

import { u16, u8 } from '../base/bytes.js'
import type { HandshakeOctets } from '../model/handshake-octets.js'
import type { Packet } from '../model/packet.js'
import { SYN_OPTIONS, SYN_SHAPE, SYN_SIZES } from '../kernels/tcp-layout.js'
import { TcpOptions } from './tcp-options.js'

const TCP_MIN_HEADER_LEN = 20
const TCP_WINDOW = 14
const IPV4_FLAGS = 6
const IPV4_TTL = 8
const IPV6_HOP_LIMIT = 7
const DONT_FRAGMENT = 0x40
const NO_SCALE = 15
const SCALE_SHIFT = 8
const HAS_DONT_FRAGMENT = 1 << 12
/** The words are of a SYN that was seen whole. */
const IS_KNOWN = 1 << 13

const options = new TcpOptions()

/** TTL or hop limit of the packet, or 0 where it came in fragments. */
export function ttlOf({ bytes, ipOff, ipVersion }: Packet): number {
  return ipOff < 0 ? 0 : u8(bytes, ipOff + (ipVersion === 4 ? IPV4_TTL : IPV6_HOP_LIMIT))
}

/** Writes the three words of a SYN into `words[at …]`; zeros where its header is not there. */
export function readSyn(packet: Packet, words: Int32Array, at: number): void {
  const { bytes, ipOff, ipVersion, tcpOff, payloadOff } = packet
  if (tcpOff < 0 || payloadOff - tcpOff < TCP_MIN_HEADER_LEN) {
    words[at] = words[at + 1] = words[at + 2] = 0
    return
  }
  options.read(bytes, tcpOff + TCP_MIN_HEADER_LEN, payloadOff)
  const { windowScale, maximumSegmentSize, order } = options
  const scale = (windowScale < 0 ? NO_SCALE : windowScale) << SCALE_SHIFT
  const isWhole =
    ipVersion === 4 && ipOff >= 0 && (u8(bytes, ipOff + IPV4_FLAGS) & DONT_FRAGMENT) !== 0
  words[at] = ttlOf(packet) | scale | IS_KNOWN | (isWhole ? HAS_DONT_FRAGMENT : 0)
  words[at + 1] = (maximumSegmentSize << 16) | u16(bytes, tcpOff + TCP_WINDOW)
  words[at + 2] = order
}

/** Fills the SYN's fields of `message` from the words of the flow at `words[flow …]`. */
export function fillSyn(message: HandshakeOctets, words: Int32Array, flow: number): void {
  const shape = words[flow + SYN_SHAPE] ?? 0
  const sizes = words[flow + SYN_SIZES] ?? 0
  const scale = (shape >> SCALE_SHIFT) & 15
  message.synTtl = shape & 0xff
  message.synDontFragment = (shape & HAS_DONT_FRAGMENT) !== 0
  message.synWindow = (shape & IS_KNOWN) === 0 ? -1 : sizes & 0xffff
  message.synMss = sizes >>> 16
  message.synWindowScale = scale === NO_SCALE || (shape & IS_KNOWN) === 0 ? -1 : scale
  message.synOptions = words[flow + SYN_OPTIONS] ?? 0
}
