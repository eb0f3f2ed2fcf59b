// The hashes that the definitions of fingerprints ask for, in lower-case hex. They are in WebAssembly, assembly/digest.ts:
// node:crypto takes 0.3 µs a call besides the hash itself, keeps no state of what was hashed before, and is loaded in 7 ms.

import { Loop } from '../base/assembly.js'
import type { OctetWriter } from '../base/octet-writer.js'
import { AT_DIGITS, AT_MESSAGE, MESSAGE_SLACK } from './digest-terms.js'
import { CODE } from './fingerprint-code.js'

/** Hex digits of an MD5. */
export const MD5_HEX_LEN = 32
/** Hex digits of a SHA3-384. */
export const SHA3_384_HEX_LEN = 96

interface Digests {
  readonly digest: (algorithm: number, len: number, digestLen: number) => void
}

const PAGE_LEN = 65_536
const LOOP = new Loop<Digests>(CODE)
const memory = new WebAssembly.Memory({ initial: 1 })
let bytes = new Uint8Array(memory.buffer)

/** Appends the first `digits` digits, an even number, of the hash of `from[off, end)` by `algorithm` (digest-terms.ts). */
export function writeDigest(
  algorithm: number,
  from: Uint8Array,
  off: number,
  end: number,
  digits: number,
  out: OctetWriter,
): void {
  const len = end - off
  const short = AT_MESSAGE + len + MESSAGE_SLACK - bytes.length
  if (short > 0) {
    memory.grow(Math.ceil(short / PAGE_LEN))
    bytes = new Uint8Array(memory.buffer)
  }
  bytes.set(from.subarray(off, end), AT_MESSAGE)
  LOOP.over(memory).digest(algorithm, len, digits / 2)
  out.copy(bytes, AT_DIGITS, AT_DIGITS + digits)
}
