import { u16, u8 } from '../base/bytes.js'
import { MAX_HELLO_LEN, MAX_PROFILE_KEY_PAIRS } from '../base/limits.js'
import type { HandshakeOctets } from '../model/handshake-octets.js'
import type { Hello } from '../model/hello.js'
import type { ExtensionOrder } from './extension-order.js'
import { greaseFrom, isInWhole } from './npf.js'
import { degrease } from './text.js'
import { isTransportParameters, TransportParameterIds } from './transport-parameter-ids.js'

const TRANSPORT_CODES = { tcp: 0, quic: 1, dtls: 2 } as const
/** Units one octet of a hello makes at most: transport parameters of two octets make five. */
const UNITS_PER_OCTET = 3
/** Units before the lists. */
const HEAD_UNITS = 7

/**
 * Everything of a hello that its fingerprints depend on, but the order of its extensions, as 16-bit units: versions,
 * ciphers, the extensions' types sorted, and the bodies of those that count. GREASE is folded where no fingerprint
 * tells its values apart. Two hellos with equal keys and equal extension order have equal fingerprints.
 */
export class ProfileKey {
  /** The units two by two, the last with nought if it is alone: half the steps to hash and to compare. */
  readonly pairs: Int32Array
  /** Pairs in use. */
  len = 0
  hash = 0
  readonly #units = new Uint16Array(UNITS_PER_OCTET * MAX_HELLO_LEN)
  readonly #ids = new TransportParameterIds()

  constructor() {
    this.pairs = new Int32Array(this.#units.buffer)
  }

  /** Makes the key of a hello. */
  fill(message: HandshakeOctets, hello: Hello, order: ExtensionOrder): void {
    const units = this.#units
    const { bytes } = hello
    units[0] = TRANSPORT_CODES[message.transport]
    units[1] = message.recordVersion
    units[2] = message.quicVersion >>> 16
    units[3] = message.quicVersion
    units[4] = hello.legacyVersion
    units[5] = order.count
    units[6] = hello.cipherSuitesLen
    let at = HEAD_UNITS
    const ciphersEnd = hello.cipherSuitesOff + hello.cipherSuitesLen
    for (let i = hello.cipherSuitesOff; i + 2 <= ciphersEnd; i += 2) {
      units[at++] = degrease(u16(bytes, i))
    }
    for (let i = 0; i < order.count; i++) {
      const type = order.sorted[i] ?? 0
      units[at++] = type
      if (isInWhole(type)) at = this.#body(hello, order.sortedIndex[i] ?? 0, type, at)
      else if (message.transport === 'quic' && isTransportParameters(type)) {
        at = this.#transportParameters(hello, order.sortedIndex[i] ?? 0, at)
      }
    }
    units[at] = 0
    this.len = (at + 1) >> 1

    const { pairs } = this
    const hashed = Math.min(this.len, MAX_PROFILE_KEY_PAIRS)
    let hash = 0
    for (let i = 0; i < hashed; i++) {
      // Multiplying carries upwards only; the shift brings what the upper half tells back down.
      const mixed = Math.imul(hash ^ (pairs[i] ?? 0), 0x9e3779b1)
      hash = mixed ^ (mixed >>> 15)
    }
    this.hash = hash
  }

  #body(hello: Hello, index: number, type: number, start: number): number {
    const units = this.#units
    const { bytes } = hello
    const len = hello.extensionLen[index] ?? 0
    let from = hello.extensionOff[index] ?? 0
    const end = from + len
    let at = start
    units[at++] = len
    const plainEnd = Math.min(from + greaseFrom(type), end)
    if (plainEnd < end) {
      // The one or two octets of the list's own length.
      units[at++] = plainEnd - from === 2 ? u16(bytes, from) : u8(bytes, from)
      from = plainEnd
      for (; from + 2 <= end; from += 2) units[at++] = degrease(u16(bytes, from))
    } else for (; from + 2 <= end; from += 2) units[at++] = u16(bytes, from)
    if (from < end) units[at++] = u8(bytes, from)
    return at
  }

  #transportParameters(hello: Hello, index: number, start: number): number {
    const units = this.#units
    const ids = this.#ids
    const off = hello.extensionOff[index] ?? 0
    ids.fill(hello.bytes, off, off + (hello.extensionLen[index] ?? 0))
    let at = start
    units[at++] = ids.count
    for (let i = 0; i < ids.count; i++) {
      const high = ids.high[i] ?? 0
      const low = ids.low[i] ?? 0
      units[at++] = ids.len[i] ?? 0
      units[at++] = high >>> 16
      units[at++] = high
      units[at++] = low >>> 16
      units[at++] = low
    }
    return at
  }
}
