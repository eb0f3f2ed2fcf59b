// Initial packets as endpoints make them, by node:crypto and nothing of src/: RFC 9000 §17.2, RFC 9001 §5.

import { createCipheriv, createHmac } from 'node:crypto'
import { type Packet, PROTOCOL_UDP } from '../../src/model/packet.js'
import { hex } from '../support.js'
import { concat, segment, type SegmentOptions } from '../stream/segments.js'

export const V1 = 0x0000_0001
export const V2 = 0x6b33_43cf
export const DRAFT_29 = 0xff00_001d
export const DRAFT_27 = 0xff00_001b

const SALTS = new Map([
  [V1, '38762cf7f55934b34d179ae6a4c80cadccbb7f0a'],
  [V2, '0dede3def700a6db819381be6e269dcbf9bd2ed9'],
  [DRAFT_29, 'afbfec289993d24c9e9786f19c6111e04390a899'],
  [DRAFT_27, 'c3eef712c72ebb5a11a7d2432bb46365bef9f502'],
])

export type Side = 'client' | 'server'

/** What an Initial packet is made of; what is left out has a fixed value. */
export interface InitialOptions {
  readonly version?: number
  readonly side?: Side
  /** The client's first Destination Connection ID, which the keys come from; `dcid` unless told. */
  readonly keyId?: Uint8Array
  readonly dcid?: Uint8Array
  readonly scid?: Uint8Array
  readonly token?: Uint8Array
  readonly packetNumber?: number
  /** Bytes of the packet number, 1 to 4. */
  readonly numberLen?: number
  /** PADDING frames are put behind the others until the packet has this many bytes. */
  readonly size?: number
  /** Bytes that length fields take: 1, 2, 4 or 8, as many as the value needs at least. */
  readonly lengthLen?: number
}

export const DCID = hex('8394c8f03e515708')
export const SCID = hex('c1c2c3c4c5')

const hmac = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(bytes).digest())

function expandLabel(secret: Uint8Array, label: string, bytes: number): Uint8Array {
  const text = new TextEncoder().encode(`tls13 ${label}`)
  const message = concat([Uint8Array.of(0, bytes, text.length), text, Uint8Array.of(0, 1)])
  return hmac(secret, message).subarray(0, bytes)
}

/** The keys of one side, RFC 9001 §5.2. */
export function keysOf(
  version: number,
  dcid: Uint8Array,
  side: Side,
): Record<'key' | 'iv' | 'hp', Uint8Array> {
  const initial = hmac(hex(SALTS.get(version) ?? ''), dcid)
  const secret = expandLabel(initial, `${side} in`, 32)
  const prefix = version === V2 ? 'quicv2' : 'quic'
  return {
    key: expandLabel(secret, `${prefix} key`, 16),
    iv: expandLabel(secret, `${prefix} iv`, 12),
    hp: expandLabel(secret, `${prefix} hp`, 16),
  }
}

/** An integer of RFC 9000 §16 in `bytes` bytes, the fewest unless told. */
export function varint(value: number, bytes = 0): Uint8Array {
  const least = value < 2 ** 6 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 30 ? 4 : 8
  const len = Math.max(bytes, least)
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(value) | (BigInt(Math.log2(len)) << BigInt(8 * len - 2)))
  return new Uint8Array(view.buffer).slice(8 - len)
}

const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)

/** Long packet type, its number in version 1, in the first byte of this version. */
const typed = (version: number, type: number): number =>
  0xc0 | (((type + (version === V2 ? 1 : 0)) & 3) << 4)

