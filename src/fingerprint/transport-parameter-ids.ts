// Ids of QUIC transport parameters, RFC 9000 §18, as fingerprints know them: sorted, GREASE folded, values left aside.

import { u32, u8 } from '../base/bytes.js'
import { MAX_TRANSPORT_PARAMETERS } from '../base/limits.js'

const QUIC_TRANSPORT_PARAMETERS = 0x0039
/** The same before RFC 9001, drafts 13 to 32. */
const QUIC_TRANSPORT_PARAMETERS_DRAFT = 0xffa5
/** RFC 9000 §18.1: ids 31 × N + 27 are reserved, to be ignored. */
const GREASE_ID = 27

/** Whether an extension of this type holds transport parameters. */
export function isTransportParameters(type: number): boolean {
  return type === QUIC_TRANSPORT_PARAMETERS || type === QUIC_TRANSPORT_PARAMETERS_DRAFT
}

/**
 * Ids of one extension, each as the bytes of its variable-length integer, in the order of their hex; reserved ones as
 * the single byte 1b. What follows a malformed parameter is left. One instance, refilled.
 */
export class TransportParameterIds {
  count = 0
  /** Bytes of id i: 1, 2, 4 or 8. */
  readonly len = new Uint8Array(MAX_TRANSPORT_PARAMETERS)
  /** Bytes 0 to 3 and 4 to 7 of id i, nought where it is shorter. */
  readonly high = new Uint32Array(MAX_TRANSPORT_PARAMETERS)
  readonly low = new Uint32Array(MAX_TRANSPORT_PARAMETERS)

  /** Reads the parameters in `bytes[off, end)`. */
  fill(bytes: Uint8Array, off: number, end: number): void {
    this.count = 0
    let at = off
    while (at < end && this.count < MAX_TRANSPORT_PARAMETERS) {
      const idLen = varintLen(bytes, at)
      const lengthAt = at + idLen
      if (lengthAt >= end) return
      const lengthLen = varintLen(bytes, lengthAt)
      if (lengthAt + lengthLen > end) return
      const valueLen = varint(bytes, lengthAt, lengthLen)
      if (valueLen > end - lengthAt - lengthLen) return
      this.#insert(bytes, at, idLen)
      at = lengthAt + lengthLen + valueLen
    }
  }

  /** Byte `index` of id `i`. */
  byte(i: number, index: number): number {
    const word = (index < 4 ? this.high[i] : this.low[i]) ?? 0
    return (word >>> (24 - 8 * (index & 3))) & 0xff
  }

  #insert(bytes: Uint8Array, off: number, idLen: number): void {
    let len = idLen
    let high = leftAligned(bytes, off, Math.min(len, 4))
    let low = len === 8 ? u32(bytes, off + 4) : 0
    if (isReserved(bytes, off, len)) {
      len = 1
      high = 0x1b000000
      low = 0
    }
    let i = this.count++
    for (; i > 0 && this.#isAfter(i - 1, high, low, len); i--) {
      this.len[i] = this.len[i - 1] ?? 0
      this.high[i] = this.high[i - 1] ?? 0
      this.low[i] = this.low[i - 1] ?? 0
    }
    this.len[i] = len
    this.high[i] = high
    this.low[i] = low
  }

  #isAfter(i: number, high: number, low: number, len: number): boolean {
    const ownHigh = this.high[i] ?? 0
    if (ownHigh !== high) return ownHigh > high
    const ownLow = this.low[i] ?? 0
    return ownLow !== low ? ownLow > low : (this.len[i] ?? 0) > len
  }
}

/** Bytes of the variable-length integer at `off` (RFC 9000 §16). */
function varintLen(bytes: Uint8Array, off: number): number {
  return 1 << (u8(bytes, off) >> 6)
}

/** Its value, exact where it could be a length. */
function varint(bytes: Uint8Array, off: number, len: number): number {
  let value = u8(bytes, off) & 0x3f
  for (let i = 1; i < len; i++) value = value * 256 + u8(bytes, off + i)
  return value
}

/** The value modulo 31 from its bytes, so that all 62 bits count: 256 ≡ 8. */
function isReserved(bytes: Uint8Array, off: number, len: number): boolean {
  let rest = u8(bytes, off) & 0x3f
  for (let i = 1; i < len; i++) rest = (rest * 8 + u8(bytes, off + i)) % 31
  return rest % 31 === GREASE_ID
}

function leftAligned(bytes: Uint8Array, off: number, len: number): number {
  let word = 0
  for (let i = 0; i < len; i++) word |= u8(bytes, off + i) << (24 - 8 * i)
  return word >>> 0
}
