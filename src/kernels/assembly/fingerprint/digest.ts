// The hashes of fingerprints, in AssemblyScript. A message may be hashed in two goes: the state after its first whole blocks
// is worth keeping where only what follows them changes.

import {
  AT_DIGEST,
  AT_DIGITS,
  AT_MESSAGE,
  MD5,
  SHA3_384,
  SHA_1,
  SHA_256,
} from '../../digest-layout'
import { putHex } from './hex'
import { md5Blocks, md5End, md5Start } from './md5'
import { sha1Blocks, sha1End, sha1Start } from './sha1'
import { sha256Blocks, sha256End, sha256Start } from './sha256'
import { sha3Blocks, sha3End, sha3Start } from './sha3'

/** Sets the state at `state` to what `algorithm` starts from. */
export function digestStart(algorithm: u32, state: u32): void {
  if (algorithm == MD5) md5Start(state)
  else if (algorithm == SHA_256) sha256Start(state)
  else if (algorithm == SHA3_384) sha3Start(state)
  else sha1Start(state)
}

/** Takes the whole blocks of [off, end) into the state. @returns the offset of the first byte not taken */
export function digestBlocks(algorithm: u32, state: u32, off: u32, end: u32): u32 {
  if (algorithm == MD5) return md5Blocks(state, off, end)
  if (algorithm == SHA_256) return sha256Blocks(state, off, end)
  return algorithm == SHA3_384 ? sha3Blocks(state, off, end) : sha1Blocks(state, off, end)
}

/** Takes [off, end), the rest of a message of `messageLen` bytes: the digest is at `state` then. */
export function digestEnd(algorithm: u32, state: u32, off: u32, end: u32, messageLen: u32): void {
  const rest = digestBlocks(algorithm, state, off, end)
  if (algorithm == MD5) md5End(state, rest, end, messageLen)
  else if (algorithm == SHA_256) sha256End(state, rest, end, messageLen)
  else if (algorithm == SHA3_384) sha3End(state, rest, end)
  else sha1End(state, rest, end, messageLen)
}

/** Writes the digest of the `len` bytes at AT_MESSAGE to AT_DIGEST, and its first `hexLen` bytes in hex to AT_DIGITS. */
export function digest(algorithm: u32, len: u32, hexLen: u32): void {
  digestStart(algorithm, AT_DIGEST)
  digestEnd(algorithm, AT_DIGEST, AT_MESSAGE, AT_MESSAGE + len, len)
  putHex(AT_DIGEST, hexLen, AT_DIGITS)
}