/** An Initial packet that carries `frames`, sealed. */
export function initial(frames: readonly Uint8Array[], options: InitialOptions = {}): Uint8Array {
  const { version = V1, side = 'client', token = new Uint8Array(0) } = options
  const { dcid = DCID, scid = SCID, packetNumber = 0, numberLen = 2, size = 0 } = options
  const { key, iv, hp } = keysOf(version, options.keyId ?? dcid, side)
  const front = concat([
    Uint8Array.of(typed(version, 0) | (numberLen - 1)),
    u32(version),
    Uint8Array.of(dcid.length),
    dcid,
    Uint8Array.of(scid.length),
    scid,
    varint(token.length, options.lengthLen),
    token,
  ])
  const lengthLen = options.lengthLen ?? 2
  const overhead = front.length + lengthLen + numberLen + 16
  const bare = concat(frames)
  // A packet is long enough for the sample to be taken (RFC 9001 §5.4.2).
  const plain = concat([
    bare,
    new Uint8Array(Math.max(0, size - overhead - bare.length, 4 - numberLen - bare.length)),
  ])
  const number = u32(packetNumber).subarray(4 - numberLen)
  const length = varint(numberLen + plain.length + 16, lengthLen)
  const header = concat([front, length, number])
  const nonce = iv.map((byte, i) => byte ^ (i < 8 ? 0 : (u32(packetNumber)[i - 8] ?? 0)))
  const gcm = createCipheriv('aes-128-gcm', key, nonce)
  gcm.setAAD(header)
  const sealed = concat([gcm.update(plain), gcm.final(), gcm.getAuthTag()])
  const packet = concat([header, sealed])
  const numberOff = header.length - numberLen
  const ecb = createCipheriv('aes-128-ecb', hp, null)
  const mask = ecb.update(packet.subarray(numberOff + 4, numberOff + 20))
  packet[0] = (packet[0] ?? 0) ^ ((mask[0] ?? 0) & 15)
  for (let i = 0; i < numberLen; i++)
    packet[numberOff + i] = (packet[numberOff + i] ?? 0) ^ (mask[1 + i] ?? 0)
  return packet
}

/** A 0-RTT or Handshake packet with random-looking content. */
export function otherPacket(
  type: 1 | 2,
  bytes: number,
  { version = V1, dcid = DCID, scid = SCID }: InitialOptions = {},
): Uint8Array {
  return concat([
    Uint8Array.of(typed(version, type)),
    u32(version),
    Uint8Array.of(dcid.length),
    dcid,
    Uint8Array.of(scid.length),
    scid,
    varint(bytes, 2),
    Uint8Array.from({ length: bytes }, (_, i) => (i * 167 + 13) & 255),
  ])
}

/** A Retry packet of version 1 (RFC 9000 §17.2.5) with its integrity tag (RFC 9001 §5.8), for a client that began with `odcid`. */
export function retry(
  dcid: Uint8Array,
  scid: Uint8Array,
  token: Uint8Array,
  odcid = DCID,
): Uint8Array {
  const packet = concat([
    Uint8Array.of(typed(V1, 3)),
    u32(V1),
    Uint8Array.of(dcid.length),
    dcid,
    Uint8Array.of(scid.length),
    scid,
    token,
  ])
  const [key, nonce] = [hex('be0c690b9f66575a1d766b54e368c84e'), hex('461599d35d632bf2239825bb')]
  const gcm = createCipheriv('aes-128-gcm', key, nonce)
  gcm.setAAD(concat([Uint8Array.of(odcid.length), odcid, packet])).final()
  return concat([packet, gcm.getAuthTag()])
}

export const PING = Uint8Array.of(1)
export const padding = (bytes: number): Uint8Array => new Uint8Array(bytes)
/** Two ranges, with the counts of ECN where `ecn` says so. */
export const ack = (ecn = false): Uint8Array =>
  concat([
    Uint8Array.of(ecn ? 3 : 2),
    varint(300),
    varint(25),
    ...[1, 3, 2, 70].map((value) => varint(value)),
    ...(ecn ? [1, 0, 16_384].map((value) => varint(value)) : []),
  ])
export const connectionClose = (reason: string): Uint8Array =>
  concat([
    Uint8Array.of(0x1c),
    varint(0x128),
    varint(6),
    varint(reason.length),
    new TextEncoder().encode(reason),
  ])

/** `stream[from, to)` as a CRYPTO frame. */
export const crypto = (stream: Uint8Array, from = 0, to = stream.length): Uint8Array =>
  concat([Uint8Array.of(6), varint(from), varint(to - from), stream.subarray(from, to)])

/** A UDP datagram with nothing behind it but bytes that must not be read. */
export function datagram(
  packets: Uint8Array | readonly Uint8Array[],
  options: SegmentOptions = {},
): Packet {
  const bytes = packets instanceof Uint8Array ? packets : concat(packets)
  const packet = segment(0, bytes, { protocol: PROTOCOL_UDP, ...options })
  packet.bytes = concat([packet.bytes, POISON])
  return packet
}

/** A CRYPTO frame's beginning, over and over. */
const POISON = Uint8Array.from({ length: 64 }, (_, i) => [6, 0, 0x40, 0xff][i & 3] ?? 0)
