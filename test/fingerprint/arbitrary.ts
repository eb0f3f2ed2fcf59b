import fc from 'fast-check'
import {
  alpn,
  groups,
  list8,
  pointFormats,
  serverName,
  signatureAlgorithms,
  versions,
} from './hellos.js'
import type { Extension, HelloParts } from './hellos.js'

const GREASE = Array.from({ length: 16 }, (_, i) => 0x1010 * i + 0x0a0a)
/** A 16-bit number, GREASE often. */
const u16 = fc.oneof(
  { weight: 4, arbitrary: fc.nat(0xffff) },
  { weight: 1, arbitrary: fc.constantFrom(...GREASE) },
)
const u16List = (min: number, max: number) => fc.array(u16, { minLength: min, maxLength: max })
const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/)

const located: fc.Arbitrary<Extension>[] = [
  name.map(serverName),
  u16List(1, 8).map((list) => groups(...list)),
  fc.array(fc.nat(255), { minLength: 1, maxLength: 4 }).map((list) => pointFormats(...list)),
  u16List(1, 12).map((list) => signatureAlgorithms(...list)),
  u16List(1, 5).map((list) => versions(...list)),
  fc
    .array(fc.uint8Array({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 })
    .map((names) => alpn(...names.map((bytes) => Buffer.from(bytes).toString('latin1')))),
  fc.array(fc.nat(255), { maxLength: 3 }).map((list): Extension => [45, list8(list)]),
  fc.uint8Array({ maxLength: 12 }).map((body): Extension => [27, body]),
  fc.uint8Array({ maxLength: 12 }).map((body): Extension => [41, body]),
]
const other: fc.Arbitrary<Extension> = fc.tuple(u16, fc.uint8Array({ maxLength: 9 }))

/** Well-formed hellos: lists are what their RFCs say, each extension type but GREASE comes once, in any order. */
export const helloParts: fc.Arbitrary<HelloParts> = fc
  .record({
    legacyVersion: fc.oneof(fc.constantFrom(0x0300, 0x0301, 0x0303), fc.nat(0xffff)),
    ciphers: u16List(1, 40),
    known: fc.subarray([...located.keys()]),
    bodies: fc.tuple(...located),
    others: fc.array(other, { maxLength: 8 }),
    order: fc.array(fc.nat(1000), { minLength: 20, maxLength: 20 }),
  })
  .map(({ legacyVersion, ciphers, known, bodies, others, order }) => {
    const taken = new Set<number>([0, 10, 11, 13, 16, 27, 41, 43, 45])
    const once = others.filter(([type]) => {
      if (GREASE.includes(type)) return true
      if (taken.has(type)) return false
      taken.add(type)
      return true
    })
    const pairs = [...known.map((i) => bodies[i]), ...once].filter((each) => each !== undefined)
    return {
      legacyVersion,
      ciphers,
      extensions: pairs
        .map((extension, i) => ({ extension, key: order[i] ?? 0 }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ extension }) => extension),
    }
  })
