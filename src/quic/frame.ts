// Frames of Initial packets: PADDING, PING, ACK, CRYPTO and CONNECTION_CLOSE, no others (RFC 9000 §12.4, §17.2.2)
//
//   CRYPTO            0x06 | offset(i) | length(i) | data                                      §19.6
//   ACK               0x02, 0x03 | largest(i) | delay(i) | count(i) | first range(i) |         §19.3
//                     count times: gap(i) | range(i) | of 0x03: three counts(i)
//   CONNECTION_CLOSE  0x1c | error code(i) | frame type(i) | reason length(i) | reason         §19.19

import { u32, u8 } from '../base/bytes.js'
import { MALFORMED, type OffsetOrFault } from '../base/fault.js'
import { varint, varintLen } from './varint.js'

const PADDING = 0x00
const PING = 0x01
const ACK = 0x02
const ACK_ECN = 0x03
const CRYPTO = 0x06
const CONNECTION_CLOSE = 0x1c
const ECN_COUNTS = 3

/** A piece of the CRYPTO stream. One instance, overwritten. */
export interface CryptoFrame {
  /** Offset in the stream, up to 2^62. */
  offset: number
  partOff: number
  partLen: number
}

/** A frame not yet read. */
export function newCryptoFrame(): CryptoFrame {
  return { offset: 0, partOff: 0, partLen: 0 }
}

/**
 * Reads on from `off` over all other frames to the next CRYPTO frame. Its `partLen` is 0 where the packet ended first.
 *
 * @returns the offset past what was read, or MALFORMED
 */
export function nextCryptoFrame(
  bytes: Uint8Array,
  off: number,
  end: number,
  frame: CryptoFrame,
): OffsetOrFault {
  frame.partLen = 0
  let at = off
  // Each turn takes a byte at least.
  while (at < end) {
    const type = u8(bytes, at++)
    if (type === PADDING) {
      // Half of a packet, often.
      while (end - at >= 4 && u32(bytes, at) === 0) at += 4
    } else if (type === PING) {
      continue
    } else if (type === CRYPTO) {
      const partLenOff = skip(bytes, at, end, 1)
      const partOff = skip(bytes, partLenOff, end, 1)
      if (partOff < 0) return MALFORMED
      const partLen = varint(bytes, partLenOff)
      if (partLen > end - partOff) return MALFORMED
      if (partLen > 0) {
        frame.offset = varint(bytes, at)
        frame.partOff = partOff
        frame.partLen = partLen
        return partOff + partLen
      }
      at = partOff
    } else if (type === ACK || type === ACK_ECN) {
      const countOff = skip(bytes, at, end, 2)
      const rangesOff = skip(bytes, countOff, end, 2)
      if (rangesOff < 0) return MALFORMED
      const integers = 2 * varint(bytes, countOff) + (type === ACK_ECN ? ECN_COUNTS : 0)
      // An integer is a byte at least.
      if (integers > end - rangesOff) return MALFORMED
      at = skip(bytes, rangesOff, end, integers)
      if (at < 0) return MALFORMED
    } else if (type === CONNECTION_CLOSE) {
      const reasonLenOff = skip(bytes, at, end, 2)
      const reasonOff = skip(bytes, reasonLenOff, end, 1)
      if (reasonOff < 0) return MALFORMED
      const reasonLen = varint(bytes, reasonLenOff)
      if (reasonLen > end - reasonOff) return MALFORMED
      at = reasonOff + reasonLen
    } else {
      return MALFORMED
    }
  }
  return at
}

/** The offset past `count` integers, or MALFORMED where they are not all there. */
function skip(bytes: Uint8Array, off: number, end: number, count: number): OffsetOrFault {
  if (off < 0) return MALFORMED
  let at = off
  for (let i = 0; i < count; i++) {
    if (at >= end) return MALFORMED
    at += varintLen(u8(bytes, at))
  }
  return at > end ? MALFORMED : at
}
