import { expect } from 'chai'
import fc from 'fast-check'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import { Hello, MAX_EXTENSIONS } from '../../src/model/hello.js'
import { parseClientHello, parseServerHello } from '../../src/tls/hello-parser.js'
import { isHelloRetryRequest } from '../../src/tls/hello-retry-request.js'
import { hex } from '../support.js'
import type { Extension } from './hello-builder.js'
import {
  alpn,
  asDtls,
  be16,
  browserHello,
  clientHello,
  ecPointFormats,
  ech,
  byteRun,
  serverHello,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
  u16List,
  vector16,
} from './hello-builder.js'
import { expectInside, leastAllocatedPerCall, u16s } from './located.js'

const RETRY_RANDOM = hex('cf21ad74e59a6111be1d8c021e65b891 c2a211167abb8c5e079e09e2c8a8339c')

function parse(bytes: Uint8Array, dtls = false): { hello: Hello; result: number } {
  const hello = new Hello()
  return { hello, result: parseClientHello(bytes, 0, bytes.length, dtls, hello) }
}
function parseServer(bytes: Uint8Array, dtls = false): { hello: Hello; result: number } {
  const hello = new Hello()
  return { hello, result: parseServerHello(bytes, 0, bytes.length, dtls, hello) }
}
/** `message` with `change` made to its bytes. */
function changed(message: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = message.slice()
  change(bytes)
  return bytes
}
/** A message cut or grown to `body` bytes after its header, whose length field says so. */
function resized(message: Uint8Array, bodyLen: number): Uint8Array {
  const bytes = new Uint8Array(4 + bodyLen)
  bytes.set(message.subarray(0, 4 + bodyLen))
  bytes.set([0, ...be16(bodyLen)], 1)
  return bytes
}

