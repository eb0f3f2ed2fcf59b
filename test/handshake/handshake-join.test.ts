import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { HandshakeJoin } from '../../src/handshake/handshakes.js'
import {
  HandshakeBytes,
  QUALITY_CONFLICT,
  QUALITY_HRR,
  type Transport,
} from '../../src/model/handshake-bytes.js'
import { Hello } from '../../src/model/hello.js'
import { type Packet, TCP_ACK, TCP_FIN, TCP_RST } from '../../src/model/packet.js'
import type { Sighting } from '../../src/model/sighting.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { segment } from '../stream/segments.js'
import {
  ascii,
  be16,
  clientHello,
  type Extension,
  byteRun,
  serverHello,
  vector16,
  vector8,
} from '../tls/hello-builder.js'

const HRR_RANDOM = [
  ...[0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8],
  ...[0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8],
  ...[0x33, 0x9c],
]
const TLS_1_3: Extension = [43, be16(0x0304)]
const share = (group: number): Extension => [51, [...be16(group), ...vector16(byteRun(32))]]
const shares = (...groups: readonly number[]): Extension => [
  51,
  vector16(groups.flatMap((group) => [...be16(group), ...vector16(byteRun(32))])),
]
const CLIENT_1_3 = clientHello({ extensions: [[43, [2, ...be16(0x0304)]], shares(29)] })
const CLIENT_1_2 = clientHello({ ciphers: [0xc02f, 0x009c] })
const SERVER_1_3 = serverHello({ extensions: [TLS_1_3, share(29)] })
const SERVER_1_2 = serverHello({ cipher: 0xc02f })
const RETRY = serverHello({ random: HRR_RANDOM, extensions: [TLS_1_3, [51, be16(24)]] })
const CERTIFICATE = Uint8Array.of(11, 0, 0, 14, 0, 0, 11, 0, 0, 8, ...byteRun(8))

interface Sent {
  readonly seconds?: number
  /** Port of the client. */
  readonly port?: number
  readonly transport?: Transport
  readonly connection?: number
  readonly quality?: number
}

/** A join, and hands to put messages in. */
class Bench {
  readonly out = new ByteWriter()
  readonly counters = newCounters()
  readonly join: HandshakeJoin
  readonly #hello = new Hello()
  readonly #line = new ByteWriter()

  constructor(sizes = { hellos: 64, bytes: 1 << 16 }) {
    this.join = new HandshakeJoin(3, this.counters, this.out, writeFront, sizes)
  }

