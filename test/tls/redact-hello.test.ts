import { expect } from 'chai'
import fc from 'fast-check'
import { TRUNCATED } from '../../src/base/fault.js'
import { Hello } from '../../src/model/hello.js'
import { describeHello } from '../../src/tls/describe-hello.js'
import { parseClientHello, parseServerHello } from '../../src/tls/hello-parser.js'
import { redactHello } from '../../src/tls/redact-hello.js'
import type { Extension } from './hello-builder.js'
import { leastAllocatedPerCall } from './located.js'
import {
  asDtls,
  browserHello,
  clientHello,
  ech,
  keyShare,
  byteRun,
  preSharedKey,
  serverHello,
  sslv2ClientHello,
  supportedGroups,
  vector16,
  vector8,
} from './hello-builder.js'

function redacted(bytes: Uint8Array, dtls = false): Uint8Array {
  const hello = new Hello()
  expect(parseClientHello(bytes, 0, bytes.length, dtls, hello)).to.equal(bytes.length)
  const out = new Uint8Array(bytes.length + 100).fill(0xee)
  const written = redactHello(bytes, 0, bytes.length, hello, out)
  return out.slice(0, written)
}
/** Body of the only extension of a redacted hello. */
function bodyOf(extension: Extension): number[] {
  const bytes = redacted(clientHello({ extensions: [extension] }))
  return [...bytes.subarray(bytes.length - extension[1].length)]
}
const zeros = (count: number) => new Array<number>(count).fill(0)

