import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync, readdirSync } from 'node:fs'
import { addressBytes, addressKey, addressRange, addressText } from '../../src/history/address.js'
import { AT, microsOf, rowOf, sightingOf, timeOf } from '../../src/history/row.js'
import type { SightingLine } from '../../src/history/row.js'
import { COLUMNS } from '../../src/history/schema.js'
import { WireProfile, sortedList } from '../../src/history/wire-order.js'

const captures = new URL('../../captures/', import.meta.url)
export const sightings = readdirSync(captures)
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => readFileSync(new URL(name, captures), 'utf8').split('\n').slice(0, -1))
  .map((line) => JSON.parse(line) as SightingLine)
  .filter(({ time }) => time)

const named = (row: readonly unknown[]) =>
  Object.fromEntries(COLUMNS.map(({ name }, at) => [name, row[at]]))

describe('a row of the history', () => {
  it('gives back every sighting of the captures, key for key', () => {
    expect(sightings.length).to.be.above(100)
    for (const sighting of sightings) {
      const { id, ...back } = sightingOf(named(rowOf(sighting) ?? []))
      expect(back).to.deep.equal({ ...sighting })
      expect(id).to.match(/^[0-9a-f]{16}$/)
    }
  })

  it('keeps no text in the wire’s order where the sorted ones and the order make it', () => {
    const inOther = sightings
      .map((sighting) => rowOf(sighting)?.[AT.other] as string | undefined)
      .filter((other) => other !== undefined && /"(ja3_string|ja4_ro|tls_fp)"/.test(other))
    expect(inOther.length).to.be.below(sightings.length / 50)
  })

  it('keeps what has no column, and makes no text that was not there', () => {
    const [sighting] = sightings
    const { ja3_string, npf, tls_fp, ...rest } = sighting ?? ({} as SightingLine)
    const implementation = { library: 'NSS', versions: '3.87', applications: ['libcurl-nss'] }
    const odd = {
      ...rest,
      future: { deep: [1, null] },
      hello: 'AQAB',
      library: 'x',
      implementation,
    } as unknown as SightingLine
    const { id, ...back } = sightingOf(named(rowOf(odd) ?? []))
    expect(back).to.deep.equal(odd)
    expect([id, ja3_string, npf, tls_fp]).not.to.include(undefined)
  })

  it('keeps an address that privacy hashed', () => {
    const [sighting] = sightings as [SightingLine]
    const { community_id, ...rest } = sighting
    const hashed = { ...rest, src: 'hmac-00112233445566778899aabbccddeeff' }
    const { id, ...back } = sightingOf(named(rowOf(hashed) ?? []))
    expect(back).to.deep.equal(hashed)
    expect([id, community_id]).not.to.include(undefined)
  })

  it('takes no line without a time or an address', () => {
    const [sighting] = sightings as [SightingLine]
    expect(rowOf({ ...sighting, time: 'yesterday' })).to.equal(undefined)
    expect(rowOf({ ...sighting, time: '2026-99-01T00:00:00.000000Z' })).to.equal(undefined)
    expect(rowOf({ ...sighting, src: '10.0.0.256' })).to.equal(undefined)
  })

  it('keeps microseconds', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 4_102_444_800_000_000n), (micros) => {
        expect(microsOf(timeOf(micros))).to.equal(micros)
      }),
    )
  })
})

describe('the texts in the wire’s order', () => {
  const profiles = sightings.flatMap(({ ja3n_string, ja4_r, npf1, tls_fp, ja3_string, npf }) => {
    const extensions = tls_fp && sortedList(tls_fp.extensions)
    const profile = WireProfile.of({ ja3n_string, ja4_r, npf1, extensions })
    const order = profile?.orderOf({ ja3_string, npf })
    return profile && order && order.length > 2 ? [{ profile, order }] : []
  })
  const isAll = (made: Record<string, boolean>) => Object.values(made).every(Boolean)

  it('are recognised in any order, and no other ones are', () => {
    expect(profiles.length).to.be.above(100)
    fc.assert(
      fc.property(
        fc.constantFrom(...profiles),
        fc.array(fc.nat(), { minLength: 254, maxLength: 254 }),
        ({ profile, order }, keys) => {
          const shuffled = Uint8Array.from(
            [...order.entries()].sort(([a], [b]) => (keys[a] ?? 0) - (keys[b] ?? 0)),
            ([, rank]) => rank,
          )
          const texts = profile.texts(shuffled)
          expect(isAll(profile.made(shuffled, texts))).to.equal(true)
          for (const key of ['ja3_string', 'ja4_ro', 'npf', 'extensions'] as const) {
            const text = texts[key]
            if (text === undefined) continue
            for (const other of [`${text}x`, text.slice(0, -1), `x${text}`, undefined])
              expect(profile.made(shuffled, { ...texts, [key]: other })[key]).to.equal(false)
          }
          const reversed = shuffled.slice().reverse()
          const isSame = profile.texts(reversed).ja3_string === texts.ja3_string
          expect(profile.made(reversed, texts).ja3_string).to.equal(isSame)
        },
      ),
    )
  })
})

describe('an address of the history', () => {
  it('is canonical text again', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(addressText(addressBytes(text) ?? new Uint8Array(16))).to.equal(text)
      }),
    )
    for (const text of ['::', '::1', '2001:db8::1', 'fe80::1:2:3:4', 'ff02::1'])
      expect(addressText(addressBytes(text) ?? new Uint8Array(16))).to.equal(text)
    for (const text of ['', '1.2.3', '1.2.3.4.5', '1.2.3.', '01.2.3.4.', 'a', ':::', '1.2.3.1000'])
      expect(addressBytes(text), text).to.equal(undefined)
  })

  it('lies in a network exactly when its bytes and its key are in the range', () => {
    const v4 = fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }))
    const dotted = (value: number) =>
      [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
    fc.assert(
      fc.property(v4, ([address, net, bits]) => {
        const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0
        const near = ((net & mask) | (address & ~mask)) >>> 0
        const range = addressRange(`${dotted(net)}/${bits}`)
        for (const each of [address, near]) {
          const bytes = addressBytes(dotted(each)) ?? new Uint8Array(16)
          const isIn = (each & mask) >>> 0 === (net & mask) >>> 0
          const { first, last } = range ?? { first: bytes, last: bytes }
          expect(Buffer.compare(first, bytes) <= 0 && Buffer.compare(bytes, last) <= 0).to.equal(
            isIn,
          )
          if (isIn) {
            expect(addressKey(bytes) >= addressKey(first)).to.equal(true)
            expect(addressKey(bytes) <= addressKey(last)).to.equal(true)
          }
        }
      }),
    )
    expect(addressRange('10.0.0.0/33')).to.equal(undefined)
    expect(addressRange('2001:db8::/129')).to.equal(undefined)
    const wide = addressRange('2001:db8::/32')
    expect(Buffer.from(wide?.last ?? []).toString('hex')).to.equal('20010db8' + 'f'.repeat(24))
  })
})
