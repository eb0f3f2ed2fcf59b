import { expect } from 'chai'
import fc from 'fast-check'
import { ByteWriter } from '../../src/base/byte-writer.js'
import {
  HandshakeBytes,
  SYN_DONT_FRAGMENT,
  SYN_IS_KNOWN,
  SYN_SCALE_SHIFT,
} from '../../src/model/handshake-bytes.js'
import { Hello } from '../../src/model/hello.js'
import { MAX_EVIDENCE_LEN, writeEvidence } from '../../src/tls/evidence.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { readEvidence } from '../../src/tls/read-evidence.js'
import { redactHello } from '../../src/tls/redact-hello.js'
import type { Extension } from './hello-builder.js'
import {
  be16,
  browserHello,
  clientHello,
  ech,
  keyShare,
  byteRun,
  preSharedKey,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
  vector16,
} from './hello-builder.js'
import { leastAllocatedPerCall } from './located.js'

function parsed(bytes: Uint8Array): Hello {
  const hello = new Hello()
  expect(parseClientHello(bytes, 0, bytes.length, false, hello)).to.equal(bytes.length)
  return hello
}

function textOf(bytes: Uint8Array, message = new HandshakeBytes()): string {
  const out = new ByteWriter()
  writeEvidence(message, parsed(bytes), out)
  return out.text()
}

const textWith = (...extensions: Extension[]) => textOf(clientHello({ extensions }))

/** key_share of groups and whole keys. */
const shares = (...list: readonly (readonly [number, readonly number[]])[]): Extension => [
  51,
  vector16(list.flatMap(([group, key]) => [...be16(group), ...vector16([...key])])),
]

