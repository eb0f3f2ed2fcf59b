// Captures large enough to be shared among workers: hellos on every kind of flow, their segments spread over the whole
// file, so that each cut between two parts of it goes through many of them; large frames of no interest between.

import { writePcap } from '../capture/pcap-writer.js'
import { asDtls, browserHello, serverHello, serverName, clientHello } from '../tls/hello-builder.js'
import { CHANGE_CIPHER_SPEC, concat, record } from '../stream/segments.js'

const SYN = 0x02
const ACK = 0x10
const PSH_ACK = 0x18
const FIN_ACK = 0x11
const RST = 0x04

/** One direction's ends. */
interface Ends {
  readonly v6: boolean
  readonly client: readonly number[]
  readonly server: readonly number[]
  readonly port: number
}

type Wrap = (packet: Uint8Array, v6: boolean) => Uint8Array[]

const be16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
const be32 = (value: number) => [
  value >>> 24,
  (value >> 16) & 0xff,
  (value >> 8) & 0xff,
  value & 0xff,
]

function ipPacket(
  ends: Ends,
  back: boolean,
  protocol: number,
  payload: Uint8Array,
  id = 7,
): Uint8Array {
  const [src, dst] = back ? [ends.server, ends.client] : [ends.client, ends.server]
  const head = ends.v6
    ? [0x60, 0, 0, 0, ...be16(payload.length), protocol, 64, ...src, ...dst]
    : [0x45, 0, ...be16(20 + payload.length), ...be16(id), 0, 0, 64, protocol, 0, 0, ...src, ...dst]
  return concat([Uint8Array.from(head), payload])
}

function segment(
  ends: Ends,
  back: boolean,
  flags: number,
  seq: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const ports = back ? [...be16(443), ...be16(ends.port)] : [...be16(ends.port), ...be16(443)]
  const head = [...ports, ...be32(seq >>> 0), ...be32(1), 0x50, flags, ...be16(65_535), 0, 0, 0, 0]
  return ipPacket(ends, back, 6, concat([Uint8Array.from(head), payload]))
}

function datagram(ends: Ends, dstPort: number, payload: Uint8Array): Uint8Array {
  const head = [...be16(ends.port), ...be16(dstPort), ...be16(8 + payload.length), 0, 0]
  return ipPacket(ends, false, 17, concat([Uint8Array.from(head), payload]))
}

const ethernet: Wrap = (packet, v6) => [
  concat([
    Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...(v6 ? [0x86, 0xdd] : [8, 0])),
    packet,
  ]),
]
const vlan: Wrap = (packet, v6) => [
  concat([
    Uint8Array.of(
      2,
      0,
      0,
      0,
      0,
      1,
      2,
      0,
      0,
      0,
      0,
      2,
      0x81,
      0,
      0,
      9,
      ...(v6 ? [0x86, 0xdd] : [8, 0]),
    ),
    packet,
  ]),
]
const OUTER: Ends = { v6: false, client: [203, 0, 113, 1], server: [203, 0, 113, 2], port: 5555 }
const vxlan: Wrap = (packet, v6) => {
  const [inner = packet] = ethernet(packet, v6)
  return ethernet(
    datagram(OUTER, 4789, concat([Uint8Array.of(8, 0, 0, 0, 0, 0, 5, 0), inner])),
    false,
  )
}
/** IPv4 fragments of 400 bytes, the last one first. */
const fragments: Wrap = (packet) => {
  const payload = packet.subarray(20)
  const frames: Uint8Array[] = []
  for (let at = 0; at < payload.length; at += 400) {
    const part = payload.subarray(at, at + 400)
    const head = packet.slice(0, 20)
    head.set(be16(20 + part.length), 2)
    head.set([head[14] ?? 0, head[15] ?? 0], 4)
    head.set(be16((at >> 3) | (at + 400 < payload.length ? 0x2000 : 0)), 6)
    frames.unshift(...ethernet(concat([head, part]), false))
  }
  return frames
}

