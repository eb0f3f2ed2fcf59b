// Link layers that few captures have: which decoder reads which LAYER_ number.

import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { decodeEnc, decodeIpnet, decodePflog } from './bsd-log.js'
import type { Cursor } from './cursor.js'
import { decodeErf } from './erf.js'
import { decodeFrameRelay } from './frame-relay.js'
import { decodeJuniper, passCookie } from './juniper.js'
import {
  LAYER_AAL5,
  LAYER_CISCO_HDLC,
  LAYER_CISCO_HDLC_WITH_DIRECTION,
  LAYER_ENC,
  LAYER_ERF,
  LAYER_FDDI,
  LAYER_FRAME_RELAY,
  LAYER_FRAME_RELAY_WITH_DIRECTION,
  LAYER_IPNET,
  LAYER_IPOIB,
  LAYER_IP_OVER_1394,
  LAYER_IP_OVER_FC,
  LAYER_JUNIPER_ATM1,
  LAYER_JUNIPER_ATM2,
  LAYER_JUNIPER_ETHERNET,
  LAYER_JUNIPER_FRAME_RELAY,
  LAYER_JUNIPER_HDLC,
  LAYER_JUNIPER_OTHER,
  LAYER_JUNIPER_PPP,
  LAYER_JUNIPER_TYPED,
  LAYER_MPACKET,
  LAYER_NETANALYZER,
  LAYER_NETANALYZER_TRANSPARENT,
  LAYER_PFLOG,
  LAYER_TOKEN_RING,
} from './layer.js'
import { decodeMpacket } from './mpacket.js'
import { decodeNetanalyzer } from './netanalyzer.js'
import {
  decodeFddi,
  decodeIpOver1394,
  decodeIpOverFc,
  decodeIpoib,
  decodeTokenRing,
} from './other-lans.js'

/** A cell's header without its checksum. */
const AAL5_CELL_HEADER_LEN = 4

/** Decodes the header at `off`, which is a `layer`. @returns the offset of the next header, or a Fault */
export function decodeRareLink(
  layer: number,
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  switch (layer) {
    case LAYER_FRAME_RELAY:
      return decodeFrameRelay(bytes, off, end, cursor)
    case LAYER_ERF:
      return decodeErf(bytes, off, end, cursor)
    case LAYER_MPACKET:
      return decodeMpacket(bytes, off, end, cursor)
    case LAYER_PFLOG:
      return decodePflog(bytes, off, end, cursor)
    case LAYER_ENC:
      return decodeEnc(off, end, cursor)
    case LAYER_IPNET:
      return decodeIpnet(off, end, cursor)
    case LAYER_IPOIB:
      return decodeIpoib(bytes, off, end, cursor)
    case LAYER_FDDI:
      return decodeFddi(bytes, off, end, cursor)
    case LAYER_TOKEN_RING:
      return decodeTokenRing(bytes, off, end, cursor)
    case LAYER_IP_OVER_FC:
      return decodeIpOverFc(off, end, cursor)
    case LAYER_IP_OVER_1394:
      return decodeIpOver1394(bytes, off, end, cursor)
    case LAYER_JUNIPER_ETHERNET:
    case LAYER_JUNIPER_PPP:
    case LAYER_JUNIPER_FRAME_RELAY:
    case LAYER_JUNIPER_HDLC:
    case LAYER_JUNIPER_ATM1:
    case LAYER_JUNIPER_ATM2:
    case LAYER_JUNIPER_OTHER:
    case LAYER_JUNIPER_TYPED:
      return decodeJuniper(layer, bytes, off, end, cursor)
    case LAYER_AAL5:
      return passCookie(bytes, off + AAL5_CELL_HEADER_LEN, end, cursor)
    case LAYER_NETANALYZER:
    case LAYER_NETANALYZER_TRANSPARENT:
      return decodeNetanalyzer(bytes, off, end, layer === LAYER_NETANALYZER_TRANSPARENT, cursor)
    case LAYER_FRAME_RELAY_WITH_DIRECTION:
      return passDirection(off, end, LAYER_FRAME_RELAY, cursor)
    case LAYER_CISCO_HDLC_WITH_DIRECTION:
      return passDirection(off, end, LAYER_CISCO_HDLC, cursor)
    default:
      return UNSUPPORTED
  }
}

function passDirection(off: number, end: number, next: number, cursor: Cursor): OffsetOrFault {
  if (end - off < 1) return TRUNCATED
  cursor.next = next
  return off + 1
}
