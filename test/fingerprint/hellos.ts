import { HandshakeBytes } from '../../src/model/handshake-bytes.js'
import type { Transport } from '../../src/model/handshake-bytes.js'
import { Hello } from '../../src/model/hello.js'
import { Packet } from '../../src/model/packet.js'
import { FINGERPRINTS } from '../../src/model/sighting.js'
import type { FingerprintName, Sighting } from '../../src/model/sighting.js'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { SightingWriter } from '../../src/fingerprint/sighting-writer.js'
import type { SightingOptions } from '../../src/fingerprint/sighting-writer.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'

/** An extension as tests write it: its type and its body. */
export type Extension = readonly [type: number, body: Uint8Array]

/** A ClientHello as tests write it. */
export interface HelloParts {
  readonly legacyVersion?: number
  readonly ciphers: readonly number[]
  readonly extensions: readonly Extension[]
}

/** Big-endian 16-bit numbers as bytes. */
export function u16s(values: readonly number[]): number[] {
  return values.flatMap((value) => [value >> 8, value & 0xff])
}

/** Body of an extension that is a list with a length of two bytes before it. */
export function list16(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([...u16s([bytes.length]), ...bytes])
}

/** Body of an extension that is a list with a length of one byte before it. */
export function list8(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([bytes.length, ...bytes])
}

export const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')]
export const serverName = (name: string): Extension => [
  0,
  list16([0, ...u16s([name.length]), ...ascii(name)]),
]
export const groups = (...values: number[]): Extension => [10, list16(u16s(values))]
export const pointFormats = (...values: number[]): Extension => [11, list8(values)]
export const signatureAlgorithms = (...values: number[]): Extension => [13, list16(u16s(values))]
export const versions = (...values: number[]): Extension => [43, list8(u16s(values))]
export const alpn = (...names: string[]): Extension => [
  16,
  list16(names.flatMap((name) => [name.length, ...ascii(name)])),
]
export const empty = (type: number): Extension => [type, new Uint8Array(0)]

/** The handshake message of a ClientHello. */
export function clientHello(parts: HelloParts, dtls = false): Uint8Array {
  const extensions = parts.extensions.flatMap(([type, body]) => [
    ...u16s([type, body.length]),
    ...body,
  ])
  const body = [
    ...u16s([parts.legacyVersion ?? 0x0303]),
    ...new Array<number>(32).fill(7),
    0,
    ...(dtls ? [0] : []),
    ...u16s([2 * parts.ciphers.length, ...parts.ciphers]),
    1,
    0,
    ...(parts.extensions.length === 0 ? [] : [...u16s([extensions.length]), ...extensions]),
  ]
  return Uint8Array.from([
    1,
    body.length >> 16,
    (body.length >> 8) & 0xff,
    body.length & 0xff,
    ...body,
  ])
}

/** Around the hello: how it came. */
export interface Seen {
  readonly transport?: Transport
  readonly recordVersion?: number
  readonly quicVersion?: number
  readonly quality?: number
}

/** The message in `bytes` as a decoder hands it over. */
export function messageOf(bytes: Uint8Array, seen: Seen = {}): HandshakeBytes {
  const message = new HandshakeBytes()
  message.bytes = bytes
  message.end = bytes.length
  message.transport = seen.transport ?? 'tcp'
  message.recordVersion =
    seen.recordVersion ??
    (message.transport === 'tcp' ? 0x0301 : message.transport === 'dtls' ? 0xfeff : 0)
  message.quicVersion = seen.quicVersion ?? (message.transport === 'quic' ? 1 : 0)
  message.quality = seen.quality ?? 0
  return message
}

/** `bytes` parsed. @throws Error where they are no ClientHello */
export function parsed(bytes: Uint8Array, dtls = false): Hello {
  const hello = new Hello()
  if (parseClientHello(bytes, 0, bytes.length, dtls, hello) < 0) throw new Error('no ClientHello')
  return hello
}

/** A packet from 192.0.2.1:54321 to 198.51.100.2:443. */
export function packetOf(protocol = 6): Packet {
  const packet = new Packet()
  packet.bytes = Uint8Array.of(192, 0, 2, 1, 198, 51, 100, 2)
  packet.dstAddrOff = 4
  packet.protocol = protocol
  packet.srcPort = 54_321
  packet.dstPort = 443
  packet.timeMicros = 1_790_000_000_123_456
  return packet
}

export const NO_TUNNELS: readonly string[] = ['none', 'gre', 'erspan', 'vxlan']

/** A writer of everything. */
export function writerOf(options: Partial<SightingOptions> = {}): SightingWriter {
  return new SightingWriter({
    fingerprints: 'all',
    communityId: true,
    encapsulationNames: NO_TUNNELS,
    ...options,
  })
}

const shared = writerOf()

/** The sighting of a hello. */
export function sightingOf(bytes: Uint8Array, seen: Seen = {}, writer = shared): Sighting {
  const out = new ByteWriter()
  const message = messageOf(bytes, seen)
  const packet = packetOf(message.transport === 'tcp' ? 6 : 17)
  writer.write(packet, message, parsed(bytes, message.transport === 'dtls'), out)
  return JSON.parse(out.text()) as Sighting
}

export const ALL: ReadonlySet<FingerprintName> = new Set(FINGERPRINTS)
