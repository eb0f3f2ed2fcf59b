import { expect } from 'chai'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { OctetWriter } from '../../src/base/octet-writer.js'
import { MD5, SHA3_384, SHA_256 } from '../../src/kernels/digest-layout.js'
import { writeDigest, writeSha1 } from '../../src/fingerprint/digest.js'

const ALGORITHMS = [
  { name: 'md5', algorithm: MD5, digits: 32 },
  { name: 'sha256', algorithm: SHA_256, digits: 64 },
  { name: 'sha3-384', algorithm: SHA3_384, digits: 96 },
] as const

const OCTETS = Uint8Array.from({ length: 900 }, (_, i) => (i * 73 + (i >> 3) + 41) & 0xff)

function own(algorithm: number, octets: Uint8Array, digits: number): string {
  const out = new OctetWriter(4)
  writeDigest(algorithm, octets, 0, octets.length, digits, out)
  return out.text()
}

const openssl = (name: string, octets: Uint8Array) => createHash(name).update(octets).digest('hex')

describe('digests', () => {
  for (const { name, algorithm, digits } of ALGORITHMS) {
    it(`${name} agrees with OpenSSL at every length around the blocks`, () => {
      for (let len = 0; len <= 430; len++) {
        const octets = OCTETS.subarray(len, 2 * len)
        expect(own(algorithm, octets, digits), `${len} octets`).to.equal(openssl(name, octets))
      }
    })

    it(`${name} agrees with OpenSSL whatever the octets, and whatever was hashed before`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 2000 }), (octets) => {
          expect(own(algorithm, octets, digits)).to.equal(openssl(name, octets))
        }),
      )
    })

    it(`${name} takes messages longer than any hello's`, () => {
      for (const len of [61_000, 65_536, 400_001]) {
        const octets = Uint8Array.from({ length: len }, (_, i) => i * 7 + (i >> 8))
        expect(own(algorithm, octets, digits)).to.equal(openssl(name, octets))
      }
    })
  }

  it('gives as many digits as are asked for, of the octets asked for', () => {
    const out = new OctetWriter()
    out.ascii('_')
    writeDigest(SHA_256, OCTETS, 100, 200, 12, out)
    expect(out.text()).to.equal(`_${openssl('sha256', OCTETS.subarray(100, 200)).slice(0, 12)}`)
  })

  it('gives SHA-1 in base64, as OpenSSL has it at every length around the blocks', () => {
    const out = new OctetWriter()
    for (let len = 0; len <= 200; len++) {
      out.len = 0
      const octets = OCTETS.subarray(len, 2 * len)
      writeSha1(octets, out)
      const expected = createHash('sha1').update(octets).digest('base64')
      expect(out.text(), `${len} octets`).to.equal(expected)
    }
  })
})
