// The network field of a pcap file header (draft-ietf-opsawg-pcap §4), as written by libpcap:
//
//   31      28 27 26 25             16 15                            0
//  +----------+-----+-----------------+-------------------------------+
//  | FCS len  | 0 f |  class (NetBSD) |          LINKTYPE_            |
//  +----------+-----+-----------------+-------------------------------+
//  f: FCS len holds, in units of two bytes.

const FCS_PRESENT = 0x0400_0000
const CLASS_MASK = 0x03ff_0000
/** Class of NetBSD's raw address families: the frame is the IP packet. */
const CLASS_NETBSD_RAWAF = 0x0224_0000

export const LINKTYPE_RAW = 101

/**
 * The LINKTYPE_ value of a network field.
 *
 * DLT_RAW differs by system, and some writers put it where LINKTYPE_RAW belongs: 12 is that of most, 14 that of OpenBSD.
 */
export function linkTypeOf(network: number): number {
  if ((network & CLASS_MASK) === CLASS_NETBSD_RAWAF) return LINKTYPE_RAW
  const linkType = network & 0xffff
  return linkType === 12 || linkType === 14 ? LINKTYPE_RAW : linkType
}

/** Bytes of frame check sequence at the end of each frame, as a network field tells; 0 where it does not. */
export function fcsLenOf(network: number): number {
  return (network & FCS_PRESENT) === 0 ? 0 : (network >>> 28) * 2
}
