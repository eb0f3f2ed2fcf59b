import { expect } from 'chai'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { MD5, SHA3_384, SHA_256 } from '../../src/kernels/digest-layout.js'
import { writeDigest, writeSha1 } from '../../src/fingerprint/digest.js'

const ALGORITHMS = [
  { name: 'md5', algorithm: MD5, digits: 32 },
  { name: 'sha256', algorithm: SHA_256, digits: 64 },
  { name: 'sha3-384', algorithm: SHA3_384, digits: 96 },
] as const

const BYTES = Uint8Array.from({ length: 900 }, (_, i) => (i * 73 + (i >> 3) + 41) & 0xff)

function own(algorithm: number, bytes: Uint8Array, digits: number): string {
  const out = new ByteWriter(4)
  writeDigest(algorithm, bytes, 0, bytes.length, digits, out)
  return out.text()
}

const openssl = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest('hex')

describe('digests', () => {
  for (const { name, algorithm, digits } of ALGORITHMS) {
    it(`${name} agrees with OpenSSL at every length around the blocks`, () => {
      for (let len = 0; len <= 430; len++) {
        const bytes = BYTES.subarray(len, 2 * len)
        expect(own(algorithm, bytes, digits), `${len} bytes`).to.equal(openssl(name, bytes))
      }
    })

    it(`${name} agrees with OpenSSL whatever the bytes, and whatever was hashed before`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
          expect(own(algorithm, bytes, digits)).to.equal(openssl(name, bytes))
        }),
      )
    })

    it(`${name} takes messages longer than any hello's`, () => {
      for (const len of [61_000, 65_536, 400_001]) {
        const bytes = Uint8Array.from({ length: len }, (_, i) => i * 7 + (i >> 8))
        expect(own(algorithm, bytes, digits)).to.equal(openssl(name, bytes))
      }
    })
  }

  it('gives as many digits as are asked for, of the bytes asked for', () => {
    const out = new ByteWriter()
    out.ascii('_')
    writeDigest(SHA_256, BYTES, 100, 200, 12, out)
    expect(out.text()).to.equal(`_${openssl('sha256', BYTES.subarray(100, 200)).slice(0, 12)}`)
  })

  it('gives SHA-1 in base64, as OpenSSL has it at every length around the blocks', () => {
    const out = new ByteWriter()
    for (let len = 0; len <= 200; len++) {
      out.len = 0
      const bytes = BYTES.subarray(len, 2 * len)
      writeSha1(bytes, out)
      const expected = createHash('sha1').update(bytes).digest('base64')
      expect(out.text(), `${len} bytes`).to.equal(expected)
    }
  })
})
