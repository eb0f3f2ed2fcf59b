import { expect } from 'chai'
import fc from 'fast-check'
import { createCipheriv, createHash } from 'node:crypto'
import { aes128Encrypt } from '../../src/quic/aes128.js'
import { CLIENT, initialKeys, KEY_WORDS, SERVER } from '../../src/quic/initial-keys.js'
import { sha256Block, sha256Start } from '../../src/quic/sha256.js'
import { versionRow } from '../../src/quic/version.js'
import { allocatedPerCall, hex } from '../support.js'
import { DCID, DRAFT_27, DRAFT_29, keysOf, type Side, V1, V2 } from './initial.js'
import { SAMPLES } from './vectors.js'

const bytesOf = (words: Int32Array): Uint8Array =>
  Uint8Array.from([...words].flatMap((w) => [w >>> 24, (w >> 16) & 255, (w >> 8) & 255, w & 255]))
const wordsOf = (bytes: Uint8Array): Int32Array =>
  Int32Array.from({ length: bytes.length / 4 }, (_, i) =>
    new DataView(bytes.buffer, bytes.byteOffset).getInt32(4 * i),
  )

function keys(row: number, dcid: Uint8Array, side: number): Uint8Array {
  const out = new Int32Array(KEY_WORDS + 2)
  initialKeys(row, dcid, 0, dcid.length, side, out, 1)
  expect([out[0], out[KEY_WORDS + 1]]).to.deep.equal([0, 0])
  return bytesOf(out.subarray(1, KEY_WORDS + 1))
}

describe('initialKeys', () => {
  for (const { rfc, row, clientKeys, serverKeys } of SAMPLES) {
    it(`gives the keys of ${rfc} appendix A.1`, () => {
      expect(keys(row, DCID, CLIENT)).to.deep.equal(hex(clientKeys))
      expect(keys(row, DCID, SERVER)).to.deep.equal(hex(serverKeys))
    })
  }

  it('gives the keys that draft-ietf-quic-tls-29 appendix A.1 begins with', () => {
    const published = '175257a31eb09dea9366d8bb79ad80ba 6b26114b9cba2b63a9e8dd4f'
    expect(keys(versionRow(DRAFT_29), DCID, CLIENT).subarray(0, 28)).to.deep.equal(hex(published))
  })

  it('gives those of node:crypto, whatever version, connection ID and side', () => {
    const side = fc.constantFrom<Side>('client', 'server')
    fc.assert(
      fc.property(
        fc.constantFrom(V1, V2, DRAFT_29, DRAFT_27),
        fc.uint8Array({ maxLength: 20 }),
        side,
        (version, dcid, who) => {
          const { key, iv, hp } = keysOf(version, dcid, who)
          expect(keys(versionRow(version), dcid, who === 'client' ? CLIENT : SERVER)).to.deep.equal(
            Uint8Array.of(...key, ...iv, ...hp),
          )
        },
      ),
    )
  })

  it('allocates nothing', () => {
    const out = new Int32Array(KEY_WORDS)
    const run = (): void => initialKeys(0, DCID, 0, DCID.length, CLIENT, out, 0)
    expect(allocatedPerCall(run, 20_000)).to.be.below(1)
  })
})

describe('versionRow', () => {
  it('knows versions 1 and 2, and drafts 22 to 34 by the salt they had', () => {
    const drafts = Array.from({ length: 16 }, (_, i) => versionRow(0xff00_0000 + 21 + i))
    expect([V1, V2, 0x709a_50c4].map(versionRow)).to.deep.equal([0, 1, 4])
    expect(drafts).to.deep.equal([-1, 5, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 0, 0, -1, -1])
    const others = [0xface_b001, 0xface_b002, 0x5430_3530, 0x5430_3531]
    expect(others.map(versionRow), 'mvfst, T050, T051').to.deep.equal([5, 3, 6, 7])
    expect([0, 2, 0x1a2a_3a4a, 0x5130_3436, 0xff00_011d].map(versionRow)).to.deep.equal(
      Array(5).fill(-1),
    )
  })
})

describe('sha256Block', () => {
  it('hashes a block as node:crypto does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 55 }), (message) => {
        const block = new Uint8Array(64)
        block.set(message)
        block[message.length] = 0x80
        new DataView(block.buffer).setUint32(60, message.length * 8)
        const state = new Int32Array(8)
        sha256Start(state, 0)
        sha256Block(state, 0, wordsOf(block), 0, state, 0)
        expect(bytesOf(state)).to.deep.equal(
          new Uint8Array(createHash('sha256').update(message).digest()),
        )
      }),
    )
  })
})

describe('aes128Encrypt', () => {
  it('gives the sample of FIPS 197 appendix C.1', () => {
    const block = wordsOf(hex('00112233445566778899aabbccddeeff'))
    aes128Encrypt(wordsOf(hex('000102030405060708090a0b0c0d0e0f')), 0, block, 0)
    expect(bytesOf(block)).to.deep.equal(hex('69c4e0d86a7b0430d8cdb78070b4c55a'))
  })

  it('encrypts a block as node:crypto does', () => {
    const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(sixteen, sixteen, (key, plain) => {
        const block = wordsOf(plain)
        aes128Encrypt(wordsOf(key), 0, block, 0)
        const expected = createCipheriv('aes-128-ecb', key, null).update(plain)
        expect(bytesOf(block)).to.deep.equal(new Uint8Array(expected))
      }),
    )
  })
})
