// Where the fields of a frame are that a decoder trusts: lengths, types, ports, flags, sequence numbers. Found by their
// looks, whatever lies around them, so that every link type and tunnel is served.

import { u16, u24, u8 } from '../../src/base/bytes.js'

/** One big-endian field. */
export interface Field {
  readonly off: number
  /** Bytes, 1 to 4. */
  readonly size: number
}

/** An IP packet within a frame, and what it carries. */
export interface IpSpot {
  readonly off: number
  readonly version: 4 | 6
  readonly protocol: number
  /** Offset of the TCP, UDP or other header. */
  readonly transport: number
  /** Offset of the TCP or UDP payload, or -1. */
  readonly payload: number
}

const TCP = 6
const UDP = 17
const PROTOCOLS = [TCP, UDP, 4, 41, 44, 47, 51, 0, 43, 60]
/** Bytes of a frame searched for IP headers; tunnels end sooner. */
const SEARCH_LEN = 300

/** All that looks like an IP packet, outermost first. */
export function ipSpots(bytes: Uint8Array): IpSpot[] {
  const spots: IpSpot[] = []
  for (let off = 0; off + 20 <= Math.min(bytes.length, SEARCH_LEN); off++) {
    const first = u8(bytes, off)
    if (first >= 0x45 && first <= 0x4f && PROTOCOLS.includes(u8(bytes, off + 9))) {
      const total = u16(bytes, off + 2)
      if (total >= 20 && total <= bytes.length - off) push(spots, bytes, off, 4)
    } else if (first === 0x60 && off + 40 <= bytes.length) {
      const length = u16(bytes, off + 4)
      if (PROTOCOLS.includes(u8(bytes, off + 6)) && length <= bytes.length - off - 40)
        push(spots, bytes, off, 6)
    }
  }
  return spots
}

function push(spots: IpSpot[], bytes: Uint8Array, off: number, version: 4 | 6): void {
  const protocol = u8(bytes, off + (version === 4 ? 9 : 6))
  const transport = off + (version === 4 ? (u8(bytes, off) & 15) * 4 : 40)
  let payload = -1
  if (protocol === UDP && transport + 8 <= bytes.length) payload = transport + 8
  if (protocol === TCP && transport + 20 <= bytes.length)
    payload = transport + (u8(bytes, transport + 12) >> 4) * 4
  spots.push({
    off,
    version,
    protocol,
    transport,
    payload: payload <= bytes.length ? payload : -1,
  })
}

/** The fields of a frame that a decoder trusts. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  const add = (off: number, ...sizes: number[]): void => {
    let at = off
    for (const size of sizes) {
      if (size > 0 && at + size <= bytes.length) fields.push({ off: at, size })
      at += Math.abs(size)
    }
  }
  add(12, 2, 2, 2)
  for (const { off, version, protocol, transport, payload } of ipSpots(bytes)) {
    if (version === 4) add(off, 1, -1, 2, 2, 2, -1, 1, -2, 4, 4)
    else add(off, 1, -3, 2, 1)
    if (protocol === TCP) add(transport, 2, 2, 4, -4, 1, 1)
    else if (protocol === UDP) add(transport, 2, 2, 2)
    else add(transport, 2, 2, 1, 1, 2)
    if (payload < 0) continue
    if (protocol === TCP) addTls(bytes, payload, add)
    else addDatagram(bytes, payload, add)
  }
  return fields
}

/** The records from `off` on, and the hello in the first. */
function addTls(
  bytes: Uint8Array,
  off: number,
  add: (off: number, ...sizes: number[]) => void,
): void {
  let record = off
  for (let i = 0; i < 4 && record + 5 <= bytes.length; i++) {
    add(record, 1, 2, 2)
    if (u8(bytes, record) === 22) addHello(bytes, record + 5, 4, add)
    record += 5 + u16(bytes, record + 3)
  }
}

/** DTLS records, QUIC long headers, and whatever tunnels begin with. */
function addDatagram(
  bytes: Uint8Array,
  off: number,
  add: (off: number, ...sizes: number[]) => void,
): void {
  if (off + 13 > bytes.length) return
  if (u8(bytes, off) === 22) {
    add(off, 1, 2, 2, 2, 4, 2)
    add(off + 13, 1, 3, 2, 3, 3)
    addHello(bytes, off + 13, 12, add)
    return
  }
  add(off, 1, 4, 1)
  add(off, 2, 2, 2, 2)
  if ((u8(bytes, off) & 0x80) === 0) return
  const source = off + 6 + u8(bytes, off + 5)
  add(source, 1)
  if (source >= bytes.length) return
  const token = source + 1 + u8(bytes, source)
  add(token, 1, 2, 4)
}

/** A ClientHello or ServerHello whose handshake header of `headerLen` bytes is at `off`. */
function addHello(
  bytes: Uint8Array,
  off: number,
  headerLen: number,
  add: (off: number, ...sizes: number[]) => void,
): void {
  add(off, 1, 3)
  let at = off + headerLen
  add(at, 2)
  at += 34
  if (at >= bytes.length) return
  add(at, 1)
  at += 1 + u8(bytes, at)
  if (headerLen === 12 && at < bytes.length) at += 1 + u8(bytes, at)
  if (at + 2 > bytes.length) return
  add(at, 2, 2)
  at += 2 + u16(bytes, at)
  if (at >= bytes.length) return
  add(at, 1)
  at += 1 + u8(bytes, at)
  add(at, 2)
  at += 2
  const end = Math.min(
    bytes.length,
    off + headerLen + (at < bytes.length ? u24(bytes, off + 1) : 0),
  )
  for (let i = 0; i < 64 && at + 4 <= end; i++) {
    add(at, 2, 2, 2, 2, 1)
    at += 4 + u16(bytes, at + 2)
  }
}
