// Profiles by their whole keys: open addressing, compared byte by byte, so that a hash is never trusted. Full, the table
// is emptied and starts again; clients that are really there are back within a few hellos.

import {
  MAX_HELLO_LEN,
  MAX_PROFILE_EXTENSIONS,
  MAX_PROFILE_TEXT,
  MAX_PROFILES,
  PROFILE_KEY_ARENA,
  PROFILE_TEXT_ARENA,
} from '../../../base/limits'
import {
  AT_HELLO,
  AT_KEY,
  AT_KEYS,
  AT_RECORDS,
  AT_SLOTS,
  AT_TEXTS,
  PROFILE_SLOTS,
  RECORD_LEN,
  SLACK,
} from '../../profile-layout'
import { count, RANK, readExtensions } from './extension-order'
import { prepare, reorder } from './profile'
import { keyHash, keyLen, makeKey } from './profile-key'

/** A key that finds no place in so many steps is not kept: crafted collisions cost no more than this. */
const MAX_PROBES = 16
const UNKNOWN = -1
const MAX_COUNT: u32 = MAX_PROFILES
const SLOTS: u32 = PROFILE_SLOTS
const HELLO: u32 = AT_HELLO
const HELLO_END: u32 = AT_HELLO + MAX_HELLO_LEN + SLACK
const MAX_TEXT: u32 = MAX_PROFILE_TEXT
const EMPTY: u32 = 0
const KEYS_END: u32 = AT_KEYS + 4 * PROFILE_KEY_ARENA
const TEXTS_END: u32 = AT_TEXTS + PROFILE_TEXT_ARENA

/** What is kept of a profile, RECORD_LEN bytes. */
@unmanaged
class Profile {
  hash: u32
  key: u32
  keyLen: u32
  plan: u32
  /** What is shown of it. */
  text: u32
  shownLen: u32
}

/** Where in its record a profile has the order of extensions its text is in. */
const ORDER: u32 = RECORD_LEN - MAX_PROFILE_EXTENSIONS

let profiles: u32 = 0
let keysEnd: u32 = AT_KEYS
let textsEnd: u32 = AT_TEXTS
/** The slot where the key looked up last would go, or EMPTY. */
let freeSlot: u32 = EMPTY

/**
 * Looks up the profile of a hello, and makes its text that of this hello. From its cipher suites to its end it is `len`
 * bytes at `start`, behind AT_HELLO; its extensions are those from `extensionsOff` on.
 *
 * @returns the profile's number, or UNKNOWN
 */
export function find(
  transport: u32,
  recordVersion: u32,
  quicVersion: u32,
  legacyVersion: u32,
  start: u32,
  len: u32,
  ciphersLen: u32,
  extensionsOff: u32,
  idsLen: u32,
): i32 {
  freeSlot = EMPTY
  if (start < HELLO || start > HELLO_END || len > HELLO_END - start) return UNKNOWN
  if (ciphersLen > len || extensionsOff > len) return UNKNOWN
  if (!readExtensions(start + extensionsOff, start + len)) return UNKNOWN
  const versions =
    (transport as u64) |
    ((recordVersion as u64) << 16) |
    ((legacyVersion as u64) << 32) |
    ((count as u64) << 48)
  const more = (quicVersion as u64) | ((ciphersLen as u64) << 32)
  if (!makeKey(versions, more, start, ciphersLen, idsLen)) return UNKNOWN

  let slot = keyHash
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const at: u32 = AT_SLOTS + 4 * (slot & (SLOTS - 1))
    const record = load<u32>(at)
    if (record == EMPTY) {
      freeSlot = at
      return UNKNOWN
    }
    const profile = changetype<Profile>(record as usize)
    if (profile.hash == keyHash && profile.keyLen == keyLen && isKey(profile.key)) {
      if (takeOrder(record + ORDER)) reorder(profile.plan)
      return ((record - AT_RECORDS) / RECORD_LEN) as i32
    }
    slot++
  }
  return UNKNOWN
}

/**
 * Makes room for a profile under the key looked up last.
 *
 * @returns where its text and plan of together `len` bytes go, an offset that is a multiple of eight; 0 where it is not to be kept
 */
export function room(len: u32): u32 {
  if (freeSlot == EMPTY || len > MAX_TEXT) return 0
  if (profiles == MAX_COUNT || keysEnd + keyLen > KEYS_END || textsEnd + len > TEXTS_END) {
    for (let i: u32 = 0; i < SLOTS; i++) store<u32>(AT_SLOTS + 4 * i, EMPTY)
    profiles = 0
    keysEnd = AT_KEYS
    textsEnd = AT_TEXTS
    freeSlot = AT_SLOTS + 4 * (keyHash & (SLOTS - 1))
  }
  const text = textsEnd
  textsEnd += (len + 7) & ~7
  return text
}

/**
 * Keeps the profile, for which room was made at `text`, in the order of the hello looked up last. Of its text the first
 * `shownLen` bytes are shown.
 *
 * @returns its number
 */
export function keep(text: u32, shownLen: u32, plan: u32): i32 {
  const record: u32 = AT_RECORDS + profiles * RECORD_LEN
  const profile = changetype<Profile>(record as usize)
  profile.hash = keyHash
  profile.key = keysEnd
  profile.keyLen = keyLen
  profile.plan = plan
  profile.text = text
  profile.shownLen = shownLen
  for (let i: u32 = 0; i < keyLen; i += 8) store<u64>(keysEnd + i, load<u64>(AT_KEY + i))
  keysEnd += keyLen
  takeOrder(record + ORDER)
  prepare(plan)
  store<u32>(freeSlot, record)
  freeSlot = EMPTY
  return profiles++
}

/** Offset of what is shown of a profile. */
export function shownOf(profile: i32): u32 {
  return recordOf(profile).text
}

export function shownLenOf(profile: i32): u32 {
  return recordOf(profile).shownLen
}

function recordOf(profile: i32): Profile {
  return changetype<Profile>((AT_RECORDS + profile * RECORD_LEN) as usize)
}

function isKey(key: u32): bool {
  for (let i: u32 = 0; i < keyLen; i += 8) {
    if (load<u64>(key + i) != load<u64>(AT_KEY + i)) return false
  }
  return true
}

/** Writes the order of the hello looked up last at `order`. @returns whether another was there */
function takeOrder(order: u32): bool {
  let changed: u64 = 0
  for (let i: u32 = 0; i < count; i += 8) {
    const ranks = load<u64>(RANK + i)
    changed |= ranks ^ load<u64>(order + i)
    store<u64>(order + i, ranks)
  }
  return changed != 0
}
