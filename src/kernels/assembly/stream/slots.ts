// Slots of unfinished hellos, as base/slot-pool.ts has them, in the same memory. Of their classes only the first is used
// here, as only its bytes are there.

import {
  ANCHOR,
  BASE,
  CLASS_COUNT,
  CLASS_FREE,
  CLASS_OLDEST,
  CLASS_SIZE,
  CLASS_WORDS,
  CLASS_YOUNGEST,
  FREE_WORDS,
  MARKED,
  OLDER,
  OWNER,
  SLOT_WORDS,
  USED_WORDS,
  YOUNGER,
} from '../../../base/slot-layout'
import { setWord, word } from './words'

let used: u32 = 0
let cls: u32 = 0
let slots: u32 = 0
let freeStack: u32 = 0
let offsets: u32 = 0

/** Says where the pool is, and what there is of it. */
export function prepareSlots(pool: u32, classCount: u32, slotCount: u32): void {
  used = pool
  cls = used + 4 * USED_WORDS
  slots = cls + 4 * CLASS_WORDS * classCount
  freeStack = slots + 4 * SLOT_WORDS * slotCount
  offsets = freeStack + 4 * slotCount
}

/** Whether a slot is free, and holds so many bytes. */
export function hasSlot(bytes: i32): bool {
  return word(cls, CLASS_SIZE) >= bytes && word(cls, CLASS_FREE) > 0
}

/** Whether a slot's bytes are in this memory. */
export function isHere(slot: i32): bool {
  return slot < word(cls, CLASS_COUNT)
}

/** SlotPool.take, of the first class, where one is free. */
export function takeSlot(owner: i32, base: i32): i32 {
  const free = word(cls, CLASS_FREE)
  const slot = word(freeStack, free - 1)
  setWord(cls, CLASS_FREE, free - 1)
  setWord(used, 0, word(used, 0) + 1)
  const at = slotAt(slot)
  for (let i: u32 = FREE_WORDS; i < (SLOT_WORDS as u32); i++) setWord(at, i, 0)
  setWord(at, OWNER, owner)
  setWord(at, BASE, base)
  setWord(at, MARKED, 0)
  const youngest = word(cls, CLASS_YOUNGEST)
  setWord(at, OLDER, youngest)
  setWord(at, YOUNGER, -1)
  if (youngest < 0) setWord(cls, CLASS_OLDEST, slot)
  else setWord(slotAt(youngest), YOUNGER, slot)
  setWord(cls, CLASS_YOUNGEST, slot)
  return slot
}

/** SlotPool.free. */
export function freeSlot(slot: i32): void {
  const at = slotAt(slot)
  const older = word(at, OLDER)
  const younger = word(at, YOUNGER)
  if (older < 0) setWord(cls, CLASS_OLDEST, younger)
  else setWord(slotAt(older), YOUNGER, younger)
  if (younger < 0) setWord(cls, CLASS_YOUNGEST, older)
  else setWord(slotAt(younger), OLDER, older)
  const free = word(cls, CLASS_FREE)
  setWord(freeStack, free, slot)
  setWord(cls, CLASS_FREE, free + 1)
  setWord(used, 0, word(used, 0) - 1)
}

export function slotAt(slot: i32): u32 {
  return slots + 4 * SLOT_WORDS * slot
}

export function bytesOf(slot: i32): u32 {
  return word(offsets, slot)
}
