// The front of a sighting's line, from `time` to the tunnel: what every hello has of its own. Texts are written eight bytes
// at a time, so that what is behind one is written to, too, and then written over by the next.

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
  MAX_ORIGIN_LEN,
  MAX_TUNNEL_LEN,
  PIECE_DST,
  PIECE_DST_PORT,
  PIECE_LEN,
  PIECE_SRC_PORT,
  PIECE_TIME,
  PIECE_TRANSPORT,
  PIECE_TUNNEL,
  PIECE_VLAN,
} from '../../profile-layout'
import { putDecimal } from './decimal'
import { putTime } from './time-text'

const DOT = 0x2e
const QUOTE = 0x22
const LONGEST_ORIGIN: u32 = MAX_ORIGIN_LEN
const LONGEST_TUNNEL: u32 = MAX_TUNNEL_LEN
const LONGEST_ADDRESS: u32 = FLOW_DST - FLOW_SRC

/** Writes the front of the line of the flow at AT_FLOW to AT_LINE. @returns its length */
export function flowText(): u32 {
  return putFlow(AT_LINE) - AT_LINE
}

/** Writes a time of `micros` microseconds to AT_LINE. @returns its length */
export function timeText(micros: f64): u32 {
  return putTime(micros, AT_LINE) - AT_LINE
}

/** Writes the front of the line at `line`. @returns the offset past it */
export function putFlow(line: u32): u32 {
  let at = putPiece(PIECE_TIME, line)
  at = putTime(load<f64>(AT_FLOW + FLOW_MICROS), at)
  at = putText(AT_ORIGIN, min(load<u32>(AT_FLOW + FLOW_ORIGIN_LEN), LONGEST_ORIGIN), at)
  at = putPiece(PIECE_TRANSPORT + load<u32>(AT_FLOW + FLOW_TRANSPORT), at)
  at = putAddress(AT_FLOW + FLOW_SRC, load<u32>(AT_FLOW + FLOW_SRC_LEN), at)
  at = putPiece(PIECE_SRC_PORT, at)
  at = putDecimal(load<u32>(AT_FLOW + FLOW_SRC_PORT), at)
  at = putPiece(PIECE_DST, at)
  at = putAddress(AT_FLOW + FLOW_DST, load<u32>(AT_FLOW + FLOW_DST_LEN), at)
  at = putPiece(PIECE_DST_PORT, at)
  at = putDecimal(load<u32>(AT_FLOW + FLOW_DST_PORT), at)
  const vlan = load<i32>(AT_FLOW + FLOW_VLAN)
  if (vlan >= 0) at = putDecimal(vlan, putPiece(PIECE_VLAN, at))
  const tunnelLen = min(load<u32>(AT_FLOW + FLOW_TUNNEL_LEN), LONGEST_TUNNEL)
  if (tunnelLen == 0) return at
  at = putText(AT_FLOW + FLOW_TUNNEL, tunnelLen, putPiece(PIECE_TUNNEL, at))
  store<u8>(at, QUOTE)
  return at + 1
}

/** Writes the address at `from` as text: that of `len` bytes, or the dotted one of four bytes where `len` is 0. */
function putAddress(from: u32, len: u32, line: u32): u32 {
  if (len != 0) return putText(from, min(len, LONGEST_ADDRESS), line)
  let at = putDecimal(load<u8>(from), line)
  for (let i: u32 = 1; i < 4; i++) {
    store<u8>(at, DOT)
    at = putDecimal(load<u8>(from + i), at + 1)
  }
  return at
}

/** Writes a piece of text at `at`. @returns the offset past it */
export function putPiece(piece: u32, at: u32): u32 {
  const from: u32 = AT_PIECES + PIECE_LEN * piece
  return putText(from + 1, load<u8>(from), at)
}

/** Writes `len` bytes at `at`, and up to seven more. @returns the offset past them */
export function putText(from: u32, len: u32, at: u32): u32 {
  for (let i: u32 = 0; i < len; i += 8) store<u64>(at + i, load<u64>(from + i))
  return at + len
}
