import { expect } from 'chai'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { ServerText } from '../../src/handshake/server-text.js'
import { Hello } from '../../src/model/hello.js'
import { parseServerHello } from '../../src/tls/hello-parser.js'
import { hex } from '../support.js'
import { type Extension, byteRun, serverHello } from '../tls/hello-builder.js'

// Published by Cisco (github.com/cisco/mercury, test/data/top-https.json, BSD-3-Clause): answers of real servers.
const PUBLISHED = [
  'tls_server/(0303)(1302)((0033)(002b00020304))',
  'tls_server/(0303)(1303)((002b00020304)(0033))',
  'tls_server/(0303)(c030)((ff01)(0000)(000b000403000102)(0023))',
  'tls_server/(0303)(c02f)((ff01)(0000)(000b000403000102)(0023)(0017))',
]

/** The ServerHello a fingerprint is of: bodies that it does not hold are made up. */
function helloOf(text: string): Uint8Array {
  const [, version = '', cipher = '', list = ''] =
    /^tls_server\/\((\w{4})\)\((\w{4})\)\((.*)\)$/.exec(text) ?? []
  const extensions = (list.match(/[0-9a-f]+/g) ?? []).map((element): Extension => {
    const bytes = hex(element)
    return [
      parseInt(element.slice(0, 4), 16),
      [...(bytes.length > 2 ? bytes.slice(4) : byteRun(3))],
    ]
  })
  return serverHello({ version: parseInt(version, 16), cipher: parseInt(cipher, 16), extensions })
}

function npfServer(bytes: Uint8Array): string | undefined {
  const server = new Hello()
  expect(parseServerHello(bytes, 0, bytes.length, false, server)).to.equal(bytes.length)
  const out = new ByteWriter()
  new ServerText().write(server, 'tcp', out)
  return (JSON.parse(`{${out.text().slice(1)}}`) as { npf_server?: string }).npf_server
}

describe('Mercury’s fingerprint of a server', () => {
  for (const text of PUBLISHED)
    it(`is ${text} of such an answer`, () => expect(npfServer(helloOf(text))).to.equal(text))

  it('has an empty list without extensions, in the block or without one', () => {
    const text = 'tls_server/(0301)(002f)()'
    const bare = helloOf(text)
    expect(npfServer(bare)).to.equal(text)
    const block = Uint8Array.of(...bare, 0, 0).with(3, (bare[3] ?? 0) + 2)
    expect(npfServer(block)).to.equal(text)
  })

  it('shows every GREASE value as 0a0a, also as the version chosen', () => {
    const server = serverHello({
      extensions: [
        [0x3a3a, [1]],
        [43, [0x7a, 0x7a]],
      ],
    })
    expect(npfServer(server)).to.equal('tls_server/(0303)(1301)((0a0a)(002b00020a0a))')
  })
})
