// The same stream in other frames: cut into other segments, into IP fragments, put into tunnels. Lengths are right, so
// that what lies within is reached.

import { u16, u32 } from '../../src/base/bytes.js'
import { WRAPPERS, nested } from '../wire/wrapped.js'
import type { Frame } from './frame.js'
import { ipSpots } from './fields.js'
import type { IpSpot } from './fields.js'
import type { Random } from './random.js'

/** Puts the frame's TCP payload into segments of any length, now and then overlapping, with other bytes, in any order. */
export function resegment(frames: Frame[], random: Random): void {
  const found = pickIp(frames, random, ({ protocol, payload }) => protocol === 6 && payload >= 0)
  if (found === undefined) return
  const { index, frame, spot } = found
  const head = frame.bytes.subarray(0, spot.payload)
  const payload = frame.bytes.subarray(spot.payload, ipEnd(frame.bytes, spot))
  if (payload.length === 0) return
  const seq = u32(frame.bytes, spot.transport + 4)
  const parts: Frame[] = []
  const most = random.pick([1, 7, 60, 400, 1400])
  for (let at = 0; at < payload.length && parts.length < 600;) {
    const length = Math.min(random.between(1, most), payload.length - at)
    const back = random.oneIn(4) ? Math.min(at, random.below(40)) : 0
    const bytes = Uint8Array.from([...head, ...payload.subarray(at - back, at + length)])
    write32(bytes, spot.transport + 4, seq + at - back)
    fitIp(bytes, spot)
    if (back > 0 && random.oneIn(4)) bytes[spot.payload] = (bytes[spot.payload] ?? 0) ^ 0xff
    parts.push({ ...frame, bytes, wirelen: bytes.length })
    at += length
  }
  shuffleSome(parts, random)
  frames.splice(index, 1, ...parts)
}

/** Puts the frame's IPv4 packet into fragments of any length, now and then overlapping, in any order. */
export function fragment(frames: Frame[], random: Random): void {
  const found = pickIp(frames, random, ({ version }) => version === 4)
  if (found === undefined) return
  const { index, frame, spot } = found
  const head = frame.bytes.subarray(0, spot.transport)
  const payload = frame.bytes.subarray(spot.transport, ipEnd(frame.bytes, spot))
  const parts: Frame[] = []
  const most = random.pick([1, 4, 32, 128])
  const id = random.word() & 0xffff
  for (let at = 0; at < payload.length && parts.length < 200;) {
    const length = Math.min(8 * random.between(1, most), payload.length - at)
    const back = random.oneIn(6) && at > 0 ? 8 : 0
    const bytes = Uint8Array.from([...head, ...payload.subarray(at - back, at + length)])
    const more = at + length < payload.length ? 0x2000 : 0
    write16(bytes, spot.off + 4, id)
    write16(bytes, spot.off + 6, more | ((at - back) >> 3))
    fitIp(bytes, spot)
    parts.push({ ...frame, bytes, wirelen: bytes.length })
    at += length
  }
  shuffleSome(parts, random)
  frames.splice(index, 1, ...parts)
}

/** Puts IP packets into tags and tunnels of every kind that is decoded, up to three in one another. */
function wrapInAny(frames: readonly Frame[], random: Random): void {
  const wrappers = Array.from({ length: random.between(1, 3) }, () => random.pick(WRAPPERS))
  for (const frame of frames) {
    const spot = ipSpots(frame.bytes)[0]
    const packet = frame.bytes.slice(spot?.off)
    if (spot === undefined || packet.length > 10_000) continue
    const made = nested(packet, wrappers)
    if (made === undefined) return
    frame.bytes = made.frame
    frame.linkType = 1
    frame.wirelen = frame.bytes.length
  }
}

/** Puts IP packets into tunnels in tunnels. */
export function wrap(frames: Frame[], random: Random): void {
  if (random.oneIn(2)) {
    wrapInAny(random.oneIn(2) ? frames : [random.pick(frames)], random)
    return
  }
  const layers = Array.from({ length: random.pick([1, 1, 2, 3, 8, 20]) }, () =>
    random.below(TUNNELS),
  )
  const all = random.oneIn(2)
  for (const frame of all ? frames : [random.pick(frames)]) {
    const spot = ipSpots(frame.bytes)[0]
    if (spot === undefined) continue
    let packet: Uint8Array = frame.bytes.slice(spot.off)
    let version: number = spot.version
    for (const layer of layers) {
      if (packet.length > 60_000) break
      packet = tunnel(layer, packet, version)
      version = 4
    }
    frame.bytes = Uint8Array.from([...ETHERNET, ...packet])
    frame.bytes.set(version === 4 ? [8, 0] : [0x86, 0xdd], 12)
    frame.linkType = 1
    frame.wirelen = frame.bytes.length
  }
}

