// What a payload is that no header names: an IP packet or an Ethernet frame, as far as its own bytes can tell.

import { u16, u8 } from '../base/bytes.js'
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_ARISTA,
  ETHERTYPE_CISCO_METADATA,
  ETHERTYPE_E_TAG,
  ETHERTYPE_FINE_LABEL,
  ETHERTYPE_HSR,
  ETHERTYPE_MACSEC,
  ETHERTYPE_QINQ,
  ETHERTYPE_R_TAG,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_TAG_8200,
  ETHERTYPE_TAG_9200,
  ETHERTYPE_TAG_9300,
  ETHERTYPE_TTAG,
  ETHERTYPE_VLAN,
  ETHERTYPE_VN_TAG,
  isDecodedEtherType,
} from './layer.js'
import { SAP_SNAP } from './llc.js'

const TYPE = 12
const MAX_TAGS = 4
/** Bytes Ethernet pads a frame to, its frame check sequence included. */
const MIN_FRAME_LEN = 64
const MAX_LENGTH = 1500
const IPV4_MIN_HEADER_LEN = 20
const IPV6_HEADER_LEN = 40

/** The payload is not of the kind asked for; it may be; its own lengths, or its checksum, say that it is. */
export const IMPLAUSIBLE = 0
export const POSSIBLE = 1
export const CERTAIN = 2

/**
 * Whether an IPv4 packet stands at `off` and ends at `wireEnd`: CERTAIN if its checksum is right and its length fits.
 *
 * A Total Length of 0 is POSSIBLE: segmentation offload leaves it empty, and the checksum with it.
 */
export function looksLikeIpv4(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
): number {
  if (end - off < IPV4_MIN_HEADER_LEN) return IMPLAUSIBLE
  const first = u8(bytes, off)
  const headerLen = (first & 0x0f) << 2
  if (first >> 4 !== 4 || headerLen < IPV4_MIN_HEADER_LEN) return IMPLAUSIBLE
  const totalLength = u16(bytes, off + 2)
  if (totalLength === 0) return POSSIBLE
  if (totalLength < headerLen || totalLength > wireEnd - off) return IMPLAUSIBLE
  if (end - off < headerLen) return POSSIBLE
  let sum = 0
  for (let at = off; at < off + headerLen; at += 2) sum += u16(bytes, at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum === 0xffff ? CERTAIN : POSSIBLE
}

/** Whether an IPv6 packet stands at `off` and ends at `wireEnd`: CERTAIN if it ends just there. */
export function looksLikeIpv6(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
): number {
  if (end - off < IPV6_HEADER_LEN || u8(bytes, off) >> 4 !== 6) return IMPLAUSIBLE
  const payloadLength = u16(bytes, off + 4)
  const left = wireEnd - off - IPV6_HEADER_LEN
  if (payloadLength === 0) return POSSIBLE
  if (payloadLength > left) return IMPLAUSIBLE
  return payloadLength === left ? CERTAIN : POSSIBLE
}

/** Whether an IP packet of either version stands at `off`. */
export function looksLikeIp(bytes: Uint8Array, off: number, end: number, wireEnd: number): number {
  if (off >= end) return IMPLAUSIBLE
  return u8(bytes, off) >> 4 === 6
    ? looksLikeIpv6(bytes, off, end, wireEnd)
    : looksLikeIpv4(bytes, off, end, wireEnd)
}

/**
 * Whether an Ethernet frame stands at `off`, with up to four tags: CERTAIN if the IP packet in it is, and the frame has no
 * more behind that than padding; POSSIBLE by an EtherType that is decoded, ARP's, or a length with the SNAP header behind it.
 */
export function looksLikeEthernet(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
): number {
  let at = off + TYPE
  for (let tags = 0; tags <= MAX_TAGS; tags++) {
    if (end - at < 4) return IMPLAUSIBLE
    const type = u16(bytes, at)
    const tagLen = tagLength(type, bytes, at + 2, end)
    if (tagLen > 0) {
      at += 2 + tagLen
      continue
    }
    if (type <= MAX_LENGTH) return u16(bytes, at + 2) === SAP_SNAP ? POSSIBLE : IMPLAUSIBLE
    if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6)
      return inEthernet(type, bytes, off, at + 2, end, wireEnd)
    return isDecodedEtherType(type) || type === ETHERTYPE_ARP ? POSSIBLE : IMPLAUSIBLE
  }
  return POSSIBLE
}

function inEthernet(
  type: number,
  bytes: Uint8Array,
  frameOff: number,
  off: number,
  end: number,
  wireEnd: number,
): number {
  if (off >= end) return IMPLAUSIBLE
  if (type === ETHERTYPE_IPV4) return looksLikeIpv4(bytes, off, end, wireEnd)
  const isPadded = wireEnd - frameOff <= MIN_FRAME_LEN
  const looks = looksLikeIpv6(bytes, off, end, wireEnd)
  if (looks === POSSIBLE && isPadded) return CERTAIN
  return looks
}

/** Bytes between the EtherType of a tag, which ends at `off`, and the one behind it; 0 where it is no tag. */
function tagLength(type: number, bytes: Uint8Array, off: number, end: number): number {
  switch (type) {
    case ETHERTYPE_VLAN:
    case ETHERTYPE_SERVICE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_TAG_9200:
    case ETHERTYPE_TAG_9300:
    case ETHERTYPE_TAG_8200:
    case ETHERTYPE_FINE_LABEL:
      return 2
    case ETHERTYPE_TTAG:
    case ETHERTYPE_HSR:
    case ETHERTYPE_R_TAG:
    case ETHERTYPE_VN_TAG:
      return 4
    case ETHERTYPE_E_TAG:
      return 6
    case ETHERTYPE_CISCO_METADATA:
      return end - off < 2 ? 0 : 2 + (u8(bytes, off + 1) << 2)
    case ETHERTYPE_MACSEC:
      return end - off < 1 ? 0 : (u8(bytes, off) & 0x20) !== 0 ? 14 : 6
    case ETHERTYPE_ARISTA:
      return end - off < 4 ? 0 : u8(bytes, off + 3) >> 4 === 1 ? 12 : 10
    default:
      return 0
  }
}
