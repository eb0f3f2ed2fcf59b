// Clients are dealt out to partitions by their address. All keys of a partition share a hash tag, so that one script takes
// all of a batch that is the partition's, in Cluster too; the tags are chosen so that their slots lie evenly apart, and the
// load of any number of shards is even (plain numbers as tags give the busiest shard 1.31 times the mean).

import { STORE_PARTITIONS } from '../../base/limits.js'

const SLOTS = 16_384
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** The prefixes of the partitions' keys, such as `hellotap:{7.a}:`. */
export const PARTITIONS: readonly string[] = Array.from({ length: STORE_PARTITIONS }, (_, i) => {
  const wanted = Math.round(((i + 0.5) * SLOTS) / STORE_PARTITIONS)
  let best = ''
  let apart = Infinity
  for (let k = 0; k < 512 && apart > SLOTS / STORE_PARTITIONS / 16; k++) {
    const tag = `${i}.${k.toString(36)}`
    const distance = Math.abs(keySlot(tag) - wanted)
    if (distance < apart) {
      apart = distance
      best = tag
    }
  }
  return `hellotap:{${best}}:`
})

/** The slot of a hash tag: CRC-16/XMODEM modulo 16384 (Redis Cluster specification, key hash slot). */
function keySlot(tag: string): number {
  let crc = 0
  for (let i = 0; i < tag.length; i++) {
    crc ^= tag.charCodeAt(i) << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)
    crc &= 0xffff
  }
  return crc % SLOTS
}

/** The number of the partition of an address: its bytes in latin1. */
export function partitionOf(ip: string): number {
  let sum = FNV_OFFSET
  for (let i = 0; i < ip.length; i++) sum = Math.imul(sum ^ ip.charCodeAt(i), FNV_PRIME)
  // the low bits of FNV-1a alone follow the last byte
  return ((sum ^ (sum >>> 15)) >>> 0) % STORE_PARTITIONS
}

/** The prefix of the keys of an address. */
export function prefixOf(ip: string): string {
  return PARTITIONS[partitionOf(ip)] ?? ''
}
