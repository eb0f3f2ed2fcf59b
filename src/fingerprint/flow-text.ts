// The front of a sighting's line, from `time` to `sni`: what every hello has of its own.

import type { OctetWriter } from '../base/octet-writer.js'
import type { Transport } from '../model/handshake-octets.js'
import type { Packet } from '../model/packet.js'
import { ADDRESS_TEXT_MAX, putAddress } from './address-text.js'
import { putDecimal, putOctets } from './text.js'
import { TIME_TEXT_LEN, TimeText } from './time-text.js'

const ENCODER = new TextEncoder()
// Octets, not strings: octet by octet a string takes five times as long.
const TIME = ENCODER.encode('{"time":"')
const SRC: Readonly<Record<Transport, Uint8Array>> = {
  tcp: ENCODER.encode('tcp","src":"'),
  quic: ENCODER.encode('quic","src":"'),
  dtls: ENCODER.encode('dtls","src":"'),
}
const SRCPORT = ENCODER.encode('","srcport":')
const DST = ENCODER.encode(',"dst":"')
const DSTPORT = ENCODER.encode('","dstport":')
/** Octets all of the above and four numbers take at most, without the origin. */
const FLOW_TEXT_MAX = 128 + TIME_TEXT_LEN + 2 * ADDRESS_TEXT_MAX

/** Where hellos were seen: a file or an interface, names of any characters. */
export interface Origin {
  readonly file?: string
  readonly interface?: string
}

/** Writes the front of lines. */
export class FlowText {
  readonly #time = new TimeText()
  readonly #encapsulationNames: readonly string[]
  readonly #sensor: string | undefined
  /** `","file":"…","sensor":"…","proto":"` */
  #origin = new Uint8Array(0)

  constructor(encapsulationNames: readonly string[], sensor: string | undefined) {
    this.#encapsulationNames = encapsulationNames
    this.#sensor = sensor
    this.setOrigin({})
  }

  /** Says where the hellos that follow were seen. */
  setOrigin(origin: Origin): void {
    let text = '"'
    if (origin.file !== undefined) text += `,"file":${JSON.stringify(origin.file)}`
    if (origin.interface !== undefined) text += `,"interface":${JSON.stringify(origin.interface)}`
    if (this.#sensor !== undefined) text += `,"sensor":${JSON.stringify(this.#sensor)}`
    this.#origin = ENCODER.encode(`${text},"proto":"`)
  }

  /** Appends everything up to the tunnel, without a comma behind. */
  write(packet: Packet, transport: Transport, out: OctetWriter): void {
    out.reserve(FLOW_TEXT_MAX + this.#origin.length)
    const into = out.bytes
    let at = putOctets(into, out.len, TIME)
    at = this.#time.put(packet, into, at)
    at = putOctets(into, at, this.#origin)
    at = putOctets(into, at, SRC[transport])
    at = putAddress(packet.bytes, packet.srcAddrOff, packet.ipVersion, into, at)
    at = putOctets(into, at, SRCPORT)
    at = putDecimal(into, at, packet.srcPort)
    at = putOctets(into, at, DST)
    at = putAddress(packet.bytes, packet.dstAddrOff, packet.ipVersion, into, at)
    at = putOctets(into, at, DSTPORT)
    out.len = putDecimal(into, at, packet.dstPort)
    if (packet.vlan >= 0) {
      out.ascii(',"vlan":')
      out.decimal(packet.vlan)
    }
    if (packet.encapsulationCount > 0) this.#writeTunnel(packet, out)
  }

  #writeTunnel(packet: Packet, out: OctetWriter): void {
    for (let i = 0; i < packet.encapsulationCount; i++) {
      out.ascii(i === 0 ? ',"tunnel":"' : '/')
      out.ascii(this.#encapsulationNames[packet.encapsulation[i] ?? 0] ?? 'unknown')
    }
    out.ascii('"')
  }
}