const ETHERNET = new Uint8Array(14)
/** Kinds of tunnel that `tunnel` makes. */
const TUNNELS = 6

/** IPv4 around `packet`: IP in IP, GRE, VXLAN, GENEVE, GRE with all of its options, GTP-U. */
function tunnel(layer: number, packet: Uint8Array, version: number): Uint8Array {
  const type = version === 4 ? [8, 0] : [0x86, 0xdd]
  if (layer === 0) return ipv4(version === 4 ? 4 : 41, packet)
  if (layer === 1) return ipv4(47, Uint8Array.from([0, 0, ...type, ...packet]))
  if (layer === 2) {
    const ethernet = [...ETHERNET.subarray(0, 12), ...type, ...packet]
    return ipv4(17, udp(4789, Uint8Array.from([8, 0, 0, 0, 0, 0, 1, 0, ...ethernet])))
  }
  if (layer === 3) {
    // GENEVE with one option of eight bytes
    const option = [0, 1, 0x80, 1, 1, 2, 3, 4]
    return ipv4(17, udp(6081, Uint8Array.from([2, 0, ...type, 0, 0, 1, 0, ...option, ...packet])))
  }
  if (layer === 4)
    return ipv4(47, Uint8Array.from([0xb0, 0, ...type, ...new Uint8Array(12), ...packet]))
  const length = [packet.length >> 8, packet.length & 0xff]
  return ipv4(17, udp(2152, Uint8Array.from([0x30, 255, ...length, 0, 0, 0, 1, ...packet])))
}

function ipv4(protocol: number, payload: Uint8Array): Uint8Array {
  const head = Uint8Array.of(
    0x45,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    64,
    protocol,
    0,
    0,
    10,
    0,
    0,
    1,
    10,
    0,
    0,
    2,
  )
  const packet = Uint8Array.from([...head, ...payload])
  write16(packet, 2, packet.length)
  return packet
}

function udp(port: number, payload: Uint8Array): Uint8Array {
  const datagram = Uint8Array.from([0x9c, 0x40, port >> 8, port & 0xff, 0, 0, 0, 0, ...payload])
  write16(datagram, 4, datagram.length)
  return datagram
}

/** A frame with just one IP packet that `suits`, if a few tries find one; those with payload are sought. */
function pickIp(
  frames: readonly Frame[],
  random: Random,
  suits: (spot: IpSpot) => boolean,
): { index: number; frame: Frame; spot: IpSpot } | undefined {
  for (let i = 0; i < 12; i++) {
    const index = random.below(frames.length)
    const frame = frames[index]
    if (frame === undefined || (frame.bytes.length < 100 && i < 8)) continue
    const [spot, more] = ipSpots(frame.bytes)
    if (spot !== undefined && more === undefined && suits(spot)) return { index, frame, spot }
  }
  return undefined
}

function ipEnd(bytes: Uint8Array, { off, version }: IpSpot): number {
  const length = version === 4 ? u16(bytes, off + 2) : 40 + u16(bytes, off + 4)
  return Math.min(bytes.length, off + length)
}

/** Writes the length the IP packet now has. */
function fitIp(bytes: Uint8Array, { off, version }: IpSpot): void {
  if (version === 4) write16(bytes, off + 2, bytes.length - off)
  else write16(bytes, off + 4, bytes.length - off - 40)
}

function shuffleSome(parts: Frame[], random: Random): void {
  const order = random.below(3)
  if (order === 0) return
  if (order === 1) parts.reverse()
  else parts.sort(() => random.between(-1, 1))
}

function write16(bytes: Uint8Array, off: number, value: number): void {
  bytes[off] = (value >> 8) & 0xff
  bytes[off + 1] = value & 0xff
}

function write32(bytes: Uint8Array, off: number, value: number): void {
  write16(bytes, off, value >>> 16)
  write16(bytes, off + 2, value & 0xffff)
}
