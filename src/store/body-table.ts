// Bodies by their bytes, found without making a string of them: most hellos have the body of one before.

import type { Part } from './packed-row.js'

const PLACES = 1 << 14
/** Bytes that the place of a body is computed from, evenly apart. */
const SAMPLES = 48

/** One body a place; a new one takes the place of an old one. A body that is not found is made again, and is the same. */
export class BodyTable {
  readonly #head: number
  readonly #parts: (Part | undefined)[] = new Array<Part | undefined>(PLACES)
  readonly #lens = new Uint32Array(PLACES)

  /** @param head bytes of a part's end before the body: transport, version of the first record, QUIC version */
  constructor(head: number) {
    this.#head = head
  }

  /** The part whose body is `bytes[from, end)`. */
  find(
    bytes: Buffer,
    from: number,
    end: number,
    transport: number,
    record: number,
    quic: number,
  ): Part | undefined {
    const len = end - from
    const place = placeOf(bytes, from, end)
    const part = this.#parts[place]
    if (part === undefined || this.#lens[place] !== len) return undefined
    const { bytes: own } = part
    const at = own.length - len
    const head = at - this.#head
    return own[head] === transport &&
      own.readUInt16BE(head + 1) === record &&
      own.readUInt32BE(head + 3) === quic &&
      own.compare(bytes, from, end, at) === 0
      ? part
      : undefined
  }

  /** Adds a part that ends with a body of `len` bytes. */
  add(part: Part, len: number): void {
    const { bytes } = part
    const place = placeOf(bytes, bytes.length - len, bytes.length)
    this.#parts[place] = part
    this.#lens[place] = len
  }
}

function placeOf(bytes: Buffer, from: number, end: number): number {
  const len = end - from
  const step = Math.max(1, Math.floor(len / SAMPLES))
  let sum = len ^ 0x811c9dc5
  for (let at = from; at < end; at += step) sum = Math.imul(sum ^ (bytes[at] ?? 0), 0x01000193)
  return (sum ^ (sum >>> 15)) & (PLACES - 1)
}