describe('parseClientHello', () => {
  it('locates everything a browser sends', () => {
    const bytes = browserHello()
    const { hello, result } = parse(bytes)
    expect(result).to.equal(bytes.length)
    expect([hello.off, hello.end, hello.handshakeType]).to.deep.equal([0, bytes.length, 1])
    expect(hello.legacyVersion).to.equal(0x0303)
    expect([...bytes.subarray(hello.randomOff, hello.randomOff + 32)]).to.deep.equal(byteRun(32))
    expect(hello.sessionIdLen).to.equal(32)
    expect(u16s(hello, 'cipherSuites').slice(0, 3)).to.deep.equal([0x2a2a, 0x1301, 0x1302])
    expect(hello.compressionMethodsLen).to.equal(1)
    expect(hello.extensionCount).to.equal(18)
    expect([...hello.extensionType.subarray(0, 3)]).to.deep.equal([0xbaba, 0, 23])
    expect(u16s(hello, 'supportedGroups')).to.deep.equal([0x1a1a, 4588, 29, 23, 24])
    expect(u16s(hello, 'signatureAlgorithms')[0]).to.equal(0x8a8a)
    expect(u16s(hello, 'supportedVersions')).to.deep.equal([0x6a6a, 0x0304, 0x0303])
    expect(hello.ecPointFormatsLen).to.equal(1)
    expect(hello.alpnLen).to.equal(12)
    const { serverNameOff: off, serverNameLen: length } = hello
    expect(new TextDecoder().decode(bytes.subarray(off, off + length))).to.equal('www.example.test')
    expect(hello.extensionType[hello.echIndex]).to.equal(65037)
  })

  it('parses a hello that lies in the midst of other bytes', () => {
    const message = browserHello()
    const bytes = new Uint8Array(message.length + 200).fill(0xee)
    bytes.set(message, 77)
    const hello = new Hello()
    expect(parseClientHello(bytes, 77, 77 + message.length, false, hello)).to.equal(
      77 + message.length,
    )
    expect(u16s(hello, 'supportedGroups')).to.deep.equal([0x1a1a, 4588, 29, 23, 24])
  })

  it('parses a hello without extensions, and one with an empty block', () => {
    for (const extensions of [null, []]) {
      const bytes = clientHello({ version: 0x0300, ciphers: [5, 4], extensions })
      const { hello, result } = parse(bytes)
      expect(result).to.equal(bytes.length)
      expect(hello.extensionCount).to.equal(0)
      expect(hello.serverNameOff).to.equal(-1)
      expect(u16s(hello, 'cipherSuites')).to.deep.equal([5, 4])
    }
  })

  it('forgets the hello before', () => {
    const hello = new Hello()
    const full = browserHello()
    const bare = clientHello({ extensions: null })
    expect(parseClientHello(full, 0, full.length, false, hello)).to.equal(full.length)
    expect(parseClientHello(bare, 0, bare.length, false, hello)).to.equal(bare.length)
    const fresh = parse(bare).hello
    for (const key of Object.keys(fresh) as (keyof Hello)[])
      if (typeof fresh[key] === 'number') expect(hello[key], key).to.equal(fresh[key])
  })

  it('reads DTLS with the header of four bytes and with that of twelve', () => {
    const cookie = byteRun(20)
    const short = clientHello({ version: 0xfefd, cookie, extensions: [supportedGroups(29)] })
    for (const bytes of [short, asDtls(short, 1)]) {
      const { hello, result } = parse(bytes, true)
      expect(result).to.equal(bytes.length)
      expect(hello.legacyVersion).to.equal(0xfefd)
      expect(u16s(hello, 'cipherSuites')).to.deep.equal([0x1301])
      expect(u16s(hello, 'supportedGroups')).to.deep.equal([29])
    }
    expect(parse(short, false).result, 'as TLS').to.equal(MALFORMED)
    const long = asDtls(short)
    expect(
      parse(
        changed(long, (b) => (b[8] = 1)),
        true,
      ).result,
      'a fragment',
    ).to.equal(MALFORMED)
    expect(
      parse(
        changed(long, (b) => (b[11] = 1)),
        true,
      ).result,
      'a part',
    ).to.equal(MALFORMED)
  })

  describe('says of a message', () => {
    const good = clientHello({ ciphers: [5, 4], extensions: [supportedGroups(29)] })
    const SESSION_ID_LEN = 38
    const SUITES_LEN = 39
    const METHODS_LEN = 45
    const BLOCK_LEN = 47
    const EXTENSION_LEN = 51
    const cases: [string, Uint8Array, number][] = [
      ['of less than a header: TRUNCATED', good.slice(0, 3), TRUNCATED],
      ['of another type: UNSUPPORTED', changed(good, (b) => (b[0] = 2)), UNSUPPORTED],
      ['whose header promises more: TRUNCATED', good.slice(0, -1), TRUNCATED],
      [
        'whose header promises less: MALFORMED',
        changed(good, (b) => (b[3] = good.length - 5)),
        MALFORMED,
      ],
      ['that ends in the random: MALFORMED', resized(good, 30), MALFORMED],
      ['with a session_id of 33: MALFORMED', clientHello({ sessionId: byteRun(33) }), MALFORMED],
      [
        'with a session_id beyond the end',
        changed(resized(good, 40), (b) => (b[SESSION_ID_LEN] = 32)),
        MALFORMED,
      ],
      ['that ends before cipher_suites: MALFORMED', resized(good, 36), MALFORMED],
      ['with no cipher suite: MALFORMED', clientHello({ ciphers: [] }), MALFORMED],
      [
        'with an odd cipher_suites: MALFORMED',
        changed(good, (b) => (b[SUITES_LEN + 1] = 3)),
        MALFORMED,
      ],
      ['with cipher_suites beyond the end', changed(good, (b) => (b[SUITES_LEN] = 1)), MALFORMED],
      ['that ends before compression_methods', resized(good, 41), MALFORMED],
      ['with no compression method: MALFORMED', clientHello({ compression: [] }), MALFORMED],
      [
        'with compression_methods beyond the end',
        changed(good, (b) => (b[METHODS_LEN] = 99)),
        MALFORMED,
      ],
      ['with one byte of a block: MALFORMED', resized(good, 44), MALFORMED],
      [
        'whose block is too long: MALFORMED',
        changed(good, (b) => (b[BLOCK_LEN + 1] = 9)),
        MALFORMED,
      ],
      [
        'whose block is too short: MALFORMED',
        changed(good, (b) => (b[BLOCK_LEN + 1] = 7)),
        MALFORMED,
      ],
      [
        'with an extension beyond the block',
        changed(good, (b) => (b[EXTENSION_LEN + 1] = 5)),
        MALFORMED,
      ],
      [
        'with three bytes of an extension',
        changed(good, (b) => (b[EXTENSION_LEN + 1] = 1)),
        MALFORMED,
      ],
    ]
    for (const [what, bytes, fault] of cases)
      it(what, () => {
        expect(parse(bytes).result).to.equal(fault)
      })

    it('passes over bytes behind the extensions', () => {
      const { result, hello } = parse(resized(good, good.length - 4 + 3))
      expect(result).to.equal(good.length + 3)
      expect(hello.extensionCount).to.equal(parse(good).hello.extensionCount)
    })

    it('of DTLS that ends before the cookie: MALFORMED', () => {
      expect(parse(resized(good, 35), true).result).to.equal(MALFORMED)
    })
  })

  it('keeps a hello whose extension is broken, without that list', () => {
    const broken: [string, Extension, keyof Hello, keyof Hello][] = [
      ['empty', [0, []], 'serverNameOff', 'serverNameLen'],
      ['list too long', [0, [0, 9, 0, 0, 1, 65]], 'serverNameOff', 'serverNameLen'],
      ['name too long', [0, vector16([0, 0, 9, 65])], 'serverNameOff', 'serverNameLen'],
      ['empty name', [0, vector16([0, 0, 0])], 'serverNameOff', 'serverNameLen'],
      ['cut entry', [0, vector16([0, 0])], 'serverNameOff', 'serverNameLen'],
      ['no host_name', [0, vector16([1, 0, 1, 65])], 'serverNameOff', 'serverNameLen'],
      ['odd', [10, [0, 3, 0, 29, 0]], 'supportedGroupsOff', 'supportedGroupsLen'],
      ['empty list', [10, [0, 0]], 'supportedGroupsOff', 'supportedGroupsLen'],
      ['bytes after', [10, [...u16List(29), 0]], 'supportedGroupsOff', 'supportedGroupsLen'],
      ['too long', [11, [2, 0]], 'ecPointFormatsOff', 'ecPointFormatsLen'],
      ['empty list', [11, [0]], 'ecPointFormatsOff', 'ecPointFormatsLen'],
      ['one byte', [13, [0]], 'signatureAlgorithmsOff', 'signatureAlgorithmsLen'],
      ['odd', [13, [0, 1, 4]], 'signatureAlgorithmsOff', 'signatureAlgorithmsLen'],
      ['empty name', [16, vector16([0, 2, 104, 50])], 'alpnOff', 'alpnLen'],
      ['name too long', [16, vector16([3, 104, 50])], 'alpnOff', 'alpnLen'],
      ['odd', [43, [3, 3, 4, 3]], 'supportedVersionsOff', 'supportedVersionsLen'],
      ['as of a server', [43, [3, 4]], 'supportedVersionsOff', 'supportedVersionsLen'],
    ]
    for (const [what, extension, off, length] of broken) {
      const bytes = clientHello({ extensions: [extension, [23, []]] })
      const { hello, result } = parse(bytes)
      expect(result, what).to.equal(bytes.length)
      expect([hello[off], hello[length]], `${extension[0]}: ${what}`).to.deep.equal([-1, 0])
      expect(hello.extensionCount).to.equal(2)
    }
  })

  it('takes the first host_name, whatever names stand around it', () => {
    const entries = [1, ...vector16([66]), 0, ...vector16([65]), 0, ...vector16([67])]
    const { hello } = parse(clientHello({ extensions: [[0, vector16(entries)]] }))
    expect(hello.bytes[hello.serverNameOff]).to.equal(65)
    expect(hello.serverNameLen).to.equal(1)
  })

  it('lets the first extension of a type count and lists all', () => {
    const { hello } = parse(
      clientHello({
        extensions: [
          ...[supportedGroups(29), supportedGroups(23), alpn('h2'), alpn('h3'), ech(144), ech(9)],
          ...[ecPointFormats(0), ecPointFormats(1, 2), serverName('a'), serverName('b')],
          ...[
            signatureAlgorithms(1),
            signatureAlgorithms(2),
            supportedVersions(3),
            supportedVersions(4),
          ],
        ],
      }),
    )
    expect(hello.extensionCount).to.equal(14)
    expect(u16s(hello, 'supportedGroups')).to.deep.equal([29])
    expect(u16s(hello, 'signatureAlgorithms')).to.deep.equal([1])
    expect(u16s(hello, 'supportedVersions')).to.deep.equal([3])
    expect(hello.bytes[hello.alpnOff + 2]).to.equal('2'.charCodeAt(0))
    expect(hello.ecPointFormatsLen).to.equal(1)
    expect(hello.bytes[hello.serverNameOff]).to.equal(97)
    expect(hello.echIndex).to.equal(4)
  })

  it('does not let a second extension repair a broken first', () => {
    const { hello } = parse(clientHello({ extensions: [[10, [9]], supportedGroups(23)] }))
    expect(hello.supportedGroupsOff).to.equal(-1)
  })

  it('takes as many extensions as a block can hold', () => {
    const body = clientHello({ extensions: null }).subarray(4)
    const count = MAX_EXTENSIONS - 1
    const bytes = new Uint8Array(4 + body.length + 2 + count * 4)
    bytes.set(body, 4)
    bytes.set(be16(count * 4), 4 + body.length)
    bytes.set([1, (bytes.length - 4) >> 16, ...be16(bytes.length - 4)])
    const { hello, result } = parse(bytes)
    expect(result).to.equal(bytes.length)
    expect(hello.extensionCount).to.equal(count)
  })

  it('calls every prefix of a good hello a fault', () => {
    const good = browserHello()
    const hello = new Hello()
    for (let end = 0; end < good.length; end++) {
      expect(parseClientHello(good, 0, end, false, hello), `${end}`).to.equal(TRUNCATED)
      if (end < 4) continue
      const cut = resized(good, end - 4)
      const result = parseClientHello(cut, 0, cut.length, false, hello)
      // The one shorter hello that is whole is the one without extensions.
      if (result > 0) expect(hello.extensionCount, `${end}`).to.equal(0)
      else expect(result, `${end}`).to.equal(MALFORMED)
    }
  })

  it('never throws, never reads past end, and locates nothing outside, whatever the bytes', () => {
    const seeds = [
      browserHello(),
      asDtls(clientHello({ cookie: [1, 2], extensions: [supportedGroups(29)] })),
      serverHello({
        extensions: [
          [43, [3, 4]],
          [51, [0, 29, ...vector16(byteRun(32))]],
        ],
      }),
    ]
    const hello = new Hello()
    const again = new Hello()
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(2100), fc.nat(255)), { maxLength: 6 }),
        fc.nat(40),
        fc.boolean(),
        (seed, edits, cut, dtls) => {
          const end = Math.max(0, seed.length - cut)
          const bytes = new Uint8Array(end + 64).fill(0xff)
          bytes.set(seed.subarray(0, end))
          // Keep the frame's length right now and then, so that faults further in are reached.
          if (cut % 2 === 1 && end >= 4) bytes.set([0, ...be16(end - 4)], 1)
          for (const [at, value] of edits) if (at < end) bytes[at] = value
          for (const decode of [parseClientHello, parseServerHello]) {
            const result = decode(bytes, 0, end, dtls, hello)
            const poisoned = bytes.slice().fill(0, end)
            expect(decode(poisoned, 0, end, dtls, again)).to.equal(result)
            if (result < 0) continue
            expect(result).to.equal(end)
            expectInside(hello)
            expect(again.extensionCount).to.equal(hello.extensionCount)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('never throws on bytes of any kind', () => {
    const hello = new Hello()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const end = Math.min(cut, bytes.length)
        const result = parseClientHello(bytes, 0, end, false, hello)
        return result < 0 || result === end
      }),
    )
  })

  it('allocates nothing', () => {
    const bytes = browserHello()
    const answer = serverHello({ extensions: [[43, [3, 4]]] })
    const hello = new Hello()
    const parseBoth = () => {
      parseClientHello(bytes, 0, bytes.length, false, hello)
      parseServerHello(answer, 0, answer.length, false, hello)
    }
    expect(leastAllocatedPerCall(parseBoth)).to.be.below(1)
  })
})

