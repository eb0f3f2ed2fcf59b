// The extensions of a hello in wire order and in sorted order. Browsers shuffle them anew each time, so that a sort, or any
// step that goes by a comparison, guesses wrong: where one stands in the sorted order is counted, without a branch. Types
// below 64, nearly all there are, are bits of a word, and those below one of them are so many bits of it.

import { MAX_PROFILE_EXTENSIONS } from '../../../base/limits'
import { degrease, u16be } from './bytes'

const MAX_COUNT: u32 = MAX_PROFILE_EXTENSIONS
const HIGH_TYPE: u32 = 64
const HEADER_LEN: u32 = 4

/** Type << 16 | index of each, GREASE folded. */
const KEYS: u32 = memory.data(4 * MAX_PROFILE_EXTENSIONS) as u32
/** Those of types from 64 on. */
const HIGH_KEYS: u32 = memory.data(4 * MAX_PROFILE_EXTENSIONS) as u32
const BODIES: u32 = memory.data(4 * MAX_PROFILE_EXTENSIONS) as u32
const SORTED: u32 = memory.data(MAX_PROFILE_EXTENSIONS) as u32
/** Place of each in the sorted order, a byte, equal types in wire order; noughts up to a multiple of eight. */
export const RANK: u32 = memory.data(MAX_PROFILE_EXTENSIONS + 8) as u32

export let count: u32 = 0

/**
 * Reads the extensions in [off, end).
 *
 * @returns whether they are whole, not too many, and of types below 64 none comes twice (RFC 8446 §4.2)
 */
export function readExtensions(off: u32, end: u32): bool {
  count = 0
  let lowTypes: u64 = 0
  let lows: u32 = 0
  let highs: u32 = 0
  let read: u32 = 0
  let at = off
  while (at < end) {
    if (end - at < HEADER_LEN || read == MAX_COUNT) return false
    const type = degrease(u16be(at))
    const len = u16be(at + 2)
    at += HEADER_LEN
    if (len > end - at) return false
    const key = (type << 16) | read
    store<u32>(KEYS + 4 * read, key)
    store<u32>(BODIES + 4 * read, at)
    store<u32>(HIGH_KEYS + 4 * highs, key)
    const isLow = (type < HIGH_TYPE) as u32
    lowTypes |= (isLow as u64) << (type as u64)
    lows += isLow
    highs += 1 - isLow
    at += len
    read++
  }
  if (popcnt<u64>(lowTypes) != lows) return false
  count = read
  rank(lowTypes, highs)
  return true
}

function rank(lowTypes: u64, highs: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const type = typeOf(i)
    const below = select<u64>(((1 as u64) << (type as u64)) - 1, u64.MAX_VALUE, type < HIGH_TYPE)
    store<u8>(RANK + i, popcnt<u64>(lowTypes & below) as u32)
  }
  for (let i: u32 = 0; i < highs; i++) {
    const key = load<u32>(HIGH_KEYS + 4 * i)
    const at = RANK + (key & 0xffff)
    let place: u32 = load<u8>(at)
    for (let j: u32 = 0; j < highs; j++) place += (load<u32>(HIGH_KEYS + 4 * j) < key) as u32
    store<u8>(at, place)
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

/** Offset of its body; its length stands in the two bytes before. */
export function bodyOf(index: u32): u32 {
  return load<u32>(BODIES + 4 * index)
}
