// The Internet checksum of a segment and of its IPv4 header, as stream/checksum.ts has it. Words are summed in the machine's
// byte order: the sum of words whose bytes are swapped is the sum, swapped (RFC 1071 §2).

import { SUM_PARTIAL, SUM_RIGHT, SUM_WRONG } from '../tcp-layout'

const ALL_ONES: u32 = 0xffff
const IPV4_HEADER_LEN: u32 = 20
const CHECKSUM: u32 = 16
/** Protocol 6 of the pseudo header, its bytes swapped. */
const PROTOCOL_TCP: u64 = 0x0600

/** What the checksums are of the segment [header, end), which is whole; `ip` is its IP header, IPv4's without options. */
export function checksumOf(ip: u32, addresses: u32, addressLen: u32, header: u32, end: u32): i32 {
  if (addressLen == 4 && fold(sumOf(ip, ip + IPV4_HEADER_LEN)) != ALL_ONES) return SUM_WRONG
  const length = bswap<u16>((end - header) as u16) as u64
  const pseudo = sumOf(addresses, addresses + 2 * addressLen) + PROTOCOL_TCP + length
  if (fold(pseudo + sumOf(header, end)) == ALL_ONES) return SUM_RIGHT
  return (load<u16>(header, CHECKSUM) as u32) == fold(pseudo) ? SUM_PARTIAL : SUM_WRONG
}

/** A sum that `fold` makes the one of the words in [off, end). */
function sumOf(off: u32, end: u32): u64 {
  let at = off
  let lower: u64 = 0
  let upper: u64 = 0
  while (at + 32 <= end) {
    const a = load<u64>(at)
    const b = load<u64>(at, 8)
    const c = load<u64>(at, 16)
    const d = load<u64>(at, 24)
    lower += (a & 0xffff_ffff) + (b & 0xffff_ffff) + (c & 0xffff_ffff) + (d & 0xffff_ffff)
    upper += (a >> 32) + (b >> 32) + (c >> 32) + (d >> 32)
    at += 32
  }
  while (at + 4 <= end) {
    lower += load<u32>(at) as u64
    at += 4
  }
  if (at + 2 <= end) {
    lower += load<u16>(at) as u64
    at += 2
  }
  if (at < end) lower += load<u8>(at) as u64
  return lower + upper
}

function fold(sum: u64): u32 {
  let folded = sum
  while (folded > (ALL_ONES as u64)) folded = (folded & 0xffff) + (folded >> 16)
  return folded as u32
}
