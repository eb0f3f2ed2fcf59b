import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counters, newCounters } from '../../src/base/counters.js'
import { PROTOCOL_UDP } from '../../src/model/packet.js'
import { DtlsHellos } from '../../src/stream/dtls-hellos.js'
import { hex } from '../support.js'
import { makeCertificate, shakeHands } from './dtls-relay.js'
import { reversed, segment, SMALL_SIZES } from './segments.js'

// OpenSSL's own client and server talk through a relay on loopback that shows us each datagram. What the client says of
// its ClientHello (-msg) is what must come out.

interface Outcome {
  readonly hellos: Uint8Array[]
  readonly serverHellos: Uint8Array[]
  readonly certificates: Uint8Array[]
  /** ClientHellos as the client printed them, DTLS fields included. */
  readonly printed: Uint8Array[]
  readonly counters: Counters
}

/** The bytes `-msg` prints for each ClientHello, or fragment of one; it does not name them. */
function printedHellos(text: string): Uint8Array[] {
  return [...text.matchAll(/>>> .*\n((?: {4}[0-9a-f ]+\n)+)/g)]
    .map((match) => hex(match[1] ?? ''))
    .filter((bytes) => bytes[0] === 1 && bytes.length > 12)
}

/** A printed message without message_seq, fragment offset and length. */
function plain(printed: Uint8Array): Uint8Array {
  return Uint8Array.from([...printed.subarray(0, 4), ...printed.subarray(12)])
}

async function handshakeWith(
  folder: string,
  serverArgs: readonly string[],
  clientArgs: readonly string[],
): Promise<Outcome> {
  const { datagrams, text } = await shakeHands(folder, serverArgs, clientArgs)
  const counters = newCounters()
  const watcher = new DtlsHellos({ server: true, seed: 1 }, counters, SMALL_SIZES)
  const given: [Uint8Array[], Uint8Array[], Uint8Array[]] = [[], [], []]
  for (const { bytes: data, back } of datagrams) {
    const packet = segment(0, data, { protocol: PROTOCOL_UDP, ...(back ? reversed({}) : {}) })
    for (let kind = watcher.take(packet); kind !== 0; kind = watcher.next()) {
      const { bytes, off, end } = watcher.message
      given[kind - 1]?.push(bytes.slice(off, end))
    }
  }
  const [hellos, serverHellos, certificates] = given
  return { hellos, serverHellos, certificates, printed: printedHellos(text), counters }
}

describe('DtlsHellos and OpenSSL', function () {
  this.timeout(15_000)
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-dtls-'))
    makeCertificate(folder)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('agrees with the client on its hello', async () => {
    const { hellos, serverHellos, certificates, printed } = await handshakeWith(
      folder,
      ['-dtls1_2'],
      ['-dtls1_2'],
    )
    expect(hellos).to.deep.equal([plain(printed[0] ?? new Uint8Array(0))])
    expect(serverHellos).to.have.length(1)
    expect(certificates).to.have.length(1)
  })

  it('sees one client where the server asks for a cookie', async () => {
    const args = ['-dtls1_2', '-servername', 'cookie.example']
    const { hellos, printed, counters } = await handshakeWith(folder, ['-dtls1_2', '-listen'], args)
    expect(printed).to.have.length.at.least(2)
    expect(hellos).to.deep.equal([plain(printed[0] ?? new Uint8Array(0))])
    expect(counters.dtls_cookie_hellos).to.equal(1)
  })

  it('joins a hello that the client had to send in fragments', async () => {
    const alpn = Array.from({ length: 60 }, (_, i) => `protocol-${i}`).join(',')
    const args = ['-dtls', '-mtu', '256', '-alpn', alpn]
    const { hellos, printed } = await handshakeWith(folder, ['-dtls', '-mtu', '256'], args)
    expect(hellos).to.have.length(1)
    expect(hellos[0]?.length).to.be.above(700)
    // The client prints the fragments; the first one's header tells the length of the message.
    const length = ((printed[0]?.[2] ?? 0) << 8) | (printed[0]?.[3] ?? 0)
    expect(hellos[0]?.length).to.equal(4 + length)
    const bytes = Buffer.from(hellos[0] ?? new Uint8Array(0))
    expect(bytes.includes('protocol-0')).to.equal(true)
    expect(bytes.includes('protocol-59')).to.equal(true)
  })
})
