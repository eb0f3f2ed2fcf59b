// The part of this module that runs for every hello, compiled from AssemblyScript: it is fast from the first call, and faster
// than JavaScript for hashes and permuted extensions.

import { Kernel, PAGE_LEN } from '../base/kernel.js'
import { CODE } from '../kernels/fingerprint-code.js'
import { AT_HELLO, PROFILE_MEMORY_LEN } from '../kernels/profile-layout.js'

/** Its exports, documented in kernels/assembly. */
export interface Compiled {
  readonly digest: (algorithm: number, len: number, hexLen: number) => void
  readonly find: (
    transport: number,
    recordVersion: number,
    quicVersion: number,
    legacyVersion: number,
    start: number,
    len: number,
    ciphersLen: number,
    extensionsOff: number,
    idsLen: number,
  ) => number
  readonly room: (len: number) => number
  readonly keep: (text: number, shownLen: number, plan: number) => number
  readonly flowText: () => number
  readonly timeText: (micros: number) => number
  readonly knownLine: (recordVersion: number, off: number, len: number) => number
}

export const COMPILED = new Kernel<Compiled>(CODE)

/** Memory for profiles and lines, as profile-layout.ts has it, in all the ways it is looked at. */
export class ProfileMemory {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly doubles: Float64Array
  readonly compiled: Compiled

  constructor() {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(PROFILE_MEMORY_LEN / PAGE_LEN) })
    this.bytes = new Uint8Array(memory.buffer)
    this.words = new Uint32Array(memory.buffer)
    this.doubles = new Float64Array(memory.buffer)
    this.compiled = COMPILED.over(memory)
  }

  /**
   * Copies `bytes[off, end)`, MAX_HELLO_LEN bytes at most, to AT_HELLO or up to seven bytes past it.
   *
   * Bytes that several threads see are copied eight at a time only between offsets that are alike modulo eight: 170 ns a
   * hello, 430 otherwise. A loop that needs no view of them takes 280.
   * @returns where they are
   */
  copyHello(bytes: Uint8Array, off: number, end: number): number {
    const start = AT_HELLO + ((bytes.byteOffset + off) & 7)
    this.bytes.set(bytes.subarray(off, end), start)
    return start
  }
}
