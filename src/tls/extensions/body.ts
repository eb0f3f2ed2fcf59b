// Shared parts of the decoders of extension bodies. They serve `detail=1`, not the hot path: they return plain objects and
// check every length.

import { u16, u8 } from '../../base/bytes.js'

/** A number of the wire with the registry's name for it. */
export interface Named {
  readonly id: number
  readonly name: string
}

/**
 * Decodes the body [off, end) of one extension into a JSON value.
 *
 * @returns null for a valid body without content, undefined for one that breaks its RFC
 */
export type DecodeBody = (
  bytes: Uint8Array,
  off: number,
  end: number,
) => object | string | number | null | undefined

/** Whether [off, end) is one vector with one byte of length in front. */
export function fillsVector8(bytes: Uint8Array, off: number, end: number): boolean {
  return end - off >= 1 && u8(bytes, off) === end - off - 1
}

/** Whether [off, end) is one vector with two bytes of length in front. */
export function fillsVector16(bytes: Uint8Array, off: number, end: number): boolean {
  return end - off >= 2 && u16(bytes, off) === end - off - 2
}

/** The 16-bit values of [off, end), named. */
export function namedU16(
  bytes: Uint8Array,
  off: number,
  end: number,
  name: (value: number) => string,
): Named[] {
  const list: Named[] = []
  for (let at = off; at + 1 < end; at += 2) {
    const id = u16(bytes, at)
    list.push({ id, name: name(id) })
  }
  return list
}

/** The bytes of [off, end), named. */
export function namedU8(
  bytes: Uint8Array,
  off: number,
  end: number,
  name: (value: number) => string,
): Named[] {
  const list: Named[] = []
  for (let at = off; at < end; at++) {
    const id = u8(bytes, at)
    list.push({ id, name: name(id) })
  }
  return list
}

/** A list of 16-bit values under one byte of length, named; undefined where it is not that, or empty. */
export function vector8OfU16(
  bytes: Uint8Array,
  off: number,
  end: number,
  name: (value: number) => string,
): Named[] | undefined {
  if (!fillsVector8(bytes, off, end) || end - off < 3 || (end - off) % 2 === 0) return undefined
  return namedU16(bytes, off + 1, end, name)
}

/** A list of 16-bit values under two bytes of length, named; undefined where it is not that, or empty. */
export function vector16OfU16(
  bytes: Uint8Array,
  off: number,
  end: number,
  name: (value: number) => string,
): Named[] | undefined {
  if (!fillsVector16(bytes, off, end) || end - off < 4 || (end - off) % 2 !== 0) return undefined
  return namedU16(bytes, off + 2, end, name)
}

/** A list of bytes under one byte of length, named; undefined where it is not that, or empty. */
export function vector8OfU8(
  bytes: Uint8Array,
  off: number,
  end: number,
  name: (value: number) => string,
): Named[] | undefined {
  if (!fillsVector8(bytes, off, end) || end - off < 2) return undefined
  return namedU8(bytes, off + 1, end, name)
}

/** A body that must be empty. */
export function emptyBody(_bytes: Uint8Array, off: number, end: number): null | undefined {
  return off === end ? null : undefined
}
