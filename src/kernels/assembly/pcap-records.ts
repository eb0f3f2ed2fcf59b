// The loop over the records of a classic pcap, in AssemblyScript: what PcapReader.fill does, for files in the byte order
// of nearly all machines. It stops before any record that is not plainly whole and leaves that to PcapReader.
//
// This is compiled to kernels/pcap-records-code.ts by `npm run kernels`; the program itself needs no compiler.

import {
  AT_BYTES,
  AT_CAPLEN,
  AT_LINK_TYPE,
  AT_START,
  AT_TIME,
  AT_WIRELEN,
  BLOCK_FRAMES,
} from '../../base/block-layout'

/** Offset of the first record not taken, after `records`. */
let next: u32 = 0

export function nextOff(): u32 {
  return next
}

/**
 * Appends the little-endian records at [from, end) of the block's bytes to its `first` frames.
 *
 * @returns how many frames the block holds then; `nextOff` tells how far it came
 */
export function records(
  from: u32,
  end: u32,
  first: i32,
  recordLen: u32,
  nanos: bool,
  linkType: u32,
  fcsLen: u32,
  maxCaplen: u32,
): i32 {
  let count = first
  let off = from
  while (count < BLOCK_FRAMES && end - off >= recordLen) {
    const header = AT_BYTES + off
    const caplen = load<u32>(header + 8)
    const frame = off + recordLen
    // an empty record may be the header of another file
    if (caplen == 0 || caplen > maxCaplen || frame + caplen > end) break
    const fraction = load<u32>(header + 4)
    const micros = (load<u32>(header) as f64) * 1e6
    store<f64>(
      AT_TIME + 8 * count,
      micros + (nanos ? ((fraction / 500) as f64) / 2 : (fraction as f64)),
    )
    const wirelen = max(load<u32>(header + 12), caplen)
    // The frame check sequence ends the frame on the wire: what was captured of it goes.
    const kept = wirelen > fcsLen ? wirelen - fcsLen : wirelen
    store<u32>(AT_START + 4 * count, frame)
    store<u32>(AT_CAPLEN + 4 * count, min(caplen, kept))
    store<u32>(AT_WIRELEN + 4 * count, kept)
    store<u16>(AT_LINK_TYPE + 2 * count, linkType as u16)
    count++
    off = frame + caplen
  }
  next = off
  return count
}