  client(bytes: Uint8Array, sent: Sent = {}, padding = 0): this {
    const { port = 40_000, seconds = 0 } = sent
    const message = messageOf(bytes, sent)
    const parsed = parseClientHello(
      bytes,
      0,
      bytes.length,
      message.transport === 'dtls',
      this.#hello,
    )
    expect(parsed).to.equal(bytes.length)
    this.#line.len = 0
    this.#line.ascii(`{"srcport":${port},"hello":"${'x'.repeat(padding)}"}\n`)
    const packet = segment(0, bytes, { srcPort: port, seconds: 1_700_000_000 + seconds })
    this.join.takeClient(packet, message, this.#hello, this.#line)
    return this
  }

  server(bytes: Uint8Array, sent: Sent = {}): this {
    this.join.takeServer(answer(bytes, sent), messageOf(bytes, sent))
    return this
  }

  certificate(bytes: Uint8Array, sent: Sent = {}): this {
    this.join.takeCertificate(answer(bytes, sent), messageOf(bytes, sent))
    return this
  }

  /** Lines given since the last call. */
  given(): Partial<Sighting>[] {
    const lines = this.out.text().split('\n').slice(0, -1)
    this.out.len = 0
    return lines.map((line) => JSON.parse(line) as Partial<Sighting>)
  }

  rest(): Partial<Sighting>[] {
    this.join.flush()
    expect(this.join.bytes).to.equal(0)
    return this.given()
  }
}

function answer(bytes: Uint8Array, { port = 40_000, seconds = 0 }: Sent, flags = TCP_ACK) {
  return segment(0, bytes, {
    ...{ src: [198, 51, 100, 7], dst: [192, 0, 2, 1], srcPort: 443, dstPort: port },
    ...{ seconds: 1_700_000_000 + seconds, flags },
  })
}

/** The lines that are not a server's own. */
function clients(lines: readonly Partial<Sighting>[]): Partial<Sighting>[] {
  return lines.filter(({ side }) => side === undefined)
}

/** The front of a server's own row. */
function writeFront({ dstPort }: Packet, _message: HandshakeBytes, out: ByteWriter): void {
  out.ascii(`{"srcport":${dstPort},"side":"server"`)
}

function messageOf(bytes: Uint8Array, sent: Sent): HandshakeBytes {
  const message = new HandshakeBytes()
  message.bytes = bytes
  message.end = bytes.length
  message.transport = sent.transport ?? 'tcp'
  message.connection = sent.connection ?? 0
  message.quality = sent.quality ?? 0
  return message
}

/** Of each line whether it is confirmed, and whether it has an answer. */
function told(lines: readonly Partial<Sighting>[]) {
  return lines.map(({ confirmed, ja3s }) => [confirmed, ja3s !== undefined])
}

describe('the join', () => {
  describe('of several readings of one connection', () => {
    const conflict = { quality: QUALITY_CONFLICT }
    const other = clientHello({
      ciphers: [0x1302],
      extensions: [[43, [2, ...be16(0x0304)]], shares(29)],
    })

    it('confirms the one that the server answered, whichever came first', () => {
      const bench = new Bench()
      bench.client(other).client(CLIENT_1_3, conflict).server(SERVER_1_3)
      expect(told(bench.given())).to.deep.equal([
        [undefined, false],
        [true, true],
      ])
      bench.client(CLIENT_1_3).client(other, conflict).server(SERVER_1_3)
      expect(told(bench.given())).to.deep.equal([
        [undefined, false],
        [true, true],
      ])
      expect(bench.rest()).to.deep.equal([])
    })

    it('confirms none where the answer fits several, or none of them', () => {
      const bench = new Bench()
      bench.client(CLIENT_1_3).client(CLIENT_1_3, conflict).server(SERVER_1_3)
      expect(told(bench.given())).to.have.deep.members([
        [undefined, false],
        [undefined, true],
      ])
      bench.client(other).client(other, conflict).server(SERVER_1_3)
      expect(told(bench.given())).to.have.deep.members([
        [undefined, false],
        [undefined, true],
      ])
    })

    it('confirms the hello with the cookie, the last, where DTLS shows several that fit', () => {
      const bench = new Bench()
      const dtls = { transport: 'dtls' } as const
      const hello = clientHello({ version: 0xfefd, cookie: byteRun(8), ciphers: [0xc02f] })
      bench.client(hello, dtls).client(hello, { ...dtls, ...conflict })
      bench.server(serverHello({ version: 0xfefd, cipher: 0xc02f }), dtls)
      const lines = [...bench.given(), ...bench.rest()]
      expect(told(lines)).to.deep.equal([
        [undefined, false],
        [true, true],
      ])
    })

    it('gives one that comes after the answer at once, and goes on with the certificate', () => {
      const bench = new Bench()
      bench.client(CLIENT_1_2).server(SERVER_1_2).client(CLIENT_1_2, conflict)
      expect(told(bench.given())).to.deep.equal([[undefined, false]])
      bench.certificate(CERTIFICATE)
      expect(told(bench.given())).to.deep.equal([[true, true]])
    })

    it('keeps no more than a bound of them', () => {
      const bench = new Bench({ hellos: 256, bytes: 1 << 20 })
      bench.client(CLIENT_1_3)
      for (let i = 0; i < 100; i++) bench.client(other, conflict)
      expect(bench.given()).to.have.length(1)
      bench.server(SERVER_1_3)
      expect(bench.given().length + bench.rest().length).to.equal(100)
    })
  })

  it('does not confirm what the server cannot have answered', () => {
    const bench = new Bench()
    const wrong = [
      serverHello({ cipher: 0x1303, extensions: [TLS_1_3, share(29)] }),
      serverHello({ extensions: [TLS_1_3, share(24)] }),
      serverHello({ extensions: [TLS_1_3, share(29), [41, be16(0)]] }),
      serverHello({ cipher: 0xc02f, extensions: [[43, be16(0x0305)]] }),
    ]
    for (const answered of wrong) {
      bench.client(CLIENT_1_3).server(answered)
      expect(told(bench.given())).to.deep.equal([[undefined, true]])
    }
    bench.client(CLIENT_1_3).server(SERVER_1_3)
    expect(told(bench.given())).to.deep.equal([[true, true]])
  })

  it('gives the line with the answer as soon as that is there', () => {
    const bench = new Bench().client(CLIENT_1_3)
    expect(bench.given()).to.deep.equal([])
    expect(bench.server(SERVER_1_3).given()).to.deep.equal([
      {
        ...{ srcport: 40_000, hello: '', confirmed: true },
        ...{ ja3s: 'f4febc55ea12b31ae17cfb7e614afda8', ja3s_string: '771,4865,43-51' },
        npf_server: 'tls_server/(0303)(1301)((002b00020304)(0033))',
        ...{ server_version: 'TLS 1.3', cipher: 4865, cipher_name: 'TLS_AES_128_GCM_SHA256' },
        ...{ group: 29, group_name: 'x25519', resumed: false },
      },
    ])
    expect(bench.rest()).to.deep.equal([])
  })

  it('tells the protocol chosen, and no name of what has none', () => {
    const server = serverHello({
      cipher: 0xff85,
      extensions: [[16, vector16(vector8(ascii('h2')))]],
    })
    const [said] = new Bench()
      .client(clientHello({ ciphers: [0xff85] }))
      .server(server)
      .certificate(CERTIFICATE)
      .given()
    expect(said).to.include({ server_alpn: 'h2', cipher: 0xff85, server_version: 'TLS 1.2' })
    expect(said).not.to.have.any.keys('cipher_name', 'group', 'hello_retry_request')
  })

  it('waits for the certificate before TLS 1.3', () => {
    const bench = new Bench().client(CLIENT_1_2).server(SERVER_1_2)
    expect(bench.given()).to.deep.equal([])
    const [said] = bench.certificate(CERTIFICATE).given()
    expect(said).to.include({ cipher: 0xc02f, resumed: false })
    expect(said?.cert_sha256).to.match(/^[0-9a-f]{64}$/)
  })

  it('does without where the session goes on, or the suite has none', () => {
    const sessionId = byteRun(32)
    const ciphers = [0xc02f, 0x0034]
    const resumed = serverHello({ cipher: 0xc02f, sessionId })
    const anonymous = serverHello({ cipher: 0x0034 })
    expect(
      new Bench().client(clientHello({ ciphers, sessionId })).server(resumed).given()[0],
    ).to.include({ resumed: true })
    expect(new Bench().client(clientHello({ ciphers })).server(anonymous).given()[0]).to.include({
      cipher_name: 'TLS_DH_anon_WITH_AES_128_CBC_SHA',
      resumed: false,
    })
  })

  it('leaves open whether a ticket was taken until the certificate tells', () => {
    const client = clientHello({ ciphers: [0xc02f], extensions: [[35, byteRun(40)]] })
    const shown = new Bench().client(client).server(SERVER_1_2).certificate(CERTIFICATE).rest()
    expect(shown[0]).to.have.property('resumed', false)
    const silent = new Bench().client(client).server(SERVER_1_2).rest()
    expect(silent[0]).to.include({ cipher: 0xc02f })
    expect(silent[0]).not.to.have.property('resumed')
  })

  it('keeps transports and connections of the same ports apart', () => {
    const bench = new Bench()
      .client(CLIENT_1_3)
      .client(CLIENT_1_3, { transport: 'quic', connection: 1 })
      .client(CLIENT_1_3, { transport: 'quic', connection: 2 }, 5)
    expect(clients(bench.server(SERVER_1_3, { transport: 'dtls' }).given())).to.deep.equal([])
    const [second] = bench.server(SERVER_1_3, { transport: 'quic', connection: 2 }).given()
    expect(second).to.include({ hello: 'xxxxx', cipher: 4865 })
    expect(clients(bench.rest()).filter(({ ja3s }) => ja3s !== undefined)).to.deep.equal([])
    expect(bench.counters).to.include({ hello_unanswered: 2, server_hello_unjoined: 1 })
  })

  it('joins DTLS, its certificate too', () => {
    const hello = clientHello({ version: 0xfefd, ciphers: [0xc02f], cookie: [] })
    const server = serverHello({ version: 0xfefd, cipher: 0xc02f })
    const bench = new Bench().client(hello, { transport: 'dtls' })
    expect(bench.server(server, { transport: 'dtls' }).given()).to.deep.equal([])
    const [said] = bench.certificate(CERTIFICATE, { transport: 'dtls' }).given()
    expect(said).to.include({ server_version: 'DTLS 1.2', resumed: false })
    expect(said).to.have.property('cert_sha256')
  })

  it('counts a ServerHello that is none, and goes on waiting', () => {
    const bench = new Bench().client(CLIENT_1_3)
    bench.server(Uint8Array.of(2, 0, 0, 2, 3, 3)).server(SERVER_1_3)
    expect(bench.given()[0]).to.include({ cipher: 4865 })
    expect(bench.counters.server_hello_malformed).to.equal(1)
  })

  it('counts a Certificate that is none, and gives the line', () => {
    const bench = new Bench().client(CLIENT_1_2).server(SERVER_1_2)
    const [said] = bench.certificate(Uint8Array.of(11, 0, 0, 1, 0)).given()
    expect(said).to.include({ cipher: 0xc02f }).and.not.to.have.property('cert_sha256')
    expect(bench.counters.certificate_malformed).to.equal(1)
  })

  it('goes by packet time, if it jumps back as well', () => {
    for (const seconds of [10.1, -10.1]) {
      const bench = new Bench().client(CLIENT_1_3)
      expect(bench.client(CLIENT_1_3, { port: 40_001, seconds }).given()).to.have.length(1)
    }
    expect(
      new Bench().client(CLIENT_1_3).client(CLIENT_1_3, { port: 40_001, seconds: 9.9 }).given(),
    ).to.have.length(0)
  })

  it('gives a hello whose flow was reset, from either side, two seconds later', () => {
    for (const fromServer of [true, false]) {
      const bench = new Bench().client(CLIENT_1_3)
      const ended = answer(new Uint8Array(0), {}, TCP_RST)
      if (!fromServer) Object.assign(ended, segment(0, new Uint8Array(0), { flags: TCP_RST }))
      bench.join.takeEnd(ended)
      bench.join.expire((1_700_000_000 + 1.9) * 1e6)
      expect(bench.given()).to.deep.equal([])
      bench.join.expire((1_700_000_000 + 2.1) * 1e6)
      expect(bench.given()).to.have.length(1)
    }
  })

  it('waits on where only the client has ended its side', () => {
    const bench = new Bench().client(CLIENT_1_3)
    bench.join.takeEnd(segment(0, new Uint8Array(0), { flags: TCP_FIN }))
    bench.join.expire((1_700_000_000 + 9) * 1e6)
    expect(bench.given()).to.deep.equal([])
  })

  describe('after a HelloRetryRequest', () => {
    const SECOND = clientHello({ extensions: [[43, [2, ...be16(0x0304)]], shares(24)] })
    const FINAL = serverHello({ extensions: [TLS_1_3, share(24)] })
    const isSecond = { quality: QUALITY_HRR, seconds: 0.5 }

    it('gives each its own answer', () => {
      const bench = new Bench().client(CLIENT_1_3).server(RETRY)
      const [one] = bench.given()
      expect(one).to.include({ hello_retry_request: true, group: 24 })
      expect(one).not.to.have.property('resumed')
      const [two] = bench.client(SECOND, isSecond).server(FINAL, isSecond).given()
      expect(two).to.include({ group: 24, resumed: false })
      expect(two).not.to.have.property('hello_retry_request')
    })

    it('gives both where the server was not seen', () => {
      expect(new Bench().client(CLIENT_1_3).client(SECOND, isSecond).rest()).to.deep.equal([
        { srcport: 40_000, hello: '' },
        { srcport: 40_000, hello: '' },
      ])
    })

    it('joins the request to the first hello where the second overtook it', () => {
      const bench = new Bench().client(CLIENT_1_3).client(SECOND, isSecond).server(RETRY, isSecond)
      expect(bench.given()).to.have.length(1)
      const [two] = bench.server(FINAL, isSecond).given()
      expect(two).to.include({ group: 24, resumed: false })
      expect(bench.counters).to.include({ server_hellos: 2, hello_unanswered: 0 })
    })

    it('does not join a request to the hello that heeds it', () => {
      const lost = new Bench().server(RETRY).client(SECOND).server(FINAL)
      const given = lost.given()
      expect(given.map(({ side, hello_retry_request }) => [side, hello_retry_request])).to.eql([
        ['server', true],
        [undefined, undefined],
      ])
      expect(lost.counters).to.include({ server_hello_unjoined: 1, server_hellos: 1 })
      const cookie = clientHello({ extensions: [[44, vector16(byteRun(9))], shares(29)] })
      const withCookie = new Bench().server(RETRY).client(cookie)
      expect(withCookie.counters.server_hello_unjoined).to.equal(1)
      const twice = new Bench().client(SECOND, isSecond).server(RETRY, isSecond)
      expect(twice.counters.server_hello_unjoined).to.equal(1)
    })
  })

  describe('of a ServerHello that came first', () => {
    it('joins it to a hello it fits, its certificate with it', () => {
      const bench = new Bench().server(SERVER_1_2).certificate(CERTIFICATE)
      const [said] = bench.client(CLIENT_1_2, { seconds: 1.9 }).given()
      expect(said).to.include({ cipher: 0xc02f }).and.to.have.property('cert_sha256')
    })

    it('leaves it where the suite was not offered, or another session was', () => {
      const suite = new Bench().server(SERVER_1_2).client(CLIENT_1_3)
      expect(clients(suite.rest())[0]).not.to.have.property('ja3s')
      const other = clientHello({ sessionId: byteRun(32), extensions: [shares(29)] })
      const session = new Bench().server(SERVER_1_3).client(other)
      expect(clients(session.rest())[0]).not.to.have.property('ja3s')
      expect(session.counters.server_hello_unjoined).to.equal(1)
    })

    it('leaves it after a round trip', () => {
      const bench = new Bench().server(SERVER_1_3).client(CLIENT_1_3, { seconds: 2.1 })
      expect(clients(bench.rest())[0]).not.to.have.property('ja3s')
    })

    it('gives it as a row of its own where no hello it fits was seen', () => {
      const own = { srcport: 40_000, side: 'server' }
      const answered = {
        ...{ ja3s: 'f4febc55ea12b31ae17cfb7e614afda8', ja3s_string: '771,4865,43-51' },
        ...{ server_version: 'TLS 1.3', cipher: 4865, cipher_name: 'TLS_AES_128_GCM_SHA256' },
        ...{ group: 29, group_name: 'x25519', resumed: false },
        npf_server: 'tls_server/(0303)(1301)((002b00020304)(0033))',
      }
      const alone = new Bench().server(SERVER_1_3)
      expect(alone.rest()).to.deep.equal([{ ...own, ...answered }])
      const followed = new Bench().server(SERVER_1_3).client(CLIENT_1_2)
      expect(followed.given()).to.deep.equal([{ ...own, ...answered }])
      const late = new Bench().client(CLIENT_1_3)
      late.join.expire((1_700_000_000 + 10.1) * 1e6)
      expect(clients(late.given())).to.have.length(1)
      expect(late.server(SERVER_1_3, { seconds: 11 }).rest()).to.deep.equal([
        { ...own, ...answered },
      ])
    })

    it('gives the certificate with it, and leaves open whether a session goes on', () => {
      const bench = new Bench().server(SERVER_1_2).certificate(CERTIFICATE)
      const [own, ...others] = bench.certificate(CERTIFICATE).rest()
      expect(others).to.deep.equal([])
      expect(own?.cert_sha256).to.match(/^[0-9a-f]{64}$/)
      expect(own).to.include({ side: 'server' }).and.not.to.have.property('resumed')
      expect(bench.counters).to.include({ certificates: 1, server_hello_unjoined: 1 })
    })

    it('has Mercury’s fingerprint of TLS over TCP alone', () => {
      const server = serverHello({ version: 0xfefd, cipher: 0xc02f })
      const [own] = new Bench().server(server, { transport: 'dtls' }).rest()
      expect(own).to.include({ side: 'server', server_version: 'DTLS 1.2' })
      expect(own).not.to.have.property('npf_server')
    })
  })

  describe('under a flood', () => {
    it('holds no more hellos than it may, and gives every one of them once', () => {
      const bench = new Bench({ hellos: 16, bytes: 1 << 20 })
      const ports = Array.from({ length: 500 }, (_, i) => 1024 + i)
      for (const port of ports) bench.client(CLIENT_1_3, { port })
      const given = bench.given()
      const rest = bench.rest()
      expect(rest.length).to.be.within(1, 16)
      expect([...given, ...rest].map(({ srcport }) => srcport)).to.have.members(ports)
      expect(bench.counters.hello_wait_evicted).to.equal(given.length)
    })

    it('holds no more bytes than it may', () => {
      const bench = new Bench({ hellos: 1024, bytes: 10_000 })
      let most = 0
      for (let port = 1024; port < 1524; port++) {
        bench.client(CLIENT_1_3, { port }, 900)
        bench.server(SERVER_1_3, { port: port + 5000 })
        most = Math.max(most, bench.join.bytes)
      }
      expect(most).to.be.within(9_000, 10_000)
      const given = [...bench.given(), ...bench.rest()]
      expect(clients(given)).to.have.length(500)
      expect(given).to.have.length(1000)
    })

    it('gives a line larger than all it may hold', () => {
      const bench = new Bench({ hellos: 64, bytes: 1000 }).server(SERVER_1_3)
      bench.client(CLIENT_1_3, {}, 5000)
      expect(clients(bench.given())).to.have.length(1)
      expect(bench.join.bytes).to.equal(0)
    })

    it('passes over hellos long answered in a capture whose time stands still', () => {
      const bench = new Bench({ hellos: 64, bytes: 1 << 20 }).client(CLIENT_1_3, { port: 9 })
      for (let port = 1024; port < 3024; port++)
        bench.client(CLIENT_1_3, { port }).server(SERVER_1_3, { port })
      expect(bench.counters).to.include({ server_hellos: 2000, hello_wait_evicted: 1 })
      expect(bench.given().length).to.equal(2001)
    })
  })

  it('gives one line of JSON a hello and holds nothing at the end, whatever comes in whatever order', () => {
    const near = (bytes: Uint8Array) =>
      fc
        .tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean())
        .map(([at, byte, isCut]) => (isCut ? bytes.slice(0, at) : bytes.with(at, byte)))
    const server = fc.oneof(...[SERVER_1_2, SERVER_1_3, RETRY].map(near), fc.uint8Array())
    const step = fc.record({
      what: fc.constantFrom('client', 'second', 'server', 'certificate', 'end', 'end of server'),
      client: fc.constantFrom(CLIENT_1_2, CLIENT_1_3),
      server: fc.oneof(server, fc.constantFrom(SERVER_1_2, SERVER_1_3, RETRY)),
      certificate: fc.oneof(near(CERTIFICATE), fc.constant(CERTIFICATE)),
      port: fc.integer({ min: 40_000, max: 40_003 }),
      transport: fc.constantFrom<Transport>('tcp', 'tcp', 'dtls', 'quic'),
      seconds: fc.double({ min: 0, max: 30, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new Bench({ hellos: 8, bytes: 2000 })
        const asked: number[] = []
        for (const { what, port, seconds, ...one } of steps) {
          const transport = one.transport === 'dtls' ? 'quic' : one.transport
          const quality = what === 'second' ? QUALITY_HRR : 0
          const sent = { port, seconds, transport, quality }
          if (what === 'client' || what === 'second') {
            asked.push(port)
            bench.client(one.client, sent)
          } else if (what === 'server') bench.server(one.server, { ...sent, ...one })
          else if (what === 'certificate') bench.certificate(one.certificate, sent)
          else if (what === 'end of server')
            bench.join.takeEnd(answer(new Uint8Array(0), sent, TCP_FIN))
          else bench.join.takeEnd(segment(0, new Uint8Array(0), { flags: TCP_RST, srcPort: port }))
        }
        const given = [...bench.given(), ...bench.rest()]
        expect(clients(given).map(({ srcport }) => srcport)).to.have.members(asked)
        expect(given.length - asked.length).to.equal(bench.counters.server_hello_unjoined)
      }),
      { numRuns: 500 },
    )
  })
})
