import type { Counters } from '../../src/base/counters.js'
import { newCounters } from '../../src/base/counters.js'
import { PROTOCOL_TCP, Packet } from '../../src/model/packet.js'
import { ENCAPSULATION_NAMES } from '../../src/wire/encapsulation.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import type { Frame } from './pcap-frames.js'

/** Result of one decode, in words. */
export interface Decoded {
  /** Protocol or Fault. */
  readonly result: number
  /** `tcp 10.0.0.1 1234 > 10.0.0.2 443`, or '' after a Fault. */
  readonly tuple: string
  readonly tunnel: string
  readonly payload: string
  readonly packet: Packet
  readonly counters: Counters
}

/** Decodes one frame with a decoder of its own. */
export function decodeFrame(bytes: Uint8Array, linkType: number, wirelen = bytes.length): Decoded {
  const counters = newCounters()
  const packet = new Packet()
  const decoder = new FrameDecoder(counters)
  const result = decoder.decode(bytes, 0, bytes.length, wirelen, linkType, 0, packet)
  return describeDecoded(result, packet, counters)
}

/** Decodes frames one after the other. */
export function decodeFrames(frames: readonly Frame[], counters = newCounters()): Decoded[] {
  const decoder = new FrameDecoder(counters)
  const packet = new Packet()
  return frames.map((f) => {
    const result = decoder.decode(
      f.bytes,
      0,
      f.bytes.length,
      f.wirelen,
      f.linkType,
      f.timeMicros,
      packet,
    )
    return describeDecoded(result, packet, counters)
  })
}

function describeDecoded(result: number, packet: Packet, counters: Counters): Decoded {
  if (result < 0) return { result, tuple: '', tunnel: '', payload: '', packet, counters }
  const name = result === PROTOCOL_TCP ? 'tcp' : 'udp'
  const src = `${address(packet, packet.srcAddrOff)} ${packet.srcPort}`
  const dst = `${address(packet, packet.dstAddrOff)} ${packet.dstPort}`
  const payload = packet.bytes.subarray(packet.payloadOff, packet.payloadOff + packet.payloadLen)
  return {
    result,
    tuple: `${name} ${src} > ${dst}`,
    tunnel: tunnelOf(packet),
    payload: Buffer.from(payload).toString('hex'),
    packet,
    counters,
  }
}

/** The packet's tunnels as a sighting prints them. */
export function tunnelOf(packet: Packet): string {
  const kinds = packet.encapsulation.subarray(0, packet.encapsulationCount)
  return [...kinds].map((kind) => ENCAPSULATION_NAMES[kind] ?? '?').join('/')
}

/** IPv4 dotted; IPv6 as eight groups without leading zeros, uncompressed. */
function address(packet: Packet, off: number): string {
  const len = packet.ipVersion === 4 ? 4 : 16
  const bytes = [...packet.bytes.subarray(off, off + len)]
  if (len === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return groups.join(':')
}

/** Counters that are not zero. */
export function counted(counters: Counters): Record<string, number> {
  return Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0))
}
