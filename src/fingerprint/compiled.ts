// The half of this room that runs for every hello, compiled from assembly/: it is warm at once, and quicker than JavaScript
// at hashes and at what no one can foresee, as shuffled extensions.

import { Loop } from '../base/assembly.js'
import { CODE } from './fingerprint-code.js'

/** What it exports; assembly/ says what each does. */
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
  readonly keep: (plan: number) => number
}

/** Octets of a page of its memory. */
export const PAGE_LEN = 65_536
export const COMPILED = new Loop<Compiled>(CODE)
