import { expect } from 'chai'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { writeJa3sString } from '../../src/fingerprint/ja3s.js'
import { Hello } from '../../src/model/hello.js'
import { parseServerHello } from '../../src/tls/hello-parser.js'
import { hex } from '../support.js'
import { clientHello, empty, groups, pointFormats, sightingOf } from './hellos.js'
import type { Extension } from './hellos.js'
import { curlHello } from './curl-hello.js'

/** A hello whose JA3 string is `text`. */
function helloOf(text: string): Uint8Array {
  const [version = '', ...lists] = text.split(',')
  const [ciphers = [], types = [], named = [], formats = []] = lists.map((list) =>
    list === '' ? [] : list.split('-').map(Number),
  )
  const extensions = types.map((type): Extension => {
    if (type === 10) return groups(...named)
    return type === 11 ? pointFormats(...formats) : empty(type)
  })
  return clientHello({ legacyVersion: Number(version), ciphers, extensions })
}

describe('JA3', () => {
  // salesforce/ja3 README.md and python/README.rst (BSD-3-Clause)
  const published = [
    [
      '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0',
      'ada70206e40642a3e4461f35503241d5',
    ],
    ['769,4-5-10-9-100-98-3-6-19-18-99,,,', 'de350869b8c85de67a350c8d186f11e6'],
    [
      '769,255-49162-49172-136-135-57-56-49167-49157-132-53-49159-49161-49169-49171-69-68-51-50-49164-49166-49154-' +
        '49156-150-65-4-5-47-49160-49170-22-19-49165-49155-65279-10,0-10-11-35,23-24-25,0',
      '2aef69b4ba1938c3a400de4188743185',
    ],
  ] as const
  for (const [string, md5] of published) {
    it(`has the published value ${md5}`, () => {
      const sighting = sightingOf(helloOf(string))
      expect(sighting.ja3_string).to.equal(string)
      expect(sighting.ja3).to.equal(md5)
    })
  }

  it('has the values of curl on macOS, sorted ones too', () => {
    const sighting = sightingOf(clientHello(curlHello))
    expect(sighting.ja3).to.equal('375c6162a492dfbf2795909110ce8424')
    expect(sighting.ja3n).to.equal('90a369ebd76665d3296677774ee22ea2')
  })

  it('leaves GREASE out of ciphers, extensions and groups', () => {
    const plain = helloOf('771,4865-4866,0-10-11-23,29-23,0')
    const greased = clientHello({
      ciphers: [0x0a0a, 4865, 4866],
      extensions: [
        empty(0x1a1a),
        empty(0),
        groups(0xfafa, 29, 23),
        pointFormats(0),
        empty(23),
        empty(0x2a2a),
      ],
    })
    expect(sightingOf(greased).ja3_string).to.equal('771,4865-4866,0-10-11-23,29-23,0')
    expect(sightingOf(greased).ja3).to.equal(sightingOf(plain).ja3)
  })

  it('keeps a value that only looks like GREASE', () => {
    expect(sightingOf(helloOf('771,6698-2586,23,,')).ja3_string).to.equal('771,6698-2586,23,,')
  })
})

describe('JA3S', () => {
  it('is version, cipher and extensions of the ServerHello', () => {
    const bytes = hex(`02 000038 0303 ${'22'.repeat(32)} 00 1301 00
      0010 002b 0002 0304 0033 0002 001d ff01 0000`)
    const hello = new Hello()
    expect(parseServerHello(bytes, 0, bytes.length, false, hello)).to.equal(bytes.length)
    const out = new ByteWriter()
    writeJa3sString(hello, out)
    expect(out.text()).to.equal('771,4865,43-51-65281')
  })
})
