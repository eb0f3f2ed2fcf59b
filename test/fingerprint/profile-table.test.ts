import { expect } from 'chai'
import fc from 'fast-check'
import {
  MAX_HELLO_LEN,
  MAX_PROFILE_EXTENSIONS,
  MAX_PROFILE_KEY_PAIRS,
  MAX_PROFILES,
  PROFILE_KEY_ARENA,
  PROFILE_TEXT_ARENA,
  MAX_LISTED_VALUES,
} from '../../src/base/limits.js'
import { ProfileMemory } from '../../src/fingerprint/compiled.js'
import { ExtensionOrder } from '../../src/fingerprint/extension-order.js'
import { AT_FLOW, AT_HELLO, AT_SLOTS } from '../../src/kernels/profile-layout.js'
import { ProfileTable } from '../../src/fingerprint/profile-table.js'
import { ProfileText } from '../../src/fingerprint/profile-text.js'
import type { FingerprintName } from '../../src/model/sighting.js'
import { allocatedPerCall } from '../support.js'
import { helloParts } from './arbitrary.js'
import { browserHello, permuted } from './browser-hello.js'
import { ALL, clientHello, empty, groups, messageOf, parsed, versions } from './hellos.js'
import type { Extension, HelloParts, Seen } from './hellos.js'

const ASCII = new TextDecoder()

/** A table and what it is filled with. */
class Profiles {
  readonly #table = new ProfileTable(new ProfileMemory())
  readonly #order = new ExtensionOrder()
  readonly #text: ProfileText

  constructor(fingerprints: ReadonlySet<FingerprintName> = ALL) {
    this.#text = new ProfileText(fingerprints)
  }

  find(parts: HelloParts, seen: Seen = {}): string | undefined {
    const bytes = clientHello(parts, seen.transport === 'dtls')
    const hello = parsed(bytes, seen.transport === 'dtls')
    const shown = this.#table.find(messageOf(bytes, seen), hello)
    return shown === undefined ? undefined : ASCII.decode(shown)
  }

