// A profile is what all hellos of one piece of software have in common. Browsers since Chrome 110 put their extensions
// in another order each time, and of a sighting's text only that order, and the hashes over it, differ. The positions do
// not: permuted lists are as long as before. So a profile holds the finished text of the last hello that had it, and the
// next one writes over four lists and three hashes, by the profile's plan (profile-layout.ts).

import { DIGEST_STATE_LEN } from '../../digest-layout'
import { DIGEST_HEAD_WORDS, LIST_HEAD_WORDS, PLAN_HEAD_WORDS } from '../../profile-layout'
import { digestBlocks, digestEnd, digestStart } from './digest'
import { count, RANK } from './extension-order'
import { putHex } from './hex'

const STATE_LEN: u32 = DIGEST_STATE_LEN
const STATE: u32 = memory.data(DIGEST_STATE_LEN) as u32

/** Offset of a plan's digests. */
function digestsOf(plan: u32): u32 {
  return plan + 4 * (PLAN_HEAD_WORDS + load<u32>(plan) * (LIST_HEAD_WORDS + count + 1))
}

/** Makes ready the states that the plan's digests start from. */
export function prepare(plan: u32): void {
  let at = digestsOf(plan)
  for (let i = load<u32>(plan, 4); i > 0; i--) {
    const algorithm = load<u32>(at)
    const state = at + 4 * DIGEST_HEAD_WORDS
    digestStart(algorithm, state)
    store<u32>(at, digestBlocks(algorithm, state, load<u32>(at, 4), load<u32>(at, 8)), 8)
    at = state + STATE_LEN
  }
}

/** Makes the text that of the hello whose extensions were read last. */
export function reorder(plan: u32): void {
  let at: u32 = plan + 4 * PLAN_HEAD_WORDS
  for (let i = load<u32>(plan); i > 0; i--) at = putList(at)
  for (let i = load<u32>(plan, 4); i > 0; i--) at = putDigest(at)
}

/** Puts a list's elements down in wire order. @returns what follows it in the plan */
function putList(list: u32): u32 {
  const end = load<u32>(list, 4)
  // What is behind the list is written over eight bytes at a time, the last separator among them.
  const behind = load<u64>(end)
  const elements = list + 4 * LIST_HEAD_WORDS
  let at = load<u32>(list)
  for (let i: u32 = 0; i < count; i++) {
    const element = elements + 4 * (load<u8>(RANK + i) as u32)
    const from = load<u32>(element)
    const len = load<u32>(element, 4) - from
    for (let j: u32 = 0; j < len; j += 8) store<u64>(at + j, load<u64>(from + j))
    at += len
  }
  store<u64>(end, behind)
  return elements + 4 * (count + 1)
}

/** Puts a digest down. @returns what follows it in the plan */
function putDigest(digest: u32): u32 {
  const algorithm = load<u32>(digest)
  const end = load<u32>(digest, 12)
  const state = digest + 4 * DIGEST_HEAD_WORDS
  for (let i: u32 = 0; i < STATE_LEN; i += 8) store<u64>(STATE + i, load<u64>(state + i))
  digestEnd(algorithm, STATE, load<u32>(digest, 8), end, end - load<u32>(digest, 4))
  putHex(STATE, load<u32>(digest, 20), load<u32>(digest, 16))
  return state + STATE_LEN
}
