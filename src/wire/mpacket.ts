// mPacket of frame preemption, IEEE 802.3br §99.3, LINKTYPE_ETHERNET_MPACKET (274)
//
//  +---------------------------+-------+----------------+-----------
//  | preamble 0x55, 6 or 7     | SMD 1 | Ethernet frame | CRC 4         continuations have 6 and a count behind the SMD
//  +---------------------------+-------+----------------+-----------

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_ETHERNET } from './layer.js'

const PREAMBLE_AND_SMD_LEN = 8
const PREAMBLE = 0x55
const SMD_EXPRESS = 0xd5

/** Decodes the preamble at `off`. Of a preempted frame only its first part goes on. @returns the offset of the frame, or a Fault */
export function decodeMpacket(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < PREAMBLE_AND_SMD_LEN) return TRUNCATED
  // Receivers may lose some of the preamble.
  let at = off
  while (at < off + PREAMBLE_AND_SMD_LEN - 1 && u8(bytes, at) === PREAMBLE) at++
  const smd = u8(bytes, at)
  if (isContinuation(smd)) return UNSUPPORTED
  if (smd !== SMD_EXPRESS && !isStart(smd)) return MALFORMED
  cursor.next = LAYER_ETHERNET
  return at + 1
}

function isStart(smd: number): boolean {
  return smd === 0xe6 || smd === 0x4c || smd === 0x7f || smd === 0xb3
}

/** Continuations, and the frames that verify and respond (§99.3.4), carry no Ethernet header. */
function isContinuation(smd: number): boolean {
  return (
    smd === 0x61 || smd === 0x52 || smd === 0x9e || smd === 0x2a || smd === 0x07 || smd === 0x19
  )
}
