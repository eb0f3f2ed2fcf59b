// The extensions of a hello in wire order and in sorted order. Where one stands in the sorted order is counted, each
// compared with each: 80 ns for a browser's eighteen, which are shuffled anew each time, so that a sort guesses wrong.

import { MAX_PROFILE_EXTENSIONS } from '../../base/limits'
import { degrease, u16be } from './octets'

/** Type << 16 | index of each, GREASE folded. */
const KEYS: u32 = memory.data(4 * MAX_PROFILE_EXTENSIONS) as u32
const BODIES: u32 = memory.data(4 * MAX_PROFILE_EXTENSIONS) as u32
const SORTED: u32 = memory.data(MAX_PROFILE_EXTENSIONS) as u32
/** Place of each in the sorted order, an octet, equal types in wire order; noughts up to a multiple of eight. */
export const RANK: u32 = memory.data(MAX_PROFILE_EXTENSIONS + 8) as u32

const MAX_COUNT: u32 = MAX_PROFILE_EXTENSIONS

export let count: u32 = 0

/** Reads the extensions in [off, end). @returns whether they are whole and not too many */
export function readExtensions(off: u32, end: u32): bool {
  count = 0
  let at = off
  while (at < end) {
    if (end - at < 4 || count == MAX_COUNT) return false
    const len = u16be(at + 2)
    store<u32>(KEYS + 4 * count, (degrease(u16be(at)) << 16) | count)
    store<u32>(BODIES + 4 * count, at + 4)
    if (len > end - at - 4) return false
    at += 4 + len
    count++
  }
  sort()
  return true
}

function sort(): void {
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u32>(KEYS + 4 * i)
    let before: u32 = 0
    for (let j: u32 = 0; j < i; j++) {
      const isBefore = (load<u32>(KEYS + 4 * j) < key) as u32
      before += isBefore
      store<u8>(RANK + j, load<u8>(RANK + j) + (1 - isBefore))
    }
    store<u8>(RANK + i, before)
  }
  for (let i: u32 = 0; i < count; i++) store<u8>(SORTED + load<u8>(RANK + i), i)
  store<u64>(RANK + count, 0)
}

/** Index of the extension at `place` of the sorted order. */
export function sortedIndex(place: u32): u32 {
  return load<u8>(SORTED + place)
}

/** Type of the extension at `index`, GREASE as 0x0a0a. */
export function typeOf(index: u32): u32 {
  return load<u32>(KEYS + 4 * index) >> 16
}

/** Offset of its body; its length stands in the two octets before. */
export function bodyOf(index: u32): u32 {
  return load<u32>(BODIES + 4 * index)
}