describe('writeEvidence', () => {
  it('gives a browser hello in one line', () => {
    expect(textOf(browserHello())).to.equal(
      '1 x25519_shared=0 g=abcddef k=1,1216,32 ech=1,1,32,176 sid=32',
    )
  })

  it('tells a hybrid share that repeats the X25519 share from one of its own', () => {
    const plain = byteRun(32, 7)
    const mlKem = byteRun(1184)
    const repeated = shares([4588, [...mlKem, ...plain]], [29, plain])
    const fresh = shares([4588, [...mlKem, ...byteRun(32, 9)]], [29, plain])
    expect(textWith(repeated)).to.equal('1 x25519_shared=1 k=1216,32')
    expect(textWith(fresh)).to.equal('1 x25519_shared=0 k=1216,32')
    // X25519Kyber768Draft00 has its X25519 share first
    expect(textWith(shares([25497, [...plain, ...mlKem]], [29, plain]))).to.match(/shared=1/)
    expect(textWith(shares([25497, [...mlKem, ...plain]], [29, plain]))).to.match(/shared=0/)
  })

  it('says nothing of sharing where one of the two is absent, or was zeroed', () => {
    expect(textWith(keyShare([4588, 1216]))).to.equal('1 k=1216')
    expect(textWith(keyShare([29, 32]))).to.equal('1 k=32')
    // a share of a hybrid's length in another group, and of a hybrid's group with another length
    const plain = byteRun(32, 7)
    expect(textWith(shares([4587, byteRun(1216)], [29, plain]))).to.equal('1 k=1216,32')
    for (const hybrid of [4588, 25497])
      expect(textWith(shares([hybrid, byteRun(1215)], [29, plain]))).to.equal('1 k=1215,32')
    const bytes = browserHello()
    const out = new Uint8Array(bytes.length)
    redactHello(bytes, 0, bytes.length, parsed(bytes), out)
    expect(textOf(out)).to.equal('1 g=abcddef k=1,1216,32 ech=1,1,32,176 sid=32')
  })

  it('gives equal GREASE values the same letter, and a place without one a dash', () => {
    const hello = (first: number, group: number, version: number) =>
      textOf(
        clientHello({
          ciphers: [0x1301],
          extensions: [
            [first, []],
            supportedGroups(group, 29),
            supportedVersions(version, 0x0304),
            signatureAlgorithms(0x0403),
          ],
        }),
      )
    expect(hello(0x1a1a, 0x2a2a, 0x1a1a)).to.equal('1 g=-a-b-a')
    expect(hello(0x1a1a, 29, 0x0303)).to.equal('1 g=-a')
    expect(hello(1, 29, 0x0303)).to.equal('1')
  })

  it('counts tickets and external keys apart', () => {
    expect(textWith(preSharedKey([9, 32], [12, 32]))).to.equal('1 psk=2,0')
    const external: Extension = [
      41,
      [...vector16([...vector16(byteRun(3)), 0, 0, 0, 0]), ...vector16([32, ...byteRun(32)])],
    ]
    expect(textWith(external)).to.equal('1 psk=0,1')
  })

  it('keeps an external key apart from a ticket in a hello whose secrets are zeroed', () => {
    for (const [age, expected] of [
      [0, '1 psk=0,1'],
      [0x80000000, '1 psk=1,0'],
    ] as const) {
      const identity = [...vector16(byteRun(3)), age >>> 24, 0, 0, 0]
      const bytes = clientHello({
        extensions: [[41, [...vector16(identity), ...vector16([32, ...byteRun(32)])]]],
      })
      const out = new Uint8Array(bytes.length)
      redactHello(bytes, 0, bytes.length, parsed(bytes), out)
      expect(textOf(out)).to.equal(expected)
    }
  })

  it('gives lengths of padding, trust anchors and the session id', () => {
    const bytes = clientHello({
      sessionId: byteRun(7),
      extensions: [
        [21, byteRun(200)],
        [51764, [0, 3, 2, 1, 1]],
      ],
    })
    expect(textOf(bytes)).to.equal('1 sid=7 pad=200 ta=5')
  })

  it('gives the SYN and the first record where the connection has them', () => {
    const message = new HandshakeBytes()
    message.firstRecordLen = 512
    message.synShape = 64 | SYN_IS_KNOWN | SYN_DONT_FRAGMENT | ((7 + 1) << SYN_SCALE_SHIFT)
    message.synSizes = (1460 << 16) | 64_240
    message.synOptions = 0x31542
    expect(textOf(clientHello({}), message)).to.equal('1 rec=512 syn=64,64240,1460,7,mstnw,df')
    expect(readEvidence('1 rec=512 syn=64,64240,1460,7,mstnw,df')?.syn?.opts).to.equal('mstnw')
    message.synShape = 128 | SYN_IS_KNOWN
    message.synSizes = 8192
    message.synOptions = 0xf & 0xffffffff
    expect(textOf(clientHello({}), message)).to.equal('1 rec=512 syn=128,8192,,,o,')
    message.transport = 'quic'
    expect(textOf(clientHello({}), message)).to.equal('1 rec=512')
  })

  it('gives nothing of a key_share whose lengths do not fill it, nor of an ECH without payload', () => {
    const plain = byteRun(32, 7)
    const [type, whole] = shares([0x1a1a, [0]], [4588, [...byteRun(1184), ...plain]], [29, plain])
    expect(textWith([type, whole])).to.equal('1 x25519_shared=1 g=----a k=1,1216,32')
    // one byte more than the list, a list one byte longer than the body, a last share one byte longer than the list
    expect(textWith([type, [...whole, 0]])).to.equal('1')
    expect(textWith([type, whole.slice(0, -1)])).to.equal('1')
    const long = [...whole]
    long[long.length - 33] = 33
    expect(textWith([type, long])).to.equal('1')
    expect(textWith([type, new Array(64).fill(0)])).to.equal('1')
    expect(textWith([0xfe0d, new Array(10).fill(0)])).to.equal('1')
  })

  it('is short, reads back, and says the same but for sharing once secrets are zeroed, whatever the hello', () => {
    const seed = clientHello({
      sessionId: byteRun(32),
      ciphers: [0x1a1a, 0x1301],
      extensions: [
        keyShare([0x1a1a, 1], [4588, 1216], [29, 32], [23, 65], [24, 97], [30, 56]),
        [51764, byteRun(186)],
        ech(208),
        preSharedKey([228, 32]),
        [21, byteRun(100)],
      ],
    })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 12 }),
        (edits) => {
          const bytes = seed.slice()
          for (const [at, value] of edits) bytes[at] = value
          const hello = new Hello()
          if (parseClientHello(bytes, 0, bytes.length, false, hello) < 0) return
          const out = new ByteWriter()
          writeEvidence(new HandshakeBytes(), hello, out)
          expect(out.len).to.be.at.most(MAX_EVIDENCE_LEN)
          expect(out.text()).to.match(/^[\x21\x23-\x5b\x5d-\x7e ]+$/)
          expect(readEvidence(out.text()), out.text()).to.include({ version: 1 })
          const redacted = new Uint8Array(bytes.length)
          redactHello(bytes, 0, bytes.length, hello, redacted)
          if (hello.extensionType.subarray(0, hello.extensionCount).indexOf(41) < 0)
            expect(textOf(redacted)).to.equal(out.text().replace(/ x25519_shared=\d/, ''))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('allocates nothing', () => {
    const hello = parsed(browserHello())
    const message = new HandshakeBytes()
    const out = new ByteWriter()
    expect(
      leastAllocatedPerCall(() => {
        out.len = 0
        writeEvidence(message, hello, out)
      }),
    ).to.be.below(1)
  })
})

describe('readEvidence', () => {
  it('gives every item by name', () => {
    const text =
      '1 x25519_shared=0 g=abcddef k=1,1216,32 ech=1,1,32,208 sid=32 pad=9 ta=186 psk=1,0 rec=1790 syn=64,64240,1460,7,mstnw,df'
    expect(text.length).to.be.at.most(MAX_EVIDENCE_LEN)
    expect(readEvidence(text)).to.deep.equal({
      version: 1,
      x25519_shared: false,
      grease: 'abcddef',
      key_shares: [1, 1216, 32],
      ech: { kdf: 1, aead: 1, enc_len: 32, payload_len: 208 },
      session_id_len: 32,
      padding: 9,
      trust_anchors_len: 186,
      psk: { resumption: 1, external: 0 },
      first_record_len: 1790,
      syn: { ttl: 64, win: 64240, mss: 1460, wscale: 7, opts: 'mstnw', df: true },
    })
  })

  it('gives a SYN without options', () => {
    expect(readEvidence('1 syn=255,512,,,,')?.syn).to.deep.equal({
      ttl: 255,
      win: 512,
      opts: '',
      df: false,
    })
  })

  it('refuses what is no evidence', () => {
    for (const text of [
      '',
      '2 sid=1',
      '1 sid=x',
      '1 ech=1,2',
      '1 g=<b>',
      '1 syn=64,x',
      '1 sid=1,2',
    ])
      expect(readEvidence(text), text).to.be.undefined
  })
})
