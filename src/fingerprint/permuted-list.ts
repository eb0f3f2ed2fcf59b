// A list in a profile's text whose elements stand in the order of the hello's extensions: those of JA3, JA4 and the
// others differ in nothing else. Its elements are kept once as text, in sorted order, to be put down in the order asked.

import type { ByteWriter } from '../base/byte-writer.js'
import type { ExtensionOrder } from './extension-order.js'

/** A list of a profile. */
export interface PermutedList {
  /** Where the list stands in the text. */
  readonly off: number
  readonly end: number
  /** Element i of the sorted order, its separator included, is [elements[i], elements[i + 1]) of the text. */
  readonly elements: Uint32Array
}

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
  out: ByteWriter,
): void {
  const start = out.len
  out.reserve(max + order.count)
  for (let i = 0; i < order.count; i++) writeElement(order.wire[i] ?? 0, i, put, separator, out)
  if (separator >= 0 && out.len > start) out.len--
}

/** Appends a list's elements in sorted order. @returns the begin of each, and the end of the last */
export function writeElements(
  order: ExtensionOrder,
  put: PutExtension,
  separator: number,
  max: number,
  out: ByteWriter,
): Uint32Array {
  const elements = new Uint32Array(order.count + 1)
  out.reserve(max + order.count)
  for (let i = 0; i < order.count; i++) {
    elements[i] = out.len
    writeElement(order.sorted[i] ?? 0, order.sortedIndex[i] ?? 0, put, separator, out)
  }
  elements[order.count] = out.len
  return elements
}

function writeElement(
  type: number,
  index: number,
  put: PutExtension,
  separator: number,
  out: ByteWriter,
): void {
  const at = out.len
  out.len = put(type, index, out.bytes, at)
  if (separator >= 0 && out.len > at) out.bytes[out.len++] = separator
}
