// The front of a sighting's line, from `time` to the tunnel: the members that differ from hello to hello. The kernel in
// assembly/flow-text.ts writes it; this file prepares its input.

import { u8 } from '../base/bytes.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Transport } from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import { putAddress } from './address-text.js'
import type { ProfileMemory } from './compiled.js'
import {
  AT_FLOW,
  AT_LINE,
  AT_ORIGIN,
  AT_PIECES,
  FLOW_DST,
  FLOW_DST_LEN,
  FLOW_DST_PORT,
  FLOW_MICROS,
  FLOW_ORIGIN_LEN,
  FLOW_SRC,
  FLOW_SRC_LEN,
  FLOW_SRC_PORT,
  FLOW_TRANSPORT,
  FLOW_TUNNEL,
  FLOW_TUNNEL_LEN,
  FLOW_VLAN,
  MAX_NAME_LEN,
  MAX_TUNNEL_NAME_LEN,
  PIECE_DST,
  PIECE_DST_PORT,
  PIECE_LEN,
  PIECE_SNI,
  PIECE_SRC_PORT,
  PIECE_TIME,
  PIECE_TRANSPORT,
  PIECE_TUNNEL,
  PIECE_VLAN,
} from '../kernels/profile-layout.js'
import { TRANSPORT_CODES } from './profile-table.js'

const ENCODER = new TextEncoder()
const PIECES: readonly (readonly [piece: number, text: string])[] = [
  [PIECE_TIME, '{"time":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES.tcp, 'tcp","src":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES.quic, 'quic","src":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES.dtls, 'dtls","src":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES.eap, 'eap","src":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES.openvpn, 'openvpn","src":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES['tls/sctp'], 'tls/sctp","src":"'],
  [PIECE_TRANSPORT + TRANSPORT_CODES['tls/rdpudp'], 'tls/rdpudp","src":"'],
  [PIECE_SRC_PORT, '","srcport":'],
  [PIECE_DST, ',"dst":"'],
  [PIECE_DST_PORT, '","dstport":'],
  [PIECE_VLAN, ',"vlan":'],
  [PIECE_TUNNEL, ',"tunnel":"'],
  [PIECE_SNI, ',"sni":"'],
]
const V4_LEN = 4
const SLASH = 0x2f
const COLON = 0x3a
const MAC_LEN = 6

/** The origin of hellos: a file or an interface, with names of any characters. */
export interface Origin {
  readonly file?: string
  readonly interface?: string
}

/** Writes the front of lines. */
export class FlowText {
  readonly #memory: ProfileMemory
  readonly #tunnelNames: readonly Uint8Array[]
  readonly #sensor: string | undefined
  #originLen = 0

