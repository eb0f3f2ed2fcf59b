// QUIC Initials whose plaintext is what a fuzzer wants it to be: a change to the sealed bytes alone ends at the AEAD.

import { clientHello, browserHello, serverHello } from '../tls/hello-builder.js'
import {
  DRAFT_29,
  PING,
  V1,
  V2,
  ack,
  connectionClose,
  crypto,
  initial,
  padding,
  varint,
} from '../quic/initial.js'
import type { InitialOptions } from '../quic/initial.js'
import type { Frame } from './frame.js'
import type { Random } from './random.js'

/** Bytes a hello is cut into at once, at most. */
const PIECES = [1, 9, 100, 600, 2000]
const PORTS = 3

/** Puts a connection's Initials among the frames: hellos in CRYPTO frames of any cut, order and overlap, and worse. */
export function quicInitials(frames: Frame[], random: Random): void {
  const flow = random.below(PORTS)
  const first: InitialOptions = {
    version: random.pick([V1, V1, V2, DRAFT_29]),
    dcid: random.bytes(random.pick([8, 8, 20, 0, 1])),
    scid: random.bytes(random.pick([0, 4, 20])),
  }
  const parts = cryptoFrames(random)
  const micros = random.pick(frames).micros
  let packetNumber = random.pick([0, 0, 1, 255, 65_534])
  for (let i = random.between(1, 8); i > 0 && (parts.length > 0 || random.oneIn(2)); i--) {
    const isServer = random.oneIn(8)
    const options: InitialOptions = {
      ...first,
      ...(isServer ? { side: 'server', keyId: first.dcid ?? new Uint8Array(0) } : {}),
      ...(random.oneIn(5) ? { dcid: random.bytes(8), keyId: first.dcid ?? new Uint8Array(0) } : {}),
      ...(random.oneIn(5) ? { token: random.bytes(random.between(1, 80)) } : {}),
      packetNumber: random.oneIn(6) ? packetNumber : ++packetNumber,
      numberLen: random.between(1, 4),
      size: random.pick([0, 0, 1200, 1200, 1400]),
    }
    const taken = parts.splice(0, random.between(1, 6))
    const packets = [initial(taken.length > 0 ? taken : [PING], options)]
    if (random.oneIn(4))
      packets.push(initial(parts.splice(0, 2), { ...options, packetNumber: ++packetNumber }))
    frames.splice(random.below(frames.length + 1), 0, {
      bytes: udpFrame(Buffer.concat(packets), flow, isServer),
      wirelen: 0,
      micros,
      linkType: 1,
    })
  }
}

/** What a packet may hold: parts of a hello, what stands beside them, and what breaks RFC 9000 §19. */
function cryptoFrames(random: Random): Uint8Array[] {
  const message = random.pick([browserHello, clientHello, serverHello])().slice()
  if (random.oneIn(3)) {
    for (let i = random.between(1, 4); i > 0; i--)
      message[random.below(random.oneIn(2) ? 8 : message.length)] = random.word() & 0xff
  }
  const frames: Uint8Array[] = []
  const most = random.pick(PIECES)
  for (let at = 0; at < message.length && frames.length < 40;) {
    const length = frames.length === 39 ? message.length : random.between(1, most)
    const from = Math.max(0, at - (random.oneIn(4) ? random.below(30) : 0))
    frames.push(crypto(message, from, Math.min(message.length, at + length)))
    at += length
  }
  if (random.oneIn(2)) frames.sort(() => random.between(-1, 1))
  for (let i = random.below(4); i > 0; i--)
    frames.splice(random.below(frames.length + 1), 0, oddFrame(message, random))
  return frames
}

function oddFrame(message: Uint8Array, random: Random): Uint8Array {
  switch (random.below(9)) {
    case 0:
      return PING
    case 1:
      return padding(random.between(1, 400))
    case 2:
      return ack(random.oneIn(2))
    case 3:
      return connectionClose('fuzz')
    case 4:
      return random.bytes(random.between(1, 40))
    case 5: {
      // an offset or a length far from all that is there
      const far = random.pick([2 ** 14, 65_535, 73_728, 2 ** 30, 2 ** 52])
      return random.oneIn(2)
        ? Buffer.concat([Uint8Array.of(6), varint(far), varint(5), random.bytes(5)])
        : Buffer.concat([Uint8Array.of(6), varint(0), varint(far), random.bytes(5)])
    }
    case 6:
      return crypto(message, 0, random.below(message.length))
    case 7: {
      const other = message.map((byte) => byte ^ 0x55)
      return crypto(other, random.below(60), random.between(60, other.length))
    }
    default:
      return Uint8Array.of(6, 0, 0)
  }
}

/** UDP over IPv4 over Ethernet, of one of a few flows. */
function udpFrame(payload: Uint8Array, flow: number, isServer: boolean): Uint8Array {
  const client = [192, 0, 2, 200 + flow]
  const server = [198, 51, 100, 9]
  const ports = [
    [0xc0, flow],
    [1, 187],
  ]
  const bytes = Uint8Array.from([
    ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0],
    ...(isServer ? [...server, ...client] : [...client, ...server]),
    ...(isServer ? ports.reverse() : ports).flat(),
    ...[0, 0, 0, 0],
    ...payload,
  ])
  const view = new DataView(bytes.buffer)
  view.setUint16(16, bytes.length - 14)
  view.setUint16(38, bytes.length - 34)
  return bytes
}
