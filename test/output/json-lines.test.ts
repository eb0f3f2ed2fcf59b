import { expect } from 'chai'
import fc from 'fast-check'
import { proc, needs } from '../capability.js'
import { linesOf } from '../../src/output/json-lines.js'

async function* given(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
}

async function lines(chunks: readonly (string | Uint8Array)[], longest = 100) {
  const found: (string | undefined)[] = []
  for await (const line of linesOf(given(chunks.map((chunk) => Buffer.from(chunk))), longest))
    found.push(line && Buffer.from(line).toString('latin1'))
  return found
}

describe('linesOf', () => {
  it('gives the lines wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[a-c]{0,12}$/), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        async (wanted, sizes) => {
          const text = wanted.map((line) => `${line}\n`).join('')
          const chunks: string[] = []
          for (let at = 0, i = 0; at < text.length; i++) {
            const size = sizes[i % sizes.length] ?? 1
            chunks.push(text.slice(at, at + size))
            at += size
          }
          expect(await lines(chunks)).to.deep.equal(wanted)
        },
      ),
    )
  })

  it('takes a last line without an end, and an input without lines', async () => {
    expect(await lines(['a\nb'])).to.deep.equal(['a', 'b'])
    expect(await lines(['a\n\n'])).to.deep.equal(['a', ''])
    expect(await lines([])).to.deep.equal([])
    expect(await lines([''])).to.deep.equal([])
  })

  it('says of a line that it is too long, and goes on behind it', async () => {
    expect(await lines(['aaaa\nbbb\nccc', 'c\nd'], 3)).to.deep.equal([
      undefined,
      'bbb',
      undefined,
      'd',
    ])
    expect(await lines(['eeee'], 3)).to.deep.equal([undefined])
  })

  it('holds no more of a line than it may', async function () {
    needs(this, proc)
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    let peak = 0
    const watched = (async function* () {
      for (let i = 0; i < 1024; i++) {
        yield await Promise.resolve(Buffer.alloc(1 << 16, 0x61))
        if (i % 128 !== 127) continue
        globalThis.gc?.()
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
      }
    })()
    for await (const line of linesOf(watched, 1 << 20)) expect(line).to.equal(undefined)
    expect(peak).to.be.below(24 << 20)
  })
})
