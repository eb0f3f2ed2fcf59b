import { expect } from 'chai'
import fc from 'fast-check'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import { Hello } from '../../src/model/hello.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { parseSslv2ClientHello } from '../../src/tls/sslv2-hello.js'
import { hex } from '../support.js'
import { byteRun, sslv2ClientHello } from './hello-builder.js'
import { expectInside, u16s } from './located.js'

function parse(bytes: Uint8Array): { hello: Hello; result: number } {
  const hello = new Hello()
  return { hello, result: parseSslv2ClientHello(bytes, 0, bytes.length, hello) }
}

describe('parseSslv2ClientHello', () => {
  it('gives the TLS suites of a client that also speaks SSL 2.0', () => {
    const specs = [0x000039, 0x010080, 0x00c014, 0x0700c0, 0x0000ff]
    const bytes = sslv2ClientHello({ specs, sessionId: byteRun(16), challenge: byteRun(16, 50) })
    const { hello, result } = parse(bytes)
    expect(result).to.equal(bytes.length)
    expect(hello.legacyVersion).to.equal(0x0301)
    expect(u16s(hello, 'cipherSuites')).to.deep.equal([0x0039, 0xc014, 0x00ff])
    expect([hello.sessionIdLen, hello.compressionMethodsLen, hello.extensionCount]).to.deep.equal([
      16, 1, 0,
    ])
    const random = hello.bytes.subarray(hello.randomOff, hello.randomOff + 32)
    expect([...random]).to.deep.equal([...new Array<number>(16).fill(0), ...byteRun(16, 50)])
    expectInside(hello)
  })

  it('makes a ClientHello that parses to the same, and parseClientHello takes both', () => {
    const bytes = sslv2ClientHello({ specs: [0x00002f, 0x000005], challenge: byteRun(32) })
    const { hello } = parse(bytes)
    const message = hello.bytes.slice(hello.off, hello.end)
    for (const data of [message, bytes]) {
      const again = new Hello()
      expect(parseClientHello(data, 0, data.length, false, again)).to.equal(data.length)
      for (const key of Object.keys(hello) as (keyof Hello)[])
        if (typeof hello[key] === 'number') expect(again[key], key).to.equal(hello[key])
    }
  })

  it('reads one as an old OpenSSL sent it', () => {
    const bytes = hex(`802e 01 0301 0015 0000 0010 000039 000038 000035 000016 000013 00000a 000033
      0123456789abcdef0123456789abcdef`)
    expect(parse(bytes).result).to.equal(bytes.length)
    expect(u16s(parse(bytes).hello, 'cipherSuites')).to.deep.equal([57, 56, 53, 22, 19, 10, 51])
  })

  it('takes a message with its msg_length and without', () => {
    const good = sslv2ClientHello({ specs: [0x2f, 0x010080, 0x35], sessionId: byteRun(16) })
    const bare = good.slice(2)
    const { hello, result } = parse(bare)
    expect(result).to.equal(bare.length)
    expect(u16s(hello, 'cipherSuites')).to.deep.equal([0x2f, 0x35])
    for (let end = 0; end < bare.length; end++)
      expect(parse(bare.slice(0, end)).result, `${end}`).to.equal(TRUNCATED)
    expect(parse(Uint8Array.of(...bare, 0)).result, 'bytes after').to.equal(MALFORMED)
    const long = sslv2ClientHello({ specs: new Array<number>(11_000).fill(0x2f) }).slice(2)
    expect(parse(long).result, 'longer than msg_length can say').to.equal(MALFORMED)
  })

  it('tells the faults apart', () => {
    const good = sslv2ClientHello()
    const changed = (at: number, value: number) => good.map((byte, i) => (i === at ? value : byte))
    expect(parse(good.slice(0, 1)).result).to.equal(TRUNCATED)
    expect(parse(good.slice(0, -1)).result).to.equal(TRUNCATED)
    expect(parse(changed(0, 0)).result, 'header of three bytes').to.equal(UNSUPPORTED)
    const inner = sslv2ClientHello({ specs: [1, 2] })
    inner[8] = 9
    expect(parse(inner).result, 'lengths beyond msg_length').to.equal(MALFORMED)
    expect(parse(changed(2, 4)).result, 'SERVER-HELLO').to.equal(UNSUPPORTED)
    expect(parse(sslv2ClientHello({ version: 0x0002 })).result, 'SSL 2.0').to.equal(UNSUPPORTED)
    expect(parse(sslv2ClientHello({ specs: [0x010080] })).result, 'no TLS suite').to.equal(
      UNSUPPORTED,
    )
    expect(parse(sslv2ClientHello({ specs: [] })).result).to.equal(MALFORMED)
    expect(parse(changed(6, 4)).result, 'specs of 4 bytes').to.equal(MALFORMED)
    expect(parse(sslv2ClientHello({ challenge: byteRun(15) })).result).to.equal(MALFORMED)
    expect(parse(sslv2ClientHello({ challenge: byteRun(33) })).result).to.equal(MALFORMED)
    expect(parse(sslv2ClientHello({ sessionId: byteRun(33) })).result).to.equal(MALFORMED)
    expect(parse(Uint8Array.of(...good, 0)).result, 'bytes after').to.equal(MALFORMED)
    expect(parse(hex('8003 010301')).result, 'no lengths').to.equal(MALFORMED)
  })

  it('takes the longest list a message can have', () => {
    const specs = Array.from({ length: 10_911 }, (_, i) => i & 0xffff)
    const { hello, result } = parse(sslv2ClientHello({ specs }))
    expect(result).to.equal(2 + 9 + specs.length * 3 + 16)
    expect(hello.cipherSuitesLen).to.equal(specs.length * 2)
    expectInside(hello)
  })

  it('calls every prefix a fault, and never reads past end', () => {
    const good = sslv2ClientHello({ specs: [0x2f, 0x35], sessionId: byteRun(16) })
    for (let end = 0; end < good.length; end++)
      expect(parse(good.slice(0, end)).result, `${end}`).to.equal(TRUNCATED)
    const hello = new Hello()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 5 }),
        fc.constantFrom(0, 0xff),
        (edits, poison) => {
          const bytes = new Uint8Array(good.length + 64).fill(poison)
          bytes.set(good)
          for (const [at, value] of edits) bytes[at] = value
          const result = parseSslv2ClientHello(bytes, 0, good.length, hello)
          expect(parse(bytes.slice(0, good.length)).result).to.equal(result)
          if (result > 0) expectInside(hello)
        },
      ),
    )
  })
})