describe('parseServerHello', () => {
  it('locates what a server chose', () => {
    const bytes = serverHello({
      sessionId: byteRun(32),
      cipher: 0xc02f,
      extensions: [[65281, [0]], ecPointFormats(0, 1), alpn('h2'), [43, [3, 4]]],
    })
    const { hello, result } = parseServer(bytes)
    expect(result).to.equal(bytes.length)
    expect(hello.handshakeType).to.equal(2)
    expect(u16s(hello, 'cipherSuites')).to.deep.equal([0xc02f])
    expect(u16s(hello, 'supportedVersions')).to.deep.equal([0x0304])
    expect(hello.compressionMethodsLen).to.equal(1)
    expect(hello.ecPointFormatsLen).to.equal(2)
    expect(hello.alpnLen).to.equal(3)
    expectInside(hello)
  })

  it('reads one without extensions, and DTLS with either header', () => {
    const bytes = serverHello({ version: 0xfefd, extensions: null })
    expect(parseServer(bytes).result).to.equal(bytes.length)
    expect(parseServer(asDtls(bytes), true).result).to.equal(bytes.length + 8)
  })

  it('tells the faults apart', () => {
    const good = serverHello({ extensions: null })
    expect(parseServer(good.slice(0, 2)).result).to.equal(TRUNCATED)
    expect(parseServer(good.slice(0, -1)).result).to.equal(TRUNCATED)
    expect(parseServer(clientHello()).result).to.equal(UNSUPPORTED)
    expect(parseServer(serverHello({ version: 0x7f12 })).result, 'draft 18').to.equal(UNSUPPORTED)
    expect(parseServer(resized(good, 37)).result).to.equal(MALFORMED)
    expect(parseServer(resized(good, good.length - 4 + 1)).result).to.equal(MALFORMED)
    expect(parseServer(serverHello({ sessionId: byteRun(40) })).result).to.equal(MALFORMED)
    const wrong = serverHello({ extensions: [[43, [2, 3, 4]]] })
    expect(parseServer(wrong).hello.supportedVersionsOff, 'as of a client').to.equal(-1)
  })
})

describe('isHelloRetryRequest', () => {
  it('knows the random of RFC 8446 §4.1.3, in a ServerHello only', () => {
    expect(
      isHelloRetryRequest(parseServer(serverHello({ random: [...RETRY_RANDOM] })).hello),
    ).to.equal(true)
    expect(isHelloRetryRequest(parseServer(serverHello()).hello)).to.equal(false)
    const last = [...RETRY_RANDOM.subarray(0, 31), 0]
    expect(isHelloRetryRequest(parseServer(serverHello({ random: last })).hello)).to.equal(false)
    expect(isHelloRetryRequest(parse(clientHello({ random: [...RETRY_RANDOM] })).hello)).to.equal(
      false,
    )
  })

  it('is the SHA-256 of "HelloRetryRequest"', async () => {
    const { createHash } = await import('node:crypto')
    const digest = createHash('sha256').update('HelloRetryRequest').digest()
    expect(isHelloRetryRequest(parseServer(serverHello({ random: [...digest] })).hello)).to.equal(
      true,
    )
  })
})
