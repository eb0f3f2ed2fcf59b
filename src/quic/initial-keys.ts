// Keys of Initial packets, RFC 9001 §5.1, §5.2: HKDF (RFC 5869) with SHA-256 from the version's salt and the
// Destination Connection ID of the client's first packet.
//
//   initial_secret = HKDF-Extract(salt, DCID)
//   secret         = HKDF-Expand-Label(initial_secret, "client in" or "server in", "", 32)
//   key, iv, hp    = HKDF-Expand-Label(secret, "quic key" · "quic iv" · "quic hp", "", 16 · 12 · 16)
//
// Every message here fits one block of SHA-256, so all but the secrets is laid out once: the labels' blocks, and the
// state HMAC (RFC 2104) is in when the salt is taken.

import { u32, u8 } from '../base/bytes.js'
import { SHA256_BLOCK_WORDS, SHA256_WORDS, sha256Block, sha256Start } from './sha256.js'
import { QUIC_VERSIONS } from './version.js'

/** Words of the keys of one direction: `key`, `iv`, `hp` (RFC 9001 §5.1), from these places on. */
export const KEY_WORDS = 11
export const KEY_AT = 0
export const IV_AT = 4
export const HP_AT = 7

/** Whose packets: the client's or the server's. */
export const CLIENT = 0
export const SERVER = 1

const IPAD = 0x36363636
const OPAD = 0x5c5c5c5c
const BLOCK_LEN = 64
const HASH_LEN = 32
/** One-bit that ends a message, in the highest byte of a word (FIPS 180-4 §5.1.1). */
const END_MARK = 0x80
const LENGTH_WORD = 15
/** Bytes of one block that a message can have. */
const MOST_BYTES = 55

/** A label's message for HKDF-Expand, as the block after the key's, and how many words of the result are wanted. */
interface Label {
  readonly block: Int32Array
  readonly words: number
}

interface Row {
  /** States of HMAC keyed by the salt: inner, outer. */
  readonly salted: Int32Array
  readonly sides: readonly [Label, Label]
  readonly keys: readonly [Label, Label, Label]
}

const inner = 0
const outer = SHA256_WORDS
/** States of HMAC under the secret last set: inner, outer. */
const keyed = new Int32Array(2 * SHA256_WORDS)
/** The last result of HMAC, in the first half of a block: the other half of a key so short is nought (RFC 2104 §2). */
const secret = new Int32Array(SHA256_BLOCK_WORDS)
const block = new Int32Array(SHA256_BLOCK_WORDS)
/** The outer message of HMAC: a hash, its end and length; only the hash changes. */
const digestBlock = new Int32Array(SHA256_BLOCK_WORDS)
digestBlock[SHA256_WORDS] = END_MARK << 24
digestBlock[LENGTH_WORD] = (BLOCK_LEN + HASH_LEN) * 8

const ROWS: readonly Row[] = QUIC_VERSIONS.map(({ salt, labelPrefix }) => ({
  salted: saltedStates(salt),
  sides: [label('client in', HASH_LEN), label('server in', HASH_LEN)],
  keys: [
    label(`${labelPrefix} key`, 16),
    label(`${labelPrefix} iv`, 12),
    label(`${labelPrefix} hp`, 16),
  ],
}))

/**
 * Writes the keys of one side into `out[at …]`, KEY_WORDS of them.
 *
 * @param row of QUIC_VERSIONS
 * @param dcid bytes that hold the client's first Destination Connection ID, at most 20 of them, from `off` on
 * @param side CLIENT or SERVER
 */
export function initialKeys(
  row: number,
  dcid: Uint8Array,
  off: number,
  len: number,
  side: number,
  out: Int32Array,
  at: number,
): void {
  const version = ROWS[row]
  if (version === undefined) return
  block.fill(0)
  putBytes(block, dcid, off, len)
  hmac(version.salted, block)
  setSecret()
  hmac(keyed, version.sides[side === CLIENT ? 0 : 1].block)
  setSecret()
  let to = at
  for (let i = 0; i < version.keys.length; i++) {
    const wanted = version.keys[i]
    if (wanted === undefined) return
    hmac(keyed, wanted.block)
    for (let j = 0; j < wanted.words; j++) out[to++] = secret[j] ?? 0
  }
}

/** HMAC of one block under a key whose states are given, into `secret`. */
function hmac(states: Int32Array, message: Int32Array): void {
  sha256Block(states, inner, message, 0, digestBlock, 0)
  sha256Block(states, outer, digestBlock, 0, secret, 0)
}

/** Keys HMAC with `secret`. */
function setSecret(): void {
  setKey(secret, keyed)
}

function setKey(key: Int32Array, states: Int32Array): void {
  for (let i = 0; i < SHA256_BLOCK_WORDS; i++) block[i] = (key[i] ?? 0) ^ IPAD
  sha256Start(states, inner)
  sha256Block(states, inner, block, 0, states, inner)
  for (let i = 0; i < SHA256_BLOCK_WORDS; i++) block[i] = (key[i] ?? 0) ^ OPAD
  sha256Start(states, outer)
  sha256Block(states, outer, block, 0, states, outer)
}

/** Lays `bytes[off, off + len)` out as a last block that follows one of 64 bytes. */
function putBytes(words: Int32Array, bytes: Uint8Array, off: number, len: number): void {
  for (let i = 0; i < len; i++) {
    words[i >> 2] = (words[i >> 2] ?? 0) | (u8(bytes, off + i) << (24 - 8 * (i & 3)))
  }
  words[len >> 2] = (words[len >> 2] ?? 0) | (END_MARK << (24 - 8 * (len & 3)))
  words[LENGTH_WORD] = (BLOCK_LEN + len) * 8
}

function saltedStates(salt: string): Int32Array {
  const bytes = new Uint8Array(BLOCK_LEN)
  for (let i = 0; i < salt.length / 2; i++) bytes[i] = parseInt(salt.slice(2 * i, 2 * i + 2), 16)
  const key = new Int32Array(SHA256_BLOCK_WORDS)
  for (let i = 0; i < SHA256_BLOCK_WORDS; i++) key[i] = u32(bytes, 4 * i)
  const states = new Int32Array(2 * SHA256_WORDS)
  setKey(key, states)
  return states
}

/** HkdfLabel of RFC 8446 §7.1 with an empty context, and the counter byte of RFC 5869 §2.3. */
function label(text: string, bytes: number): Label {
  const full = `tls13 ${text}`
  const message = new Uint8Array(MOST_BYTES)
  message[1] = bytes
  message[2] = full.length
  for (let i = 0; i < full.length; i++) message[3 + i] = full.charCodeAt(i)
  const contextLenOff = 3 + full.length
  message[contextLenOff + 1] = 1
  const words = new Int32Array(SHA256_BLOCK_WORDS)
  putBytes(words, message, 0, contextLenOff + 2)
  return { block: words, words: bytes / 4 }
}