describe('redactHello', () => {
  it('zeroes what is secret and keeps every length', () => {
    expect(bodyOf(keyShare([0x1a1a, 1], [29, 3]))).to.deep.equal([
      0, 12, 0x1a, 0x1a, 0, 1, 0, 0, 29, 0, 3, 0, 0, 0,
    ])
    expect(bodyOf([40, keyShare([29, 2])[1]])).to.deep.equal([0, 6, 0, 29, 0, 2, 0, 0])
    expect(bodyOf(preSharedKey([5, 32]))).to.deep.equal([
      0,
      11,
      0,
      5,
      ...zeros(8),
      1,
      0,
      33,
      32,
      ...zeros(32),
    ])
    expect(bodyOf(ech(16, 2))).to.deep.equal([0, 0, 1, 0, 1, 77, 0, 2, 0, 0, 0, 16, ...zeros(16)])
    expect(bodyOf([65037, [1]])).to.deep.equal([1])
    expect(bodyOf([35, byteRun(9)])).to.deep.equal(zeros(9))
    expect(bodyOf([44, vector16(byteRun(7))])).to.deep.equal([0, 7, ...zeros(7)])
    expect(bodyOf([65281, vector8(byteRun(12))])).to.deep.equal([12, ...zeros(12)])
    expect(bodyOf([65486, byteRun(20)])).to.deep.equal(zeros(20))
  })

  it('zeroes random, session_id and the DTLS cookie', () => {
    const plain = { version: 0xfefd, sessionId: byteRun(32), cookie: byteRun(20), ciphers: [5] }
    const blank = { ...plain, random: zeros(32), sessionId: zeros(32), cookie: zeros(20) }
    expect([...redacted(clientHello(plain), true)]).to.deep.equal([...clientHello(blank)])
    expect([...redacted(asDtls(clientHello(plain)), true)]).to.deep.equal([
      ...asDtls(clientHello(blank)),
    ])
  })

  it('leaves what fingerprints read as it was', () => {
    const extensions: Extension[] = [
      supportedGroups(29),
      [43, [2, 3, 4]],
      [13, [0, 2, 4, 3]],
      [27, [2, 0, 2]],
    ]
    const bytes = clientHello({ random: zeros(32), extensions })
    expect([...redacted(bytes)]).to.deep.equal([...bytes])
  })

  it('zeroes a malformed body of a secret kind as a whole', () => {
    const broken: Extension[] = [
      ...([
        [51, [0, 9, 0, 29, 0, 4, 7, 7]],
        [51, [9]],
        [51, vector16([0, 29, 0, 9, 7])],
      ] as Extension[]),
      ...([
        [41, [0, 9, 7, 7]],
        [41, [0, 4, 7, 7, 7, 7, 0, 0]],
        [41, [7]],
      ] as Extension[]),
      ...([[41, [...vector16([0, 2, 7, 7, 7, 7, 7, 7]), 0, 2, 9, 7]]] as Extension[]),
      ...([
        [65037, byteRun(12)],
        [65037, [0, ...byteRun(20)]],
        [44, [0, 9, 7]],
        [65281, [3, 7]],
      ] as Extension[]),
    ]
    for (const extension of broken)
      expect(bodyOf(extension), `${extension[0]}`).to.deep.equal(zeros(extension[1].length))
  })

  it('gives a message whose detail is the same but for what was hidden', () => {
    const before = browserHello()
    const say = (bytes: Uint8Array) => {
      const hello = new Hello()
      parseClientHello(bytes, 0, bytes.length, false, hello)
      return describeHello(hello)
    }
    expect(say(redacted(before))).to.deep.equal(say(before))
    expect(redacted(redacted(before))).to.deep.equal(redacted(before))
  })

  it('zeroes a server, its key share included', () => {
    const parts = {
      sessionId: byteRun(32),
      extensions: [[51, [0, 29, ...vector16(byteRun(32))]]] as Extension[],
    }
    const bytes = serverHello(parts)
    const hello = new Hello()
    parseServerHello(bytes, 0, bytes.length, false, hello)
    const out = new Uint8Array(bytes.length)
    expect(redactHello(bytes, 0, bytes.length, hello, out)).to.equal(bytes.length)
    const blank = { extensions: [[51, [0, 29, ...vector16(zeros(32))]]] as Extension[] }
    expect(out).to.deep.equal(serverHello({ random: zeros(32), sessionId: zeros(32), ...blank }))
  })

  it('keeps of an SSL 2.0-framed hello the equivalent one', () => {
    const out = redacted(sslv2ClientHello({ specs: [0x2f, 0x35], sessionId: byteRun(16) }))
    const same = { version: 0x0301, random: zeros(32), sessionId: zeros(16), extensions: null }
    expect(out).to.deep.equal(clientHello({ ...same, ciphers: [0x2f, 0x35] }))
  })

  it('says so where there is no room', () => {
    const bytes = browserHello()
    const hello = new Hello()
    parseClientHello(bytes, 0, bytes.length, false, hello)
    expect(redactHello(bytes, 0, bytes.length, hello, new Uint8Array(100))).to.equal(TRUNCATED)
  })

  it('keeps lists and lengths of whatever parses, and writes nothing past them', () => {
    const seed = clientHello({
      extensions: [keyShare([29, 8]), preSharedKey([9, 32]), ech(16), [35, byteRun(4)]],
    })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 5 }),
        (edits) => {
          const bytes = seed.slice()
          for (const [at, value] of edits) bytes[at] = value
          const hello = new Hello()
          const after = new Hello()
          if (parseClientHello(bytes, 0, bytes.length, false, hello) < 0) return
          const out = new Uint8Array(bytes.length + 8).fill(0xee)
          const written = redactHello(bytes, 0, bytes.length, hello, out)
          expect(parseClientHello(out, 0, written, false, after)).to.equal(written)
          expect([...out.subarray(written)]).to.deep.equal(new Array<number>(8).fill(0xee))
          for (const key of Object.keys(hello) as (keyof Hello)[])
            if (typeof hello[key] === 'number') expect(after[key], key).to.equal(hello[key])
        },
      ),
      { numRuns: 500 },
    )
  })

  it('allocates nothing', () => {
    const secrets = [
      keyShare([29, 32]),
      preSharedKey([20, 32]),
      ech(16),
      [35, byteRun(9)],
    ] as Extension[]
    const bytes = clientHello({ extensions: secrets })
    const hello = new Hello()
    const out = new Uint8Array(4096)
    parseClientHello(bytes, 0, bytes.length, false, hello)
    expect(
      leastAllocatedPerCall(() => void redactHello(bytes, 0, bytes.length, hello, out)),
    ).to.be.below(1)
  })
})
