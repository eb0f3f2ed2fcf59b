// Tokens of a profile: a kind times 2^32, plus 32 bits of value.

import { u8 } from '../../base/bytes.js'

/** Kinds of token. They stand in the knowledge base: a number never changes its meaning. */
export const KIND = {
  cipher: 1,
  cipherPair: 2,
  cipherList: 3,
  extension: 4,
  body: 5,
  bodyLen: 6,
  group: 7,
  groupPair: 8,
  groupList: 9,
  scheme: 10,
  schemePair: 11,
  schemeList: 12,
  version: 13,
  versionPair: 14,
  versionList: 15,
  alpn: 16,
  keyShare: 17,
  keySharePair: 18,
  grease: 19,
  greaseBody: 20,
  compression: 21,
  ech: 22,
  echEnc: 23,
  misc: 25,
  quicParameter: 26,
  quicValue: 27,
  /** Which known orders of extensions a hello fits: no token of a profile. */
  order: 28,
} as const

/** What a token of kind `misc` says, in the upper 16 bits of its value. */
export const MISC = {
  proto: 1,
  legacyVersion: 2,
  recordVersion: 3,
  sessionIdLen: 4,
  x25519Shared: 5,
  scsvPlace: 6,
  keyShares: 7,
} as const

const KIND_UNIT = 0x1_0000_0000

/** Takes tokens one by one. */
export interface TokenSink {
  add(kind: number, value: number): void
}

/** The tokens, without repeats. */
export class TokenSet implements TokenSink {
  readonly tokens = new Set<number>()

  add(kind: number, value: number): void {
    this.tokens.add(tokenOf(kind, value))
  }
}

/** A number of 53 bits made of all tokens, whatever their order. */
export class TokenSum implements TokenSink {
  #low = 0
  #high = 0
  #seed: number

  /** @param seed keeps others from making two profiles of one sum */
  constructor(seed: number) {
    this.#seed = seed | 0
  }

  clear(): void {
    this.#low = 0
    this.#high = 0
  }

  add(kind: number, value: number): void {
    let hash = Math.imul(value ^ this.#seed, 0x85ebca6b) ^ Math.imul(kind, 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    hash ^= hash >>> 13
    this.#low = (this.#low + hash) | 0
    hash = Math.imul(hash ^ this.#seed, 0x297a2d39)
    this.#high = (this.#high + (hash ^ (hash >>> 15))) | 0
  }

  get sum(): number {
    return (this.#high & 0x1f_ffff) * KIND_UNIT + (this.#low >>> 0)
  }
}

/** The token of a kind and 32 bits of value. */
export function tokenOf(kind: number, value: number): number {
  return kind * KIND_UNIT + (value >>> 0)
}

export function kindOf(token: number): number {
  return Math.floor(token / KIND_UNIT)
}

export function valueOf(token: number): number {
  return token % KIND_UNIT
}

/** FNV-1a of [off, end) with a last mix, 32 bits. */
export function bytesHash(bytes: Uint8Array, off: number, end: number, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = off; at < end; at++) hash = Math.imul(hash ^ u8(bytes, at), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
