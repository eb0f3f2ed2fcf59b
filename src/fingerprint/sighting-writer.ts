// A hello becomes its line: one JSON object with the keys of model/sighting.ts, in that order, and a newline.

import { OctetWriter } from '../base/octet-writer.js'
import { QUALITY_NAMES } from '../model/handshake-octets.js'
import type { HandshakeOctets } from '../model/handshake-octets.js'
import type { Hello } from '../model/hello.js'
import type { Packet } from '../model/packet.js'
import { FINGERPRINTS } from '../model/sighting.js'
import type { FingerprintName } from '../model/sighting.js'
import { writeAddress } from './address-text.js'
import { writeCommunityId } from './community-id.js'
import { ExtensionOrder } from './extension-order.js'
import { writeBase64, writeJsonPrintable } from './json-text.js'
import type { Profile } from './profile.js'
import { ProfileKey } from './profile-key.js'
import { ProfileTable } from './profile-table.js'
import { writeProfileText } from './profile-text.js'
import { TimeWriter } from './time-text.js'

/** What a line holds. */
export interface SightingOptions {
  /** Fingerprints to give; `tls_fp` and `iana` come with `sha3_384`. */
  readonly fingerprints: ReadonlySet<FingerprintName> | 'all'
  readonly communityId: boolean
  /** Appends the hello's octets with its secrets zeroed; with it, each line holds them in base64. */
  readonly redact?: (hello: Hello, out: OctetWriter) => void
  /** Names of the values in Packet.encapsulation. */
  readonly encapsulationNames: readonly string[]
  readonly sensor?: string
}

const ENCODER = new TextEncoder()

/**
 * Writes sightings. One instance a thread: it remembers profiles, so that a hello like one before costs little.
 *
 * Of every hello, whatever its octets, comes one line of valid JSON.
 */
export class SightingWriter {
  readonly #wanted: ReadonlySet<FingerprintName>
  readonly #options: SightingOptions
  readonly #time = new TimeWriter()
  readonly #order = new ExtensionOrder()
  readonly #key = new ProfileKey()
  readonly #profiles = new ProfileTable()
  readonly #profileText = new OctetWriter()
  readonly #redacted = new OctetWriter()
  #sensor = ''
  /** `,"file":"…","sensor":"…","proto":"` */
  #origin = new Uint8Array(0)

  constructor(options: SightingOptions) {
    this.#options = options
    this.#wanted = options.fingerprints === 'all' ? new Set(FINGERPRINTS) : options.fingerprints
    this.#sensor = options.sensor === undefined ? '' : `,"sensor":${JSON.stringify(options.sensor)}`
    this.setOrigin({})
  }

  /** Says where the hellos that follow were seen: a file or an interface, or neither. */
  setOrigin(origin: { readonly file?: string; readonly interface?: string }): void {
    let text = ''
    if (origin.file !== undefined) text += `,"file":${JSON.stringify(origin.file)}`
    if (origin.interface !== undefined) text += `,"interface":${JSON.stringify(origin.interface)}`
    this.#origin = ENCODER.encode(`${text}${this.#sensor},"proto":"`)
  }

  /** Appends the line of one ClientHello, seen whole with `packet`. */
  write(packet: Packet, message: HandshakeOctets, hello: Hello, out: OctetWriter): void {
    this.#writeFlow(packet, message, out)
    if (hello.serverNameLen > 0) {
      out.ascii(',"sni":"')
      writeJsonPrintable(hello.bytes, hello.serverNameOff, hello.serverNameLen, out)
      out.ascii('"')
    }
    out.ascii(',')
    const { shown } = this.#profile(message, hello)
    out.reserve(shown.length)
    out.bytes.set(shown, out.len)
    out.len += shown.length
    this.#writeRest(packet, message, hello, out)
  }

  #writeFlow(packet: Packet, message: HandshakeOctets, out: OctetWriter): void {
    out.ascii('{"time":"')
    this.#time.write(packet.timeMicros, out)
    out.ascii('"')
    out.copy(this.#origin, 0, this.#origin.length)
    out.ascii(message.transport)
    out.ascii('","src":"')
    writeAddress(packet.bytes, packet.srcAddrOff, packet.ipVersion, out)
    out.ascii('","srcport":')
    out.decimal(packet.srcPort)
    out.ascii(',"dst":"')
    writeAddress(packet.bytes, packet.dstAddrOff, packet.ipVersion, out)
    out.ascii('","dstport":')
    out.decimal(packet.dstPort)
    if (packet.vlan >= 0) {
      out.ascii(',"vlan":')
      out.decimal(packet.vlan)
    }
    if (packet.encapsulationCount === 0) return
    for (let i = 0; i < packet.encapsulationCount; i++) {
      out.ascii(i === 0 ? ',"tunnel":"' : '/')
      const value = packet.encapsulation[i] ?? 0
      out.ascii(this.#options.encapsulationNames[value] ?? 'unknown')
    }
    out.ascii('"')
  }

  #profile(message: HandshakeOctets, hello: Hello): Profile {
    const order = this.#order
    order.fill(hello)
    this.#key.fill(message, hello, order)
    const known = this.#profiles.find(this.#key)
    if (known !== undefined) {
      known.reorder(hello, order.wire)
      return known
    }
    const text = this.#profileText
    text.len = 0
    const marks = writeProfileText(message, hello, order, this.#wanted, text)
    return this.#profiles.add(this.#key, text, marks, order.wire.slice(0, order.count))
  }

  #writeRest(packet: Packet, message: HandshakeOctets, hello: Hello, out: OctetWriter): void {
    if (this.#options.communityId) {
      out.ascii(',"community_id":"')
      writeCommunityId(packet, out)
      out.ascii('"')
    }
    if (hello.echIndex >= 0) out.ascii(',"ech":true')
    out.ascii(',"hello_len":')
    out.decimal(message.end - message.off)
    if (this.#options.redact !== undefined) {
      this.#redacted.len = 0
      this.#options.redact(hello, this.#redacted)
      out.ascii(',"hello":"')
      writeBase64(this.#redacted.bytes, 0, this.#redacted.len, out)
      out.ascii('"')
    }
    if (message.quality !== 0) {
      let first = true
      for (let bit = 0; bit < QUALITY_NAMES.length; bit++) {
        if ((message.quality & (1 << bit)) === 0) continue
        out.ascii(first ? ',"quality":["' : '","')
        out.ascii(QUALITY_NAMES[bit] ?? '')
        first = false
      }
      if (!first) out.ascii('"]')
    }
    out.ascii('}\n')
  }
}