  /** Keeps the profile of the hello, which was looked up last. */
  add(parts: HelloParts, seen: Seen = {}): string {
    const bytes = clientHello(parts, seen.transport === 'dtls')
    const hello = parsed(bytes, seen.transport === 'dtls')
    this.#order.fill(hello)
    const marks = this.#text.write(messageOf(bytes, seen), hello, this.#order)
    return ASCII.decode(this.#table.add(this.#text.out, marks))
  }

  /** Whether it is known once it was seen. */
  keeps(parts: HelloParts): boolean {
    this.find(parts)
    this.add(parts)
    return this.find(parts) !== undefined
  }
}

/** What is written of a hello with nothing known before. */
function fresh(parts: HelloParts, seen: Seen = {}): string {
  return new Profiles().add(parts, seen)
}

const u16 = (count: number) => Array.from({ length: count }, (_, i) => i)

const FACTOR = 0x9e3779b97f4a7c15n
/** FACTOR times this is 1, modulo 2^64. */
const INVERSE = 0xf1de83e19937733dn

/** Hellos of four ciphers whose keys have one hash, all 32 bits of it: assembly/profile-key.ts backwards. */
function colliding(count: number): HelloParts[] {
  let before = 0n
  for (const word of [(0x0303n << 32n) | (0x0301n << 16n), 8n << 32n]) {
    before = BigInt.asUintN(64, (before ^ word) * FACTOR)
    before ^= before >> 32n
  }
  return u16(count).map((i) => {
    const product = (BigInt(i) << 32n) | BigInt(i ^ 0x1234_5678)
    const word = before ^ BigInt.asUintN(64, product * INVERSE)
    const bytes = new DataView(new ArrayBuffer(8))
    bytes.setBigUint64(0, word, true)
    return { ciphers: [0, 2, 4, 6].map((off) => bytes.getUint16(off)), extensions: [] }
  })
}

describe('ProfileTable', () => {
  it('knows a profile in any order of extensions, and gives the text of one that is new', () => {
    const profiles = new Profiles()
    const transport = fc.constantFrom('tcp', 'quic', 'dtls')
    fc.assert(
      fc.property(helloParts, transport, fc.array(fc.nat(1000)), (parts, transport, seeds) => {
        const seen = { transport }
        profiles.find(parts, seen)
        expect(profiles.add(parts, seen)).to.equal(fresh(parts, seen))
        for (const each of [parts, ...seeds.map((seed) => permuted(parts, seed)), parts]) {
          expect(profiles.find(each, seen)).to.equal(fresh(each, seen))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('knows a profile by any values of GREASE', () => {
    const profiles = new Profiles()
    profiles.find(browserHello)
    profiles.add(browserHello)
    const isGrease = (value: number) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)
    const regreased = (value: number) => (isGrease(value) ? 0x8a8a : value)
    const extensions = browserHello.extensions.map(([type, body]): Extension => {
      if (type === 10) return groups(0x9a9a, 0x001d, 0x0017, 0x0018)
      return type === 43 ? versions(0xfafa, 0x0304, 0x0303) : [regreased(type), body]
    })
    const others = { ciphers: browserHello.ciphers.map(regreased), extensions }
    expect(clientHello(others)).not.to.deep.equal(clientHello(browserHello))
    expect(profiles.find(others)).to.equal(fresh(others))
  })

  it('knows no hello that differs in what a fingerprint holds', () => {
    const profiles = new Profiles()
    profiles.find(browserHello)
    profiles.add(browserHello)
    const others: [HelloParts, Seen][] = [
      [browserHello, { transport: 'quic' }],
      [browserHello, { transport: 'tcp', quicVersion: 1 }],
      [browserHello, { recordVersion: 0x0303 }],
      [{ ...browserHello, legacyVersion: 0x0302 }, {}],
      [{ ...browserHello, ciphers: [...browserHello.ciphers, 0x000a] }, {}],
      [{ ...browserHello, ciphers: browserHello.ciphers.toReversed() }, {}],
      [{ ...browserHello, extensions: browserHello.extensions.slice(1) }, {}],
    ]
    for (const [index, [type, body]] of browserHello.extensions.entries()) {
      if (![5, 10, 11, 13, 16, 27, 43, 45].includes(type)) continue
      const last = (body.at(-1) ?? 0) ^ 1
      const changed: Extension = [type, Uint8Array.from([...body.subarray(0, -1), last])]
      others.push([
        { ...browserHello, extensions: browserHello.extensions.with(index, changed) },
        {},
      ])
    }
    expect(others).to.have.lengthOf(15)
    for (const [parts, seen] of others) expect(profiles.find(parts, seen)).to.equal(undefined)
    expect(profiles.find(browserHello)).to.be.a('string')
  })

  it('trusts no hash: of keys that have the same it keeps sixteen, and tells them apart', () => {
    const profiles = new Profiles(new Set(['ja3']))
    const hellos = colliding(20)
    const kept = hellos.map((parts) => profiles.keeps(parts))
    expect(kept.filter(Boolean)).to.have.lengthOf(16)
    expect(kept.indexOf(false)).to.equal(16)
    const texts = hellos.slice(0, 16).map((parts) => profiles.find(parts))
    expect(new Set(texts)).to.have.lengthOf(16)
    expect(texts).not.to.include(undefined)
  })

  it('starts again when it is full of profiles', () => {
    const profiles = new Profiles(new Set(['ja3']))
    const partsOf = (i: number): HelloParts => ({ ciphers: [i, 1], extensions: [] })
    let kept = 0
    for (let i = 0; i < MAX_PROFILES; i++) if (profiles.keeps(partsOf(i))) kept++
    // A quarter full, next to none finds its sixteen places taken.
    expect(kept).to.be.above(MAX_PROFILES - 5)
    expect(profiles.find(partsOf(0))).to.be.a('string')
    for (let i = 0; i < 10; i++) profiles.keeps(partsOf(60_000 + i))
    expect(profiles.find(partsOf(0))).to.equal(undefined)
    expect(profiles.find(partsOf(60_009))).to.be.a('string')
  })

  /** Keeps profiles of so many ciphers until the first is gone. @returns how many were kept, and bytes of one's text */
  function fill(fingerprints: readonly FingerprintName[], ciphers: number): [number, number] {
    const profiles = new Profiles(new Set(fingerprints))
    const partsOf = (i: number): HelloParts => ({
      ciphers: [i, ...u16(ciphers - 1)],
      extensions: [],
    })
    profiles.find(partsOf(0))
    const textLen = profiles.add(partsOf(0)).length
    let kept = 0
    while (profiles.find(partsOf(0)) !== undefined) {
      kept++
      expect(profiles.keeps(partsOf(kept))).to.equal(true)
    }
    return [kept, textLen]
  }

  it('starts again when it is full of texts', () => {
    const strings = ['ja3_string', 'ja3n_string', 'ja4_r', 'ja4_ro', 'npf', 'npf1'] as const
    const [kept, textLen] = fill(strings, 900)
    expect(kept * textLen).to.be.within(0.95 * PROFILE_TEXT_ARENA, PROFILE_TEXT_ARENA)
  })

  it('starts again when it is full of keys', () => {
    const [kept] = fill(['ja3n'], 4000)
    expect(kept).to.equal(Math.floor((4 * PROFILE_KEY_ARENA) / (16 + 2 * 4000)))
  })

  it('keeps no profile whose key, extensions or text are beyond bounds', () => {
    const profiles = new Profiles(new Set(['ja3']))
    const inKey = (4 * MAX_PROFILE_KEY_PAIRS - 16) / 2
    expect(profiles.keeps({ ciphers: u16(inKey), extensions: [] })).to.equal(true)
    expect(profiles.keeps({ ciphers: u16(inKey + 1), extensions: [] })).to.equal(false)
    const bodied = (len: number): HelloParts => ({
      ciphers: [1, 2],
      extensions: [[5, new Uint8Array(len)]],
    })
    expect(profiles.keeps(bodied(4 * MAX_PROFILE_KEY_PAIRS - 24))).to.equal(true)
    expect(profiles.keeps(bodied(4 * MAX_PROFILE_KEY_PAIRS - 23))).to.equal(false)
    const extended = (count: number): HelloParts => ({
      ciphers: [1],
      extensions: u16(count).map((type) => empty(type + 100)),
    })
    expect(profiles.keeps(extended(MAX_PROFILE_EXTENSIONS))).to.equal(true)
    expect(profiles.keeps(extended(MAX_PROFILE_EXTENSIONS + 1))).to.equal(false)
    // lists are cut where they are long: of a text beyond its bound each list is as long as it may be
    const list = Uint8Array.of(3, 0, ...new Uint8Array(2 * MAX_LISTED_VALUES).fill(0x71))
    const texts = (bodyLen: number): HelloParts => ({
      ciphers: u16(MAX_LISTED_VALUES),
      extensions: [
        [10, list],
        [13, list],
        [0x18, new Uint8Array(2_040)],
        [0x1b, new Uint8Array(bodyLen)],
        [0x1c, new Uint8Array(bodyLen)],
        [0x2d, new Uint8Array(bodyLen)],
      ],
    })
    expect(new Profiles().keeps(texts(0))).to.equal(true)
    expect(new Profiles().keeps(texts(1_200))).to.equal(false)
  })

  it('keeps a profile with a type twice only where the type is high, as GREASE is', () => {
    const profiles = new Profiles()
    const twice = (type: number): HelloParts => ({
      ciphers: [1],
      extensions: [0xff01, type, 5, type, 0x4469].map(empty),
    })
    for (const type of [64, 0x1a1a, 0xffff]) expect(profiles.keeps(twice(type))).to.equal(true)
    for (const type of [0, 21, 63]) expect(profiles.keeps(twice(type))).to.equal(false)
  })

  it('stays within its memory whatever bytes and offsets it is given', () => {
    const { bytes, compiled } = new ProfileMemory()
    const { find, knownLine } = compiled
    bytes.fill(1, 4096, AT_HELLO)
    const number = fc.oneof(fc.nat(100), fc.nat(0xffff_ffff), fc.nat(MAX_HELLO_LEN + 10))
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.tuple(number, number, number, number, fc.nat(9)),
        (data, [len, ciphersLen, extensionsOff, idsLen, shift]) => {
          bytes.set(data, AT_HELLO + shift)
          const start = AT_HELLO + shift
          expect(find(0, 0, 0, 0, start, len, ciphersLen, extensionsOff, idsLen)).to.equal(-1)
          expect(find(0, 0, 0, 0, len, start, ciphersLen, extensionsOff, idsLen)).to.equal(-1)
          expect(knownLine(0, start, len)).to.equal(0)
          expect(knownLine(0, len, start)).to.equal(0)
        },
      ),
      { numRuns: 5000 },
    )
    expect(bytes.subarray(AT_SLOTS, AT_FLOW).every((byte) => byte === 0)).to.equal(true)
  })

  it('reads no extension that is cut, however well its key is known', () => {
    const { bytes, compiled } = new ProfileMemory()
    const { find, room, keep } = compiled
    // One cipher suite, then one extension of type 99 and two bytes, which do not count.
    bytes.set([0x13, 1, 0, 99, 0, 2, 7, 7], AT_HELLO)
    const look = (len: number) => find(0, 0, 0, 0, AT_HELLO, len, 2, 2, 0)
    expect(look(8)).to.equal(-1)
    const text = room(8)
    expect(keep(text, 0, text)).to.equal(0)
    expect(look(8)).to.equal(0)
    for (const len of [3, 4, 5, 6, 7]) expect(look(len), `${len} bytes`).to.equal(-1)
  })

  it('allocates a view of the hello, and nothing else', () => {
    const table = new ProfileTable(new ProfileMemory())
    const text = new ProfileText(ALL)
    const order = new ExtensionOrder()
    const hellos = u16(8).map((i) => parsed(clientHello(permuted(browserHello, i))))
    const message = messageOf(new Uint8Array(0))
    let i = 0
    const each = () => {
      const hello = hellos[i++ & 7]
      if (hello === undefined || table.find(message, hello) !== undefined) return
      order.fill(hello)
      table.add(text.out, text.write(message, hello, order))
    }
    expect(allocatedPerCall(each)).to.be.below(150)
  })
})