/** The frames of one conversation, in order. */
function conversation(i: number, random: () => number): Uint8Array[] {
  const v6 = i % 4 === 3
  const bytes = [(i >> 16) & 0xff, (i >> 8) & 0xff, i & 0xff]
  const ends: Ends = {
    v6,
    client: v6 ? [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, ...bytes] : [10, ...bytes],
    server: v6
      ? [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1]
      : [198, 51, 100, i & 0x1f],
    port: 1024 + Math.floor(random() * 60_000),
  }
  const isn = Math.floor(random() * 2 ** 32)
  const hello = record(
    i % 3 === 0 ? clientHello({ extensions: [serverName(`host-${i}.example`)] }) : browserHello(),
  )
  const cut = 1 + Math.floor(random() * (hello.length - 1))
  const syn = segment(ends, false, SYN, isn)
  const synAck = segment(ends, true, SYN | ACK, isn + 99)
  const whole = segment(ends, false, PSH_ACK, isn + 1, hello)
  const head = segment(ends, false, ACK, isn + 1, hello.subarray(0, cut))
  const tail = segment(ends, false, PSH_ACK, isn + 1 + cut, hello.subarray(cut))
  const answer = segment(ends, true, PSH_ACK, isn + 100, record(serverHello({ cipher: 0x1302 })))
  const again = segment(
    ends,
    false,
    PSH_ACK,
    isn + 1 + hello.length,
    concat([CHANGE_CIPHER_SPEC, record(clientHello({ extensions: [serverName(`again-${i}`)] }))]),
  )
  const dtls = asDtls(clientHello({ version: 0xfefd, cookie: [] }))
  const dtlsRecord = concat([
    Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, ...be16(dtls.length)),
    dtls,
  ])
  const plain = (...packets: Uint8Array[]) => packets.flatMap((packet) => ethernet(packet, v6))
  switch (Math.floor(i / 4) % 15) {
    case 0:
      return plain(syn, synAck, whole, answer)
    case 1:
      return plain(syn, synAck, head, tail, answer)
    case 2:
      return plain(syn, tail, head)
    case 3:
      return plain(syn, whole, whole, syn, whole)
    case 4:
      return plain(syn, whole, answer, again)
    case 5:
      return plain(head, head, tail, tail)
    case 6:
      return [syn, head, tail, answer].flatMap((packet) => vlan(packet, v6))
    case 7:
      return [syn, head, tail, answer].flatMap((packet) => vxlan(packet, v6))
    case 8:
      return v6 ? plain(whole) : [...plain(syn), ...fragments(head, v6), ...plain(tail)]
    case 9:
      return v6 ? plain(syn, whole) : [...fragments(whole, v6), ...plain(answer, again)]
    case 10:
      return plain(datagram(ends, 4433, dtlsRecord), datagram(ends, 4433, dtlsRecord))
    case 11:
      return plain(syn, head)
    case 12:
      return plain(
        syn,
        whole,
        segment(ends, false, SYN, isn + 9e6),
        segment(ends, false, ACK, isn + 9e6 + 1, hello),
      )
    case 13:
      return [...plain(syn, head), ...vxlan(tail, v6), ...vlan(whole, v6)]
    default:
      return plain(
        syn,
        head,
        random() < 0.5
          ? segment(ends, false, FIN_ACK, isn + 1 + cut)
          : segment(ends, false, RST, isn + 1 + cut),
        tail,
      )
  }
}

/** mulberry32: small, and the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The frames of `conversations`, each one's in order, all of them mixed. */
export function mixedFrames(conversations: number, seed: number): Uint8Array[] {
  const random = randomOf(seed)
  const queues = Array.from({ length: conversations }, (_, i) => conversation(i, random))
  // A place for each frame: those of a conversation are near one another, or far apart.
  const placed = queues.flatMap((frames) => {
    const near = random() < 0.5
    const start = random()
    const places = frames
      .map(() => (near ? start + random() * 0.02 : random()))
      .sort((a, b) => a - b)
    return frames.map((frame, k) => ({ frame, place: places[k] ?? 0 }))
  })
  return placed.sort((a, b) => a.place - b.place).map(({ frame }) => frame)
}

/** A classic pcap of at least `length` bytes: the frames given, and frames of no interest of all lengths between them. */
export function paddedPcap(
  frames: readonly Uint8Array[],
  length: number,
  seed: number,
): Uint8Array {
  const random = randomOf(seed)
  const filler = new Uint8Array(65_000).fill(0x5a)
  filler.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5])
  const out = Buffer.alloc(length + frames.length * 4096 + 200_000)
  let at = 0
  let micros = 0
  const put = (frame: Uint8Array) => {
    out.writeUInt32LE(1_700_000_000 + Math.floor(micros / 1e6), at)
    out.writeUInt32LE(micros % 1e6, at + 4)
    out.writeUInt32LE(frame.length, at + 8)
    out.writeUInt32LE(frame.length, at + 12)
    out.set(frame, at + 16)
    at += 16 + frame.length
    micros += 500
  }
  out.writeUInt32LE(0xa1b2c3d4, 0)
  out.writeUInt16LE(2, 4)
  out.writeUInt16LE(4, 6)
  out.writeUInt32LE(262_144, 16)
  out.writeUInt32LE(1, 20)
  at = 24
  frames.forEach((frame, i) => {
    put(frame)
    while (at < (length * (i + 1)) / frames.length)
      put(filler.subarray(0, 60 + Math.floor(random() ** 3 * 64_000)))
  })
  return out.subarray(0, at)
}

/** A classic pcap of about `length` bytes: nothing but small hellos, each of a flow of its own. */
export function smallHellos(length: number): Buffer {
  const ends = { v6: false, client: [10, 0, 0, 0], server: [192, 0, 2, 1], port: 1024 }
  const ip = segment(ends, false, PSH_ACK, 1, record(clientHello()))
  const ethernet = Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0)
  const frame = concat([ethernet, ip])
  const [header, one] = [writePcap([]), Buffer.from(writePcap([frame])).subarray(24)]
  const sourceOff = one.length - frame.length + ethernet.length + 12
  const count = Math.floor((length - header.length) / one.length)
  const out = Buffer.alloc(header.length + count * one.length)
  out.set(header)
  for (let n = 0; n < count; n++) {
    one.writeUIntBE(n, sourceOff + 1, 3)
    out.set(one, header.length + n * one.length)
  }
  return out
}
