// The hashes that the definitions of fingerprints ask for. They are in WebAssembly, assembly/digest.ts: node:crypto takes
// 0.3 µs a call besides the hash itself, keeps no state of what was hashed before, and is loaded in 7 ms.

import { PAGE_LEN } from '../base/kernel.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { COMPILED } from './compiled.js'
import type { Compiled } from './compiled.js'
import { AT_DIGEST, AT_DIGITS, AT_MESSAGE, MESSAGE_SLACK, SHA_1 } from '../kernels/digest-layout.js'
import { writeBase64 } from './json-text.js'

/** Hex digits of an MD5. */
export const MD5_HEX_LEN = 32
/** Hex digits of a SHA3-384. */
export const SHA3_384_HEX_LEN = 96
const SHA_1_LEN = 20

const memory = new WebAssembly.Memory({ initial: 1 })
let bytes = new Uint8Array(memory.buffer)
/** Compiled when it is needed. */
let compiled: Compiled | undefined

/** Appends the first `digits` hex digits, an even number, of the hash of `from[off, end)` by `algorithm` (digest-terms.ts). */
export function writeDigest(
  algorithm: number,
  from: Uint8Array,
  off: number,
  end: number,
  digits: number,
  out: ByteWriter,
): void {
  const len = end - off
  const short = AT_MESSAGE + len + MESSAGE_SLACK - bytes.length
  if (short > 0) {
    memory.grow(Math.ceil(short / PAGE_LEN))
    bytes = new Uint8Array(memory.buffer)
  }
  bytes.set(from.subarray(off, end), AT_MESSAGE)
  compiled ??= COMPILED.over(memory)
  compiled.digest(algorithm, len, digits / 2)
  out.copy(bytes, AT_DIGITS, AT_DIGITS + digits)
}

/** Appends the SHA-1 of `message`, which is at most a page long, in base64. */
export function writeSha1(message: Uint8Array, out: ByteWriter): void {
  bytes.set(message, AT_MESSAGE)
  compiled ??= COMPILED.over(memory)
  compiled.digest(SHA_1, message.length, 0)
  writeBase64(bytes, AT_DIGEST, AT_DIGEST + SHA_1_LEN, out)
}
