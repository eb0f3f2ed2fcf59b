import {
  MAX_PROFILE_KEY_PAIRS,
  MAX_PROFILES,
  PROFILE_KEY_ARENA,
  PROFILE_TEXT_ARENA,
} from '../base/limits.js'
import type { OctetWriter } from '../base/octet-writer.js'
import type { ExtensionOrder } from './extension-order.js'
import { Profile } from './profile.js'
import type { ProfileMarks } from './profile.js'
import type { ProfileKey } from './profile-key.js'

/** A quarter full at most, so that hardly any key is further than a few steps from its place. */
const SLOTS = 4 * MAX_PROFILES
/** A key that finds no place in so many steps is not kept: crafted collisions cost no more than this. */
const MAX_PROBES = 16
const EMPTY = -1
/** Longest text kept, octets: sixteen of a browser's. */
const PROFILE_TEXT_MAX = 65_536

/**
 * Profiles by their whole keys: open addressing, compared pair by pair, so that a hash is never trusted. Full, it is
 * emptied and starts again; clients that are really there are back within a few hellos.
 */
export class ProfileTable {
  readonly #slots = new Int32Array(SLOTS).fill(EMPTY)
  readonly #hashes = new Int32Array(MAX_PROFILES)
  readonly #keyOff = new Uint32Array(MAX_PROFILES)
  readonly #keyLen = new Uint16Array(MAX_PROFILES)
  readonly #keys = new Int32Array(PROFILE_KEY_ARENA)
  #keysLen = 0
  readonly #texts = new Uint8Array(PROFILE_TEXT_ARENA)
  #textsLen = 0
  readonly #profiles: Profile[] = []
  /** Where the key looked up last would go, or EMPTY. */
  #freeSlot = EMPTY

  /** The profile with this key, if kept. */
  find(key: ProfileKey): Profile | undefined {
    this.#freeSlot = EMPTY
    if (key.len > MAX_PROFILE_KEY_PAIRS) return undefined
    let slot = key.hash & (SLOTS - 1)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const index = this.#slots[slot] ?? EMPTY
      if (index === EMPTY) {
        this.#freeSlot = slot
        return undefined
      }
      if (this.#hashes[index] === key.hash && this.#equals(index, key)) return this.#profiles[index]
      slot = (slot + 1) & (SLOTS - 1)
    }
    return undefined
  }

  /**
   * Makes a profile of the text in `text` and keeps it under the key looked up last. One that finds no place lives in
   * `text` itself, until that is written to again.
   */
  add(key: ProfileKey, text: OctetWriter, marks: ProfileMarks, order: ExtensionOrder): Profile {
    const fits = key.len <= MAX_PROFILE_KEY_PAIRS && text.len <= PROFILE_TEXT_MAX
    if (!fits || this.#freeSlot === EMPTY) {
      return new Profile(text.bytes.subarray(0, text.len), marks, order)
    }
    if (
      this.#profiles.length === MAX_PROFILES ||
      this.#keysLen + key.len > PROFILE_KEY_ARENA ||
      this.#textsLen + text.len > PROFILE_TEXT_ARENA
    ) {
      this.#clear()
      this.#freeSlot = key.hash & (SLOTS - 1)
    }
    const off = this.#textsLen
    this.#textsLen += text.len
    this.#texts.set(text.bytes.subarray(0, text.len), off)
    const profile = new Profile(this.#texts.subarray(off, this.#textsLen), marks, order)

    const index = this.#profiles.length
    this.#slots[this.#freeSlot] = index
    this.#hashes[index] = key.hash
    this.#keyOff[index] = this.#keysLen
    this.#keyLen[index] = key.len
    for (let i = 0; i < key.len; i++) this.#keys[this.#keysLen++] = key.pairs[i] ?? 0
    this.#profiles.push(profile)
    return profile
  }

  #clear(): void {
    this.#slots.fill(EMPTY)
    this.#profiles.length = 0
    this.#keysLen = 0
    this.#textsLen = 0
  }

  #equals(index: number, key: ProfileKey): boolean {
    const len = key.len
    if (this.#keyLen[index] !== len) return false
    const { pairs } = key
    const keys = this.#keys
    const off = this.#keyOff[index] ?? 0
    for (let i = 0; i < len; i++) if (keys[off + i] !== pairs[i]) return false
    return true
  }
}
