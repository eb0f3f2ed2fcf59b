// A hello's key: everything of it that its fingerprints depend on, but the order of its extensions. That is versions,
// ciphers, the extensions' types sorted, the bodies of those that count with their lengths, and the ids of its transport
// parameters. GREASE is folded where no fingerprint tells its values apart. Two hellos with equal keys and equal extension
// order have equal fingerprints.

import {
  AT_BODY_KINDS,
  AT_KEY,
  AT_PARAMETER_IDS,
  BODY_ASIDE,
  BODY_WITH_GREASE,
  MAX_PROFILE_KEY_LEN,
} from '../../profile-layout'
import { bodyOf, count, sortedIndex, typeOf } from './extension-order'
import { degrease, u16be } from './bytes'

const MAX_LEN: u32 = MAX_PROFILE_KEY_LEN
const KEY_END: u32 = AT_KEY + MAX_LEN
/** Bytes before the lists. */
const HEAD_LEN: u32 = 16
const TYPE_LEN: u32 = 2
const LENGTH_LEN: u32 = 2
const WITH_GREASE: u32 = BODY_WITH_GREASE

/** Bytes of the key at AT_KEY, a multiple of eight, the last of them nought where it is shorter. */
export let keyLen: u32 = 0
export let keyHash: u32 = 0

/**
 * Makes the key of the hello whose extensions were read last, of two words of versions and the like, its cipher suites in
 * [ciphers, ciphers + ciphersLen) and `idsLen` bytes at AT_PARAMETER_IDS.
 *
 * @returns whether it is short enough to be kept
 */
export function makeKey(
  versions: u64,
  more: u64,
  ciphers: u32,
  ciphersLen: u32,
  idsLen: u32,
): bool {
  if (HEAD_LEN + ciphersLen + idsLen > MAX_LEN) return false
  store<u64>(AT_KEY, versions)
  store<u64>(AT_KEY, more, 8)
  let at: u32 = AT_KEY + HEAD_LEN
  for (let i: u32 = 0; i < ciphersLen; i += 2) {
    store<u16>(at + i, degrease(load<u16>(ciphers + i)))
  }
  at += ciphersLen
  for (let i: u32 = 0; i < count; i++) {
    if (KEY_END - at < TYPE_LEN) return false
    const index = sortedIndex(i)
    const type = typeOf(index)
    store<u16>(at, type)
    at += TYPE_LEN
    const kind: u32 = load<u8>(AT_BODY_KINDS + type)
    if (kind == BODY_ASIDE) continue
    const body = bodyOf(index) - LENGTH_LEN
    const len = LENGTH_LEN + u16be(body)
    if (KEY_END - at < len) return false
    for (let j: u32 = 0; j < len; j += 8) store<u64>(at + j, load<u64>(body + j))
    if (kind >= WITH_GREASE) {
      for (let j = LENGTH_LEN + kind - WITH_GREASE; j + 2 <= len; j += 2) {
        store<u16>(at + j, degrease(load<u16>(at + j)))
      }
    }
    at += len
  }
  if (KEY_END - at < idsLen) return false
  for (let i: u32 = 0; i < idsLen; i += 8) store<u64>(at + i, load<u64>(AT_PARAMETER_IDS + i))
  at += idsLen
  store<u64>(at, 0)
  keyLen = (at - AT_KEY + 7) & ~7
  hash()
  return true
}

function hash(): void {
  let h: u64 = 0
  for (let i: u32 = 0; i < keyLen; i += 8) {
    // Multiplying carries upwards only; the shift brings what the upper half tells back down.
    h = (h ^ load<u64>(AT_KEY + i)) * 0x9e3779b97f4a7c15
    h ^= h >> 32
  }
  keyHash = h as u32
}
