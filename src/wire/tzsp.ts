// TaZmen Sniffer Protocol (https://web.archive.org/web/2020/http://web.archive.org/TZSP), as Mikrotik's sniffer streams it
//
//  +-----------+--------+------------------------+---------------------------------+-------
//  | version 1 | type 1 | encapsulated protocol 2| tags: type 1, (length 1, value) | frame
//  +-----------+--------+------------------------+---------------------------------+-------
//
// Tag 0 is padding and tag 1 the end; both are one byte.

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_TZSP } from './encapsulation.js'
import { LAYER_AVS, LAYER_ETHERNET, LAYER_IEEE80211, LAYER_OTHER, LAYER_PRISM } from './layer.js'

const TYPE = 1
const PROTOCOL = 2
const TZSP_HEADER_LEN = 4
const VERSION = 1
const TYPE_RECEIVED = 0
const TYPE_FOR_TRANSMIT = 1
const TAG_PADDING = 0
const TAG_END = 1

/** Decodes the TZSP header at `off` and passes its tags. @returns the offset of the frame; UNSUPPORTED where it is no TZSP header */
export function decodeTzsp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < TZSP_HEADER_LEN) return TRUNCATED
  const type = u8(bytes, off + TYPE)
  if (u8(bytes, off) !== VERSION || (type !== TYPE_RECEIVED && type !== TYPE_FOR_TRANSMIT)) {
    return UNSUPPORTED
  }
  const next = layerOfProtocol(u16(bytes, off + PROTOCOL))
  if (next === LAYER_OTHER) return UNSUPPORTED

  let at = off + TZSP_HEADER_LEN
  for (let i = 0; i < MAX_HEADER_OPTIONS; i++) {
    if (at >= end) return TRUNCATED
    const tag = u8(bytes, at++)
    if (tag === TAG_PADDING) continue
    if (tag === TAG_END) {
      cursor.encapsulation = ENCAPSULATION_TZSP
      cursor.next = next
      return at
    }
    if (at >= end) return TRUNCATED
    at += 1 + u8(bytes, at)
  }
  return UNSUPPORTED
}

/** TZSP's own numbers of encapsulated protocols. */
function layerOfProtocol(protocol: number): number {
  if (protocol === 1) return LAYER_ETHERNET
  if (protocol === 18) return LAYER_IEEE80211
  if (protocol === 119) return LAYER_PRISM
  if (protocol === 127) return LAYER_AVS
  return LAYER_OTHER
}
