// Where the fields of a frame are that a decoder trusts: lengths, types, ports, flags, sequence numbers. Found by their
// looks, whatever lies around them, so that every link type and tunnel is served.

import { u16, u24, u8 } from '../../src/base/bytes.js'

/** One big-endian field. */
export interface Field {
  readonly off: number
  /** Octets, 1 to 4. */
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
/** Octets of a frame searched for IP headers; tunnels end sooner. */
const SEARCH_LEN = 300

/** All that looks like an IP packet, outermost first. */
export function ipSpots(octets: Uint8Array): IpSpot[] {
  const spots: IpSpot[] = []
  for (let off = 0; off + 20 <= Math.min(octets.length, SEARCH_LEN); off++) {
    const first = u8(octets, off)
    if (first >= 0x45 && first <= 0x4f && PROTOCOLS.includes(u8(octets, off + 9))) {
      const total = u16(octets, off + 2)
      if (total >= 20 && total <= octets.length - off) push(spots, octets, off, 4)
    } else if (first === 0x60 && off + 40 <= octets.length) {
      const length = u16(octets, off + 4)
      if (PROTOCOLS.includes(u8(octets, off + 6)) && length <= octets.length - off - 40)
        push(spots, octets, off, 6)
    }
  }
  return spots
}

function push(spots: IpSpot[], octets: Uint8Array, off: number, version: 4 | 6): void {
  const protocol = u8(octets, off + (version === 4 ? 9 : 6))
  const transport = off + (version === 4 ? (u8(octets, off) & 15) * 4 : 40)
  let payload = -1
  if (protocol === UDP && transport + 8 <= octets.length) payload = transport + 8
  if (protocol === TCP && transport + 20 <= octets.length)
    payload = transport + (u8(octets, transport + 12) >> 4) * 4
  spots.push({
    off,
    version,
    protocol,
    transport,
    payload: payload <= octets.length ? payload : -1,
  })
}

/** The fields of a frame that a decoder trusts. */
export function fieldsOf(octets: Uint8Array): Field[] {
  const fields: Field[] = []
  const add = (off: number, ...sizes: number[]): void => {
    let at = off
    for (const size of sizes) {
      if (size > 0 && at + size <= octets.length) fields.push({ off: at, size })
      at += Math.abs(size)
    }
  }
  add(12, 2, 2, 2)
  for (const { off, version, protocol, transport, payload } of ipSpots(octets)) {
    if (version === 4) add(off, 1, -1, 2, 2, 2, -1, 1, -2, 4, 4)
    else add(off, 1, -3, 2, 1)
    if (protocol === TCP) add(transport, 2, 2, 4, -4, 1, 1)
    else if (protocol === UDP) add(transport, 2, 2, 2)
    else add(transport, 2, 2, 1, 1, 2)
    if (payload < 0) continue
    if (protocol === TCP) addTls(octets, payload, add)
    else addDatagram(octets, payload, add)
  }
  return fields
}

/** The records from `off` on, and the hello in the first. */
function addTls(
  octets: Uint8Array,
  off: number,
  add: (off: number, ...sizes: number[]) => void,
): void {
  let record = off
  for (let i = 0; i < 4 && record + 5 <= octets.length; i++) {
    add(record, 1, 2, 2)
    if (u8(octets, record) === 22) addHello(octets, record + 5, 4, add)
    record += 5 + u16(octets, record + 3)
  }
}

/** DTLS records, QUIC long headers, and whatever tunnels begin with. */
function addDatagram(
  octets: Uint8Array,
  off: number,
  add: (off: number, ...sizes: number[]) => void,
): void {
  if (off + 13 > octets.length) return
  if (u8(octets, off) === 22) {
    add(off, 1, 2, 2, 2, 4, 2)
    add(off + 13, 1, 3, 2, 3, 3)
    addHello(octets, off + 13, 12, add)
    return
  }
  add(off, 1, 4, 1)
  add(off, 2, 2, 2, 2)
  if ((u8(octets, off) & 0x80) === 0) return
  const source = off + 6 + u8(octets, off + 5)
  add(source, 1)
  if (source >= octets.length) return
  const token = source + 1 + u8(octets, source)
  add(token, 1, 2, 4)
}

/** A ClientHello or ServerHello whose handshake header of `headerLen` octets is at `off`. */
function addHello(
  octets: Uint8Array,
  off: number,
  headerLen: number,
  add: (off: number, ...sizes: number[]) => void,
): void {
  add(off, 1, 3)
  let at = off + headerLen
  add(at, 2)
  at += 34
  if (at >= octets.length) return
  add(at, 1)
  at += 1 + u8(octets, at)
  if (headerLen === 12 && at < octets.length) at += 1 + u8(octets, at)
  if (at + 2 > octets.length) return
  add(at, 2, 2)
  at += 2 + u16(octets, at)
  if (at >= octets.length) return
  add(at, 1)
  at += 1 + u8(octets, at)
  add(at, 2)
  at += 2
  const end = Math.min(
    octets.length,
    off + headerLen + (at < octets.length ? u24(octets, off + 1) : 0),
  )
  for (let i = 0; i < 64 && at + 4 <= end; i++) {
    add(at, 2, 2, 2, 2, 1)
    at += 4 + u16(octets, at + 2)
  }
}
