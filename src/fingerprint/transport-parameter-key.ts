import type { Hello } from '../model/hello.js'
import { AT_PARAMETER_IDS, MAX_PROFILE_KEY_LEN } from '../kernels/profile-layout.js'
import { isTransportParameters, TransportParameterIds } from './transport-parameter-ids.js'

/** Bytes of an extension's type and its number of ids, and of an id. */
const HEAD_LEN = 4
const ID_LEN = 9

/** What a profile's key has of QUIC transport parameters: the ids of each extension that holds some. */
export class TransportParameterKey {
  readonly #bytes: Uint8Array
  readonly #ids = new TransportParameterIds()

  /** @param bytes a profile table's memory */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Writes that of `hello` at AT_PARAMETER_IDS. @returns its length; more than any key's where it has no room */
  write(hello: Hello): number {
    const ids = this.#ids
    const end = AT_PARAMETER_IDS + MAX_PROFILE_KEY_LEN
    let at = AT_PARAMETER_IDS
    for (let i = 0; i < hello.extensionCount; i++) {
      const type = hello.extensionType[i] ?? 0
      if (!isTransportParameters(type)) continue
      const off = hello.extensionOff[i] ?? 0
      ids.fill(hello.bytes, off, off + (hello.extensionLen[i] ?? 0))
      if (at + HEAD_LEN + ids.count * ID_LEN > end) return MAX_PROFILE_KEY_LEN + 1
      at = this.#put16(at, type)
      at = this.#put16(at, ids.count)
      for (let id = 0; id < ids.count; id++) {
        const high = ids.high[id] ?? 0
        const low = ids.low[id] ?? 0
        this.#bytes[at++] = ids.len[id] ?? 0
        at = this.#put16(this.#put16(at, high >>> 16), high)
        at = this.#put16(this.#put16(at, low >>> 16), low)
      }
    }
    return at - AT_PARAMETER_IDS
  }

  #put16(at: number, value: number): number {
    this.#bytes[at] = value >> 8
    this.#bytes[at + 1] = value
    return at + 2
  }
}
