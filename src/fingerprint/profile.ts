// A profile is what all hellos of one piece of software have in common. Browsers since Chrome 110 put their extensions
// in another order each time, and of a sighting's text only that order, and the hashes over it, differ. The positions do
// not: permuted lists are as long as before. So a profile holds the finished text of the last hello that had it, and the
// next one writes over four lists and three hashes; with the same order again, over nothing at all.

import { sha3Hash, SHA3_384_LEN } from './classic.js'
import type { ExtensionOrder } from './extension-order.js'
import { ja4Hash } from './ja4.js'
import { MD5_STATE_WORDS, md5Blocks, md5Pad, md5PaddedLen, md5Start, putMd5 } from './md5.js'
import type { PermutedList } from './permuted-list.js'
import { putAscii } from './text.js'

/** Offset of a place in the text that a profile does not have, because nobody asked for it. */
export const ABSENT = -1

/** Places in the text that depend on the order of extensions, as offsets; ABSENT where not asked for. */
export interface ProfileMarks {
  /** What stands in the line is [0, shownEnd); behind it is what only hashes and lists are made of. */
  shownEnd: number
  /** 32 digits. */
  ja3: number
  ja3String: number
  ja3Extensions: number
  ja3StringEnd: number
  /** The last 12 digits of ja4_o. */
  ja4oHash: number
  /** From the extensions of ja4_ro to its end. */
  ja4roExtensions: number
  ja4roEnd: number
  /** 96 digits. */
  sha3: number
  tlsFp: number
  tlsFpEnd: number
  readonly lists: PermutedList[]
}

/** Marks of a profile without anything. */
export function newProfileMarks(): ProfileMarks {
  return {
    shownEnd: 0,
    ja3: ABSENT,
    ja3String: ABSENT,
    ja3Extensions: ABSENT,
    ja3StringEnd: ABSENT,
    ja4oHash: ABSENT,
    ja4roExtensions: ABSENT,
    ja4roEnd: ABSENT,
    sha3: ABSENT,
    tlsFp: ABSENT,
    tlsFpEnd: ABSENT,
    lists: [],
  }
}

const ENCODER = new TextEncoder()

/** The text of a sighting's fingerprints, for the hello given last. */
export class Profile {
  /** What stands in the line. */
  readonly shown: Uint8Array
  readonly #text: Uint8Array
  readonly #view: DataView
  readonly #marks: ProfileMarks
  /** ExtensionOrder.rank of the hello given last. */
  readonly #rank: Uint16Array
  /** State of JA3's MD5 after the whole blocks before the extensions. */
  readonly #md5Start = new Int32Array(MD5_STATE_WORDS)
  readonly #md5State = new Int32Array(MD5_STATE_WORDS)
  /** The other blocks, padded, and where in the text they come from. */
  readonly #md5Rest: Uint8Array
  readonly #md5RestView: Uint8Array
  // Views made once: a subarray per hello is 43 ns.
  readonly #ja4roView: Uint8Array
  readonly #tlsFpView: Uint8Array
  readonly #sha3View: Uint8Array

  /** @param text finished but for the hashes at `marks`, with extensions in the order of `order` */
  constructor(text: Uint8Array, marks: ProfileMarks, order: ExtensionOrder) {
    this.#text = text
    this.#view = new DataView(text.buffer, text.byteOffset, text.length)
    this.#marks = marks
    this.#rank = order.rank.slice(0, order.count)
    this.shown = text.subarray(0, marks.shownEnd)
    md5Start(this.#md5Start)
    const ja3 = Math.max(marks.ja3String, 0)
    const ja3End = Math.max(marks.ja3StringEnd, 0)
    const rest = md5Blocks(this.#md5Start, text, ja3, Math.max(marks.ja3Extensions, 0))
    this.#md5RestView = text.subarray(rest, ja3End)
    this.#md5Rest = new Uint8Array(md5PaddedLen(ja3End - rest))
    md5Pad(this.#md5Rest, ja3End - rest, ja3End - ja3)
    this.#ja4roView = text.subarray(Math.max(marks.ja4roExtensions, 0), Math.max(marks.ja4roEnd, 0))
    this.#tlsFpView = text.subarray(Math.max(marks.tlsFp, 0), Math.max(marks.tlsFpEnd, 0))
    const sha3 = Math.max(marks.sha3, 0)
    this.#sha3View = text.subarray(sha3, sha3 + SHA3_384_LEN)
    this.#writeHashes()
  }

  /** Makes the text that of another hello with this profile, its extensions in the order of `order`. */
  reorder(order: ExtensionOrder): void {
    const rank = this.#rank
    const count = rank.length
    let same = 0
    while (same < count && rank[same] === order.rank[same]) same++
    if (same === count) return
    for (let i = same; i < count; i++) rank[i] = order.rank[i] ?? 0
    for (const list of this.#marks.lists) list.write(rank, this.#text, this.#view)
    this.#writeHashes()
  }

  #writeHashes(): void {
    const text = this.#text
    const marks = this.#marks
    if (marks.ja3 !== ABSENT) {
      const state = this.#md5State
      const rest = this.#md5Rest
      for (let i = 0; i < MD5_STATE_WORDS; i++) state[i] = this.#md5Start[i] ?? 0
      rest.set(this.#md5RestView)
      md5Blocks(state, rest, 0, rest.length)
      putMd5(state, text, marks.ja3)
    }
    if (marks.ja4oHash !== ABSENT) putAscii(text, marks.ja4oHash, ja4Hash(this.#ja4roView))
    // 90 ns for 96 digits; charCodeAt one by one takes 165.
    if (marks.sha3 !== ABSENT) ENCODER.encodeInto(sha3Hash(this.#tlsFpView), this.#sha3View)
  }
}
