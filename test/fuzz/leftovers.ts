// Traffic shown to a pipeline before each input, so that its buffers hold bytes of other flows: the same flows each
// time with other bytes. Whatever an input's lines take from them makes two pipelines differ.

import { DCID, connectionClose, initial } from '../quic/initial.js'
import { browserHello } from '../tls/hello-builder.js'
import { ethernet, ipv4, tcp, udp } from '../wire/build.js'
import type { Frame } from './frame.js'

/** Bytes a hello is known by: record header, handshake header, version. */
const PASSED = 11
const CUT = 1000
/** Bytes of a fragmented datagram, and of its first fragment. */
const DATAGRAM = 1600
const FRAGMENT = 800
const TEXT = 1100

const kept = new Map<string, Uint8Array[]>()

/**
 * Frames of flows that no input has, all of them finished: a hello over two segments, a datagram in two fragments, a
 * QUIC Initial full of text.
 *
 * @param index number of the flow; the same frames for the same number
 * @param inverted the same but for the bytes within
 */
export function leftovers(index: number, inverted: boolean, micros: number): Frame[] {
  const key = `${index} ${inverted}`
  const list = kept.get(key) ?? made(index, inverted)
  kept.set(key, list)
  return list.map((bytes) => ({ bytes, wirelen: bytes.length, micros, linkType: 1 }))
}

function made(index: number, inverted: boolean): Uint8Array[] {
  const mask = inverted ? 0xff : 0
  const message = browserHello()
  const record = Uint8Array.of(22, 3, 1, message.length >> 8, message.length & 0xff, ...message)
  for (let at = PASSED; at < record.length; at++) record[at] = (record[at] ?? 0) ^ mask

  const addresses = 'f0010101 f0020202'
  const port = 1024 + index
  const second = tcp(port, 443, record.subarray(CUT))
  // tcp() numbers a segment 0xfffffff0: the second one wraps
  new DataView(second.buffer).setUint32(4, (0xffff_fff0 + CUT) >>> 0)
  const datagram = udp(port, 9, new Uint8Array(DATAGRAM).fill(inverted ? 0x29 : 0x16))
  const id = (0x4000 + index).toString(16)
  const text = connectionClose((inverted ? '\x06' : 'q').repeat(TEXT))
  const quic = initial([text], { dcid: DCID.map((byte) => byte ^ index), packetNumber: 1 })
  return [
    ipv4(6, tcp(port, 443, record.subarray(0, CUT)), { addresses }),
    ipv4(6, second, { addresses }),
    ipv4(17, datagram.subarray(0, FRAGMENT), { addresses, id, fragment: '2000' }),
    ipv4(17, datagram.subarray(FRAGMENT), { addresses, id, fragment: '0064' }),
    ipv4(17, udp(port, 443, quic), { addresses }),
  ].map((packet) => ethernet('0800', packet))
}
