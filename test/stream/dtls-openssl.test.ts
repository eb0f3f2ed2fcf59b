import { expect } from 'chai'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newCounters, type Counters } from '../../src/base/counters.js'
import { PROTOCOL_UDP } from '../../src/model/packet.js'
import { DtlsHellos } from '../../src/stream/dtls-hellos.js'
import { hex } from '../support.js'
import { reversed, segment, SMALL_SIZES } from './segments.js'

// OpenSSL's own client and server talk through a relay on loopback that shows us each datagram. What the client says of
// its ClientHello (-msg) is what must come out.

const bound = (socket: Socket): Promise<number> =>
  new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)))

interface Outcome {
  readonly hellos: Uint8Array[]
  readonly serverHellos: Uint8Array[]
  /** ClientHellos as the client printed them, DTLS fields included. */
  readonly printed: Uint8Array[]
  readonly counters: Counters
}

/** The octets `-msg` prints for each ClientHello, or fragment of one; it does not name them. */
function printedHellos(text: string): Uint8Array[] {
  return [...text.matchAll(/>>> .*\n((?: {4}[0-9a-f ]+\n)+)/g)]
    .map((match) => hex(match[1] ?? ''))
    .filter((octets) => octets[0] === 1 && octets.length > 12)
}

/** A printed message without message_seq, fragment offset and length. */
function plain(printed: Uint8Array): Uint8Array {
  return Uint8Array.from([...printed.subarray(0, 4), ...printed.subarray(12)])
}

async function handshakeWith(
  folder: string,
  serverArgs: string[],
  clientArgs: string[],
): Promise<Outcome> {
  const counters = newCounters()
  const watcher = new DtlsHellos({ server: true, seed: 1 }, counters, SMALL_SIZES)
  const hellos: Uint8Array[] = []
  const serverHellos: Uint8Array[] = []
  const watch = (octets: Uint8Array, back: boolean): void => {
    const ends = back ? reversed({}) : {}
    const kind = watcher.take(segment(0, octets, { protocol: PROTOCOL_UDP, ...ends }))
    if (kind === 0) return
    const { bytes, off, end } = watcher.message
    ;(kind === 1 ? hellos : serverHellos).push(bytes.slice(off, end))
  }

  const probe = createSocket('udp4')
  const serverPort = await bound(probe)
  probe.close()
  const near = createSocket('udp4')
  const far = createSocket('udp4')
  const nearPort = await bound(near)
  await bound(far)
  let clientPort = 0
  near.on('message', (octets, from) => {
    clientPort = from.port
    watch(octets, false)
    far.send(octets, serverPort, '127.0.0.1')
  })
  far.on('message', (octets) => {
    watch(octets, true)
    near.send(octets, clientPort, '127.0.0.1')
  })
  const children: ChildProcess[] = []
  const openssl = (args: string[]): ChildProcess => {
    const child = spawn('openssl', args, { cwd: folder })
    children.push(child)
    return child
  }
  try {
    const server = openssl([
      's_server',
      '-accept',
      `127.0.0.1:${serverPort}`,
      '-cert',
      'cert.pem',
      '-key',
      'key.pem',
      ...serverArgs,
    ])
    await new Promise<void>((resolve) => {
      server.stdout?.on('data', (text: Buffer) => {
        if (text.includes('ACCEPT')) resolve()
      })
    })
    const client = openssl(['s_client', '-connect', `127.0.0.1:${nearPort}`, '-msg', ...clientArgs])
    let text = ''
    await new Promise<void>((resolve) => {
      client.stdout?.on('data', (part: Buffer) => {
        text += part.toString()
        if (text.includes('Verify return code')) resolve()
      })
      client.on('exit', () => resolve())
    })
    return { hellos, serverHellos, printed: printedHellos(text), counters }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    near.close()
    far.close()
  }
}

describe('DtlsHellos and OpenSSL', function () {
  this.timeout(15_000)
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-dtls-'))
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
    ]
    const files = ['-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=localhost']
    execFileSync('openssl', [...request, ...files], { cwd: folder, stdio: 'ignore' })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('agrees with the client on its hello', async () => {
    const { hellos, serverHellos, printed } = await handshakeWith(
      folder,
      ['-dtls1_2'],
      ['-dtls1_2'],
    )
    expect(hellos).to.deep.equal([plain(printed[0] ?? new Uint8Array(0))])
    expect(serverHellos).to.have.length(1)
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
    const octets = Buffer.from(hellos[0] ?? new Uint8Array(0))
    expect(octets.includes('protocol-0')).to.equal(true)
    expect(octets.includes('protocol-59')).to.equal(true)
  })
})