  /** @param encapsulationNames names of the values in Packet.encapsulation, ASCII, cut at MAX_TUNNEL_NAME_LEN bytes */
  constructor(
    memory: ProfileMemory,
    encapsulationNames: readonly string[],
    sensor: string | undefined,
  ) {
    this.#memory = memory
    this.#tunnelNames = encapsulationNames.map((name) =>
      ENCODER.encode(name.slice(0, MAX_TUNNEL_NAME_LEN)),
    )
    this.#sensor = sensor
    for (const [piece, text] of PIECES) {
      const at = AT_PIECES + piece * PIECE_LEN
      memory.bytes[at] = text.length
      ENCODER.encodeInto(text, memory.bytes.subarray(at + 1, at + PIECE_LEN))
    }
    this.setOrigin({})
  }

  /** Bytes of the members between `time` and `proto`: the origin. */
  get originLen(): number {
    return this.#originLen
  }

  /** Sets the origin of the following hellos. Names longer than MAX_NAME_LEN characters are cut. */
  setOrigin(origin: Origin): void {
    let text = '"'
    if (origin.file !== undefined) text += `,"file":${quoted(origin.file)}`
    if (origin.interface !== undefined) text += `,"interface":${quoted(origin.interface)}`
    if (this.#sensor !== undefined) text += `,"sensor":${quoted(this.#sensor)}`
    const members = ENCODER.encode(text)
    this.#originLen = members.length - 1
    const bytes = ENCODER.encode(`${text},"proto":"`)
    this.#memory.bytes.set(bytes, AT_ORIGIN)
    this.#setWord(FLOW_ORIGIN_LEN, bytes.length)
  }

  /** Writes the flow of the next line at AT_FLOW. */
  setFlow(packet: Packet, transport: Transport): void {
    this.#memory.doubles[(AT_FLOW + FLOW_MICROS) >> 3] = packet.timeMicros
    this.#setWord(FLOW_TRANSPORT, TRANSPORT_CODES[transport])
    this.#setWord(FLOW_SRC_PORT, packet.srcPort)
    this.#setWord(FLOW_DST_PORT, packet.dstPort)
    this.#setWord(FLOW_VLAN, packet.vlan)
    this.#setWord(FLOW_TUNNEL_LEN, packet.encapsulationCount === 0 ? 0 : this.#putTunnel(packet))
    this.#setWord(FLOW_SRC_LEN, this.#putAddress(packet, packet.srcAddrOff, AT_FLOW + FLOW_SRC))
    this.#setWord(FLOW_DST_LEN, this.#putAddress(packet, packet.dstAddrOff, AT_FLOW + FLOW_DST))
  }

  /** Appends everything up to the tunnel, without a comma behind. */
  write(packet: Packet, transport: Transport, out: ByteWriter): void {
    if (packet.ipVersion === 0) {
      this.#writeEapol(packet, out)
      return
    }
    this.setFlow(packet, transport)
    out.copy(this.#memory.bytes, AT_LINE, AT_LINE + this.#memory.compiled.flowText())
  }

  /** Appends the front of a line of EAP over a LAN, which has a MAC address and no other. */
  #writeEapol(packet: Packet, out: ByteWriter): void {
    const { bytes, words } = this.#memory
    out.ascii('{"time":"')
    this.writeTime(packet.timeMicros, out)
    out.copy(bytes, AT_ORIGIN, AT_ORIGIN + (words[(AT_FLOW + FLOW_ORIGIN_LEN) >> 2] ?? 0))
    out.ascii('eap"')
    if (packet.srcMacOff >= 0) {
      out.ascii(',"src_mac":"')
      for (let i = 0; i < MAC_LEN; i++) {
        if (i > 0) out.byte(COLON)
        out.hex8(u8(packet.bytes, packet.srcMacOff + i))
      }
      out.ascii('"')
    }
    if (packet.vlan >= 0) {
      out.ascii(',"vlan":')
      out.decimal(packet.vlan)
    }
    if (packet.encapsulationCount === 0) return
    const tunnelLen = this.#putTunnel(packet)
    out.ascii(',"tunnel":"')
    out.copy(bytes, AT_FLOW + FLOW_TUNNEL, AT_FLOW + FLOW_TUNNEL + tunnelLen)
    out.ascii('"')
  }

  /** Appends a time, microseconds since the Unix epoch. */
  writeTime(micros: number, out: ByteWriter): void {
    out.copy(this.#memory.bytes, AT_LINE, AT_LINE + this.#memory.compiled.timeText(micros))
  }

  #setWord(off: number, value: number): void {
    this.#memory.words[(AT_FLOW + off) >> 2] = value
  }

  /** Puts an address at `at`: IPv4 in its bytes, IPv6 as text. @returns the text's length, or 0 */
  #putAddress({ bytes, ipVersion }: Packet, off: number, at: number): number {
    const into = this.#memory.bytes
    if (ipVersion !== 4) return putAddress(bytes, off, ipVersion, into, at) - at
    for (let i = 0; i < V4_LEN; i++) into[at + i] = bytes[off + i] ?? 0
    return 0
  }

  #putTunnel({ encapsulation, encapsulationCount }: Packet): number {
    const { bytes } = this.#memory
    const start = AT_FLOW + FLOW_TUNNEL
    let at = start
    for (let i = 0; i < encapsulationCount; i++) {
      if (i > 0) bytes[at++] = SLASH
      const name = this.#tunnelNames[encapsulation[i] ?? 0] ?? UNKNOWN
      bytes.set(name, at)
      at += name.length
    }
    return at - start
  }
}

const UNKNOWN = ENCODER.encode('unknown')

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, MAX_NAME_LEN))
}
