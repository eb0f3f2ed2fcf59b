// A list in a profile's text whose elements stand in the order of the hello's extensions: those of JA3, JA4 and the
// others differ in nothing else. Its elements are kept once as text, in sorted order, and put down in the order asked.

import type { OctetWriter } from '../base/octet-writer.js'
import type { ExtensionOrder } from './extension-order.js'

/** Octets a text must go on for behind the elements: they are read four at a time. */
export const PERMUTED_LIST_SLACK = 4

/**
 * Writes the text of the extension at `index` of the hello, which has this type (GREASE as 0x0a0a), at `at`.
 * @returns the offset past it; `at` where the list leaves it out
 */
export type PutExtension = (type: number, index: number, bytes: Uint8Array, at: number) => number

/** Appends a list in wire order, `separator` between, or no separator where that is -1. */
export function writeExtensions(
  order: ExtensionOrder,
  put: PutExtension,
  separator: number,
  max: number,
  out: OctetWriter,
): void {
  const start = out.len
  out.reserve(max + order.count)
  for (let i = 0; i < order.count; i++) {
    const at = out.len
    out.len = put(order.wire[i] ?? 0, i, out.bytes, out.len)
    if (separator >= 0 && out.len > at) out.bytes[out.len++] = separator
  }
  if (separator >= 0 && out.len > start) out.len--
}

/** The elements of one list. */
export class PermutedList {
  /** Where the list stands in the text. */
  readonly #off: number
  readonly #end: number
  /** Element i of the sorted order, its separator included, is [#elements[i], #elements[i + 1]) of the text. */
  readonly #elements: Uint32Array

  /** Keeps the elements of the list at [off, end) of `out` by appending them there, behind what is shown. */
  constructor(
    off: number,
    end: number,
    order: ExtensionOrder,
    put: PutExtension,
    separator: number,
    max: number,
    out: OctetWriter,
  ) {
    this.#off = off
    this.#end = end
    this.#elements = new Uint32Array(order.count + 1)
    out.reserve(max + order.count)
    for (let i = 0; i < order.count; i++) {
      const at = out.len
      this.#elements[i] = at
      out.len = put(order.sorted[i] ?? 0, order.sortedIndex[i] ?? 0, out.bytes, out.len)
      if (separator >= 0 && out.len > at) out.bytes[out.len++] = separator
    }
    this.#elements[order.count] = out.len
  }

  /** Puts the elements down in wire order; `rank[i]` is the place of extension i in the sorted order. */
  write(rank: Uint16Array, text: Uint8Array, view: DataView): void {
    const elements = this.#elements
    const count = elements.length - 1
    const end = this.#end
    let at = this.#off
    for (let i = 0; i < count; i++) {
      const place = rank[i] ?? 0
      const from = elements[place] ?? 0
      const len = (elements[place + 1] ?? 0) - from
      // Four octets a step, and the next element writes over what was too much; an octet a step takes twice as long.
      if (at + len + PERMUTED_LIST_SLACK <= end) {
        for (let j = 0; j < len; j += 4) view.setInt32(at + j, view.getInt32(from + j))
      } else for (let j = 0; j < len && at + j < end; j++) text[at + j] = text[from + j] ?? 0
      at += len
    }
  }
}
