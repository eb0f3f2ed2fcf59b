// Every prefix of every hello directly in captures/: each is a fault, and none is taken for a hello.

import { expect } from 'chai'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fingerprint } from '../../src/index.js'
import { Hello } from '../../src/model/hello.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { hellotap, sightingsIn } from '../hellotap.js'

const captures = resolve(import.meta.dirname, '../../captures')
/** Every how many prefixes the fingerprints are asked for as well, which takes longer. */
const STEP = 61

describe('prefixes', () => {
  it('of all hellos of all captures are faults', async function () {
    this.timeout(30_000)
    const files = readdirSync(captures).filter((name) => /\.pcap(ng)?$/.test(name))
    const paths = files.map((name) => join(captures, name))
    const { stdout } = await hellotap(['read', '-f', 'ja3', '--hello', ...paths])
    // With the secrets zeroed most of a client's hellos are alike.
    const hellos = new Map(
      sightingsIn(stdout).map(({ hello = '', proto }) => [`${proto} ${hello}`, { hello, proto }]),
    )
    expect(hellos.size).to.be.above(100)
    const parsed = new Hello()
    for (const { hello, proto } of hellos.values()) {
      const bytes = new Uint8Array(Buffer.from(hello, 'base64'))
      const isDtls = proto === 'dtls'
      expect(parseClientHello(bytes, 0, bytes.length, isDtls, parsed)).to.equal(bytes.length)
      for (let end = 0; end < bytes.length; end++) {
        if (parseClientHello(bytes, 0, end, isDtls, parsed) >= 0)
          expect.fail(`${proto} ${hello} is a hello when it is cut to ${end} bytes`)
        if (end % STEP === 0)
          expect(fingerprint(bytes.subarray(0, end), { proto })).to.equal(undefined)
      }
    }
  })
})
