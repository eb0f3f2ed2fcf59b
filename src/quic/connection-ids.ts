import { u8 } from '../base/bytes.js'
import { type LongHeader, MAX_CONNECTION_ID_LEN } from './long-header.js'

const IDS_LEN = 2 * MAX_CONNECTION_ID_LEN

/** Destination and Source Connection ID of the first packet of each connection's client (RFC 9000 §7.2). */
export class ConnectionIds {
  readonly bytes: Uint8Array
  private readonly lens: Uint8Array
  /** Connection of each hash of IDs, plus one: the last one set. */
  private readonly places: Int32Array

  /** @param connections a power of two */
  constructor(connections: number) {
    this.places = new Int32Array(2 * connections)
    this.bytes = new Uint8Array(connections * IDS_LEN)
    this.lens = new Uint8Array(2 * connections)
  }

  /** Keeps the IDs of `header`, whose packet lies in `bytes`. */
  set(connection: number, bytes: Uint8Array, header: LongHeader): void {
    const at = connection * IDS_LEN
    const { dcidOff, dcidLen, scidOff, scidLen } = header
    for (let i = 0; i < dcidLen; i++) this.bytes[at + i] = u8(bytes, dcidOff + i)
    const scidAt = at + MAX_CONNECTION_ID_LEN
    for (let i = 0; i < scidLen; i++) this.bytes[scidAt + i] = u8(bytes, scidOff + i)
    this.lens[2 * connection] = dcidLen
    this.lens[2 * connection + 1] = scidLen
    this.places[this.placeOf(bytes, header)] = connection + 1
  }

  /** The connection, of any flow, whose client began with the IDs of `header`; -1 where none is known. */
  find(bytes: Uint8Array, header: LongHeader): number {
    const connection = (this.places[this.placeOf(bytes, header)] ?? 0) - 1
    if (connection < 0) return -1
    const { dcidOff, dcidLen, scidOff, scidLen } = header
    const isSame =
      this.isDcid(connection, bytes, dcidOff, dcidLen) &&
      this.isScid(connection, bytes, scidOff, scidLen)
    return isSame ? connection : -1
  }

  private placeOf(bytes: Uint8Array, { dcidOff, dcidLen }: LongHeader): number {
    let hash = dcidLen
    for (let i = 0; i < dcidLen; i++) hash = Math.imul(hash ^ u8(bytes, dcidOff + i), 0x01000193)
    return (hash ^ (hash >>> 15)) & (this.places.length - 1)
  }

  /** Where the Destination Connection ID lies in `bytes`. */
  dcidOffOf(connection: number): number {
    return connection * IDS_LEN
  }

  dcidLenOf(connection: number): number {
    return this.lens[2 * connection] ?? 0
  }

  /** Whether the Destination Connection ID is `bytes[off, off + len)`. */
  isDcid(connection: number, bytes: Uint8Array, off: number, len: number): boolean {
    return len === this.lens[2 * connection] && this.isAt(connection * IDS_LEN, bytes, off, len)
  }

  /** Whether the Source Connection ID is `bytes[off, off + len)`. */
  isScid(connection: number, bytes: Uint8Array, off: number, len: number): boolean {
    const at = connection * IDS_LEN + MAX_CONNECTION_ID_LEN
    return len === this.lens[2 * connection + 1] && this.isAt(at, bytes, off, len)
  }

  private isAt(at: number, bytes: Uint8Array, off: number, len: number): boolean {
    for (let i = 0; i < len; i++) if (this.bytes[at + i] !== u8(bytes, off + i)) return false
    return true
  }
}
