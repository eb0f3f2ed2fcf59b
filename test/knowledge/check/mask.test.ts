// What shows a mask shows none of an honest client, over all labelled captures.

import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { maskOf } from '../../../src/knowledge/check/mask.js'
import { redactHello } from '../../../src/tls/redact-hello.js'
import { CLIENTS, hellosOf, parsed } from '../identify/hellos.js'
import type { Wire } from '../identify/hellos.js'

interface Label {
  readonly file: string
  readonly notes: string
  readonly impersonates?: string
}
const labels = readFileSync(`${CLIENTS}labels.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Label)

const maskOfWire = (wire: Wire): string[] => {
  const hello = parsed(wire)
  return hello === undefined ? [] : maskOf(hello, wire.circumstances)
}
async function codesOf(file: string): Promise<string[]> {
  return [...new Set((await hellosOf(file)).flatMap(maskOfWire))].sort()
}

describe('the mask of a hello', function () {
  this.timeout(300_000)

  it('is empty for every honest client', async () => {
    const honest = labels.filter(({ impersonates }) => (impersonates ?? '') === '')
    expect(honest.length).to.be.above(700)
    const masked: string[] = []
    for (const { file } of honest) {
      const codes = await codesOf(file)
      if (codes.length > 0) masked.push(`${file}: ${codes.join(' ')}`)
    }
    expect(masked).to.deep.equal([])
  })

  for (const [kind, code] of [
    [/^impit-chrome/, /^grease\./],
    [/^impit-firefox1(33|35|44)/, /^content\.record_size_limit$/],
    [/^wreq-firefox/, /^share\.x25519_fresh$/],
    [/^cycletls-ja4r-chrome/, /^grease\.absent$/],
  ] as const)
    it(`shows ${code.source} of a browser's lists on another stack: ${kind.source}`, async () => {
      const files = labels.filter(({ file }) => kind.test(file))
      expect(files).to.not.be.empty
      const shown = await Promise.all(
        files.map(async ({ file }) => (await codesOf(file)).some((found) => code.test(found))),
      )
      expect(shown.filter(Boolean).length, `of ${files.length}`).to.be.at.least(1)
    })

  it('is the same of a hello whose secrets were zeroed', async () => {
    for (const { file } of labels.filter(({ impersonates }) => impersonates).slice(0, 10))
      for (const wire of await hellosOf(file)) {
        const hello = parsed(wire)
        if (hello === undefined) throw new Error('the capture holds ClientHellos')
        const expected = maskOf(hello, wire.circumstances).filter(
          (code) => !code.startsWith('share.'),
        )
        const bytes = new Uint8Array(wire.bytes.length)
        redactHello(wire.bytes, 0, wire.bytes.length, hello, bytes)
        const kept = maskOfWire({ bytes, circumstances: wire.circumstances })
        expect(kept).to.deep.equal(expected)
      }
  })
})
