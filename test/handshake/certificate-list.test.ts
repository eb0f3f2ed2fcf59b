import { expect } from 'chai'
import fc from 'fast-check'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import { newCertificateList, parseCertificateList } from '../../src/tls/certificate-list.js'
import { be24, byteRun } from '../tls/hello-builder.js'

const vector24 = (body: readonly number[]) => [...be24(body.length), ...body]
const messageOf = (body: readonly number[]) => Uint8Array.of(11, ...vector24(body))
const certificates = (...all: readonly (readonly number[])[]) =>
  messageOf(vector24(all.flatMap(vector24)))

function parse(bytes: Uint8Array) {
  const list = newCertificateList()
  return { result: parseCertificateList(bytes, 0, bytes.length, list), ...list }
}

describe('the Certificate message', () => {
  const chain = certificates(byteRun(300), byteRun(200, 7), byteRun(5))

  it('has the sender’s own certificate first', () => {
    const { result, leafOff, leafLen, count } = parse(chain)
    expect(result).to.equal(chain.length)
    expect(count).to.equal(3)
    expect([...chain.subarray(leafOff, leafOff + leafLen)]).to.deep.equal(byteRun(300))
  })

  it('may hold none', () => {
    expect(parse(certificates())).to.include({ result: 10 - 3, count: 0, leafLen: 0 })
  })

  it('is truncated at every shorter length', () => {
    for (let end = 0; end < chain.length; end++)
      expect(parse(chain.slice(0, end)).result, String(end)).to.equal(TRUNCATED)
  })

  it('is malformed where lengths disagree', () => {
    const list = vector24(vector24(byteRun(40)))
    expect(parse(messageOf([])).result).to.equal(MALFORMED)
    expect(parse(messageOf([...list, 0])).result).to.equal(MALFORMED)
    expect(parse(messageOf(be24(1))).result).to.equal(MALFORMED)
    expect(parse(messageOf(vector24([0, 0]))).result).to.equal(MALFORMED)
    expect(parse(messageOf(vector24([0, 0, 0]))).result).to.equal(MALFORMED)
    expect(parse(messageOf(vector24([...be24(41), ...byteRun(40)]))).result).to.equal(MALFORMED)
    expect(parse(Uint8Array.of(...chain, 0)).result).to.equal(MALFORMED)
  })

  it('is no other message', () => {
    for (const type of [0, 1, 2, 12, 25, 255])
      expect(parse(chain.with(0, type)).result).to.equal(UNSUPPORTED)
  })

  it('is never read past its end, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (body, cut) => {
        const bytes = Uint8Array.of(11, 0, 0, Math.max(0, body.length), ...body)
        const end = Math.min(cut, bytes.length)
        const list = newCertificateList()
        const shown = parseCertificateList(bytes, 0, end, list)
        const other = newCertificateList()
        const alone = bytes.slice(0, end)
        expect(parseCertificateList(alone, 0, end, other)).to.equal(shown)
        expect(other).to.deep.equal(list)
        if (shown >= 0) expect(list.leafOff + list.leafLen).to.be.at.most(end)
      }),
    )
  })
})
