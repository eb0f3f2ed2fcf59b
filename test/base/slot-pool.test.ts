import { expect } from 'chai'
import fc from 'fast-check'
import { markRange, nextMarked, nextUnmarked } from '../../src/base/marks.js'
import { SLOT_WORDS, SOLID } from '../../src/base/slot-layout.js'
import { PUT_CONFLICT, PUT_REPEATED, SlotPool } from '../../src/base/slot-pool.js'

const newPool = (): SlotPool =>
  new SlotPool([
    { size: 64, count: 2 },
    { size: 256, count: 2 },
  ])

describe('marks', () => {
  it('finds the runs that were marked', () => {
    const range = fc
      .tuple(fc.nat(100), fc.nat(40))
      .map(([from, length]) => [from, from + length] as const)
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), range, (ranges, [from, to]) => {
        const marks = new Uint8Array(20)
        const plain: boolean[] = new Array<boolean>(160).fill(false)
        for (const [a, b] of ranges) {
          markRange(marks, a, b)
          plain.fill(true, a, b)
        }
        const first = (value: boolean): number => {
          const at = plain.indexOf(value, from)
          return at < 0 || at > to ? to : at
        }
        expect(nextMarked(marks, from, to)).to.equal(first(true))
        expect(nextUnmarked(marks, from, to)).to.equal(first(false))
      }),
    )
  })
})

describe('SlotPool', () => {
  it('keeps the first bytes seen at each offset, and knows how far all are there', () => {
    const piece = fc.tuple(fc.nat(255), fc.uint8Array({ minLength: 1, maxLength: 60 }))
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.nat(100),
        fc.nat(20),
        (pieces, anchor, anchorAfter) => {
          const pool = newPool()
          const slot = pool.take(1, 0, 0)
          const first = pool.offsetOf(slot)
          const seen: (number | undefined)[] = new Array<number | undefined>(256).fill(undefined)
          pieces.forEach(([at, bytes], i) => {
            if (i === anchorAfter) pool.setAnchor(slot, anchor)
            const part = bytes.subarray(0, 256 - at)
            let want = 0
            part.forEach((byte, k) => {
              const before = seen[at + k]
              if (before === undefined) seen[at + k] = byte
              else want |= before === byte ? PUT_REPEATED : PUT_REPEATED | PUT_CONFLICT
            })
            expect(pool.put(slot, at, part, 0, part.length, 0)).to.equal(want)
          })
          if (anchorAfter >= pieces.length) pool.setAnchor(slot, anchor)
          const hole = seen.findIndex((byte, i) => i >= anchor && byte === undefined)
          const solid = hole < 0 ? 256 : hole
          expect(pool.words[slot * SLOT_WORDS + SOLID]).to.equal(solid)
          const bytes = pool.bytesOf(slot).subarray(first + anchor, first + solid)
          expect([...bytes]).to.deep.equal(seen.slice(anchor, solid))
        },
      ),
    )
  })

  it('keeps all of it when a slot grows', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), (a, b) => {
        const pool = newPool()
        const slot = pool.take(0, 5, 0)
        pool.put(slot, a, Uint8Array.of(1, 2, 3), 0, 3, 0)
        const larger = pool.take(1, 6, 0)
        pool.move(slot, larger)
        pool.free(slot)
        pool.setAnchor(larger, b)
        pool.put(larger, 0, new Uint8Array(100).fill(9), 0, 100, 0)
        const first = pool.offsetOf(larger)
        expect([...pool.bytesOf(larger).subarray(first + a, first + a + 3)]).to.deep.equal([
          1, 2, 3,
        ])
        expect(pool.words[larger * SLOT_WORDS + SOLID]).to.equal(100)
      }),
    )
  })

  it('hands out each slot once, and knows the oldest of a class', () => {
    const pool = newPool()
    expect(pool.oldest(0)).to.equal(-1)
    const [a, b] = [pool.take(0, 1, 0), pool.take(0, 2, 0)]
    expect(a).not.to.equal(b)
    expect(pool.take(0, 3, 0)).to.equal(-1)
    expect(pool.oldest(0)).to.equal(a)
    pool.free(a)
    expect(pool.oldest(0)).to.equal(b)
    const c = pool.take(0, 4, 0)
    expect(c).to.equal(a)
    expect(pool.oldest(0)).to.equal(b)
    pool.free(c)
    pool.free(b)
    expect(pool.oldest(0)).to.equal(-1)
    expect(pool.used).to.equal(0)
  })

  it('tells the class that holds so many bytes', () => {
    expect([1, 64, 65, 256, 257].map((bytes) => newPool().classFor(bytes))).to.deep.equal([
      0, 0, 1, 1, -1,
    ])
  })
})
