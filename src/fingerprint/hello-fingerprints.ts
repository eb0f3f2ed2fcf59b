// Fingerprints of one hello without a capture: equal to those of its sighting.

import { u16 } from '../base/bytes.js'
import { MAX_HELLO_LEN } from '../base/limits.js'
import { ByteWriter } from '../base/byte-writer.js'
import { HandshakeBytes } from '../model/handshake-bytes.js'
import { Hello } from '../model/hello.js'
import type { FingerprintName, Sighting } from '../model/sighting.js'
import { parseClientHello } from '../tls/hello-parser.js'
import { isHandshakeRecord, messageInRecords } from '../tls/message-in-records.js'
import { isSslv2ClientHello } from '../tls/sslv2-hello.js'
import { quicVersionOf } from './quic-version-text.js'
import { SightingWriter } from './sighting-writer.js'
import { versionOf } from './version-text.js'

/** The members of a sighting that the hello decides: its fingerprints and versions. */
export type Fingerprints = Pick<
  Sighting,
  | 'alpn'
  | 'record_version'
  | 'quic_version'
  | 'client_hello_version'
  | 'tls_version'
  | FingerprintName
  | 'tls_fp'
  | 'iana'
>

/**
 * The transport of a hello, which some fingerprints include. Its keys are those of a sighting, so a sighting is a Carriage.
 * Absent, it is TLS over TCP, and what carried it is unknown.
 */
export interface Carriage {
  readonly proto?: Sighting['proto']
  /** Version of the first record; that of the records themselves where the bytes have them. */
  readonly record_version?: string
  readonly quic_version?: string
}

const SSL2_VERSION = 0x0002

/** Makes fingerprints of hellos, one after the other. One instance a thread: it remembers as SightingWriter does. */
export class HelloFingerprints {
  /** The hello read last. */
  readonly hello = new Hello()
  readonly #message = new HandshakeBytes()
  readonly #unwrapped = new ByteWriter(4096)
  readonly #out = new ByteWriter(4096)
  readonly #writer: SightingWriter

  constructor(fingerprints: ReadonlySet<FingerprintName> | 'all') {
    this.#writer = new SightingWriter({ fingerprints, communityId: false, encapsulationNames: [] })
  }

  /**
   * The fingerprints of the ClientHello in `bytes`: the handshake message, or TLS records that begin with it.
   * Undefined where that is no whole ClientHello, or a version of `carriage` is none.
   */
  of(bytes: Uint8Array, carriage: Carriage): Fingerprints | undefined {
    if (!this.read(bytes, carriage)) return undefined
    this.#out.len = 0
    this.#writer.writeProfile(this.#message, this.hello, this.#out)
    return JSON.parse(this.#out.text()) as Fingerprints
  }

  /** The same of a handshake message whose versions are known as numbers, 0 where nothing carried them. */
  ofMessage(
    bytes: Uint8Array,
    proto: Sighting['proto'],
    recordVersion: number,
    quicVersion: number,
  ): Fingerprints | undefined {
    const message = this.#message
    message.transport = proto
    message.recordVersion = recordVersion
    message.quicVersion = quicVersion
    message.bytes = bytes
    message.off = 0
    message.end = bytes.length
    if (bytes.length > MAX_HELLO_LEN) return undefined
    if (parseClientHello(bytes, 0, bytes.length, proto === 'dtls', this.hello) < 0) return undefined
    this.#out.len = 0
    this.#writer.writeProfile(message, this.hello, this.#out)
    return JSON.parse(this.#out.text()) as Fingerprints
  }

  /** Reads the ClientHello in `bytes` into `hello`. @returns whether there is one */
  read(data: Uint8Array, carriage: Carriage): boolean {
    const message = this.#message
    const recordVersion = versionIn(carriage.record_version, versionOf)
    const quicVersion = versionIn(carriage.quic_version, quicVersionOf)
    if (recordVersion === undefined || quicVersion === undefined) return false
    message.transport = carriage.proto ?? 'tcp'
    message.recordVersion = recordVersion
    message.quicVersion = quicVersion
    message.bytes = data
    message.off = 0
    message.end = data.length
    if (message.transport === 'tcp') this.#unwrap(message)
    if (message.end - message.off > MAX_HELLO_LEN) return false
    const { bytes, off, end, transport } = message
    return parseClientHello(bytes, off, end, transport === 'dtls', this.hello) >= 0
  }

  /** Takes the records from around the message. */
  #unwrap(message: HandshakeBytes): void {
    const { bytes, end } = message
    if (isHandshakeRecord(bytes, 0, end)) {
      this.#unwrapped.len = 0
      message.recordVersion = u16(bytes, 1)
      messageInRecords(bytes, 0, end, this.#unwrapped)
      message.bytes = this.#unwrapped.bytes
      message.end = this.#unwrapped.len
    } else if (isSslv2ClientHello(bytes, 0, end)) {
      message.recordVersion = SSL2_VERSION
      message.end = Math.min(end, 2 + (u16(bytes, 0) & 0x7fff))
    }
  }
}

/** A version from its text; 0 if absent, undefined if it is no version. */
function versionIn(
  text: string | undefined,
  of: (text: string) => number | undefined,
): number | undefined {
  return text === undefined ? 0 : of(text)
}
