import { rowsOf } from '../rows.js'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
import { expect } from 'chai'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { createApp } from '../../src/api/app.js'
import type { Listening } from '../../src/api/listen.js'
import { listen } from '../../src/api/listen.js'
import { ListenError } from '../../src/api/listen-error.js'
import { CERTIFICATE_FILE, KEY_FILE, selfSigned } from '../../src/api/self-signed.js'
import type { Store } from '../../src/store/contract.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import { sighting } from './fixture.js'

const DAY_MS = 86_400_000

async function failure(promise: Promise<unknown>): Promise<ListenError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof ListenError) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('selfSigned', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hellotap-cert-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('makes an ECDSA P-256 certificate for this machine, its key for the owner alone', async () => {
    const dataDir = join(folder, 'a', 'b')
    const { key, cert, made, fingerprint } = await selfSigned(dataDir)
    const certificate = new X509Certificate(cert)
    expect(made).to.equal(true)
    expect(certificate.checkPrivateKey(createPrivateKey(key))).to.equal(true)
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).to.equal('prime256v1')
    expect(certificate.checkHost('localhost')).to.equal('localhost')
    for (const ip of ['127.0.0.1', '::1']) expect(certificate.checkIP(ip)).to.equal(ip)
    expect(certificate.fingerprint256).to.equal(fingerprint)
    expect(statSync(join(dataDir, KEY_FILE)).mode & 0o777).to.equal(0o600)
    expect(readFileSync(join(dataDir, KEY_FILE), 'utf8')).to.equal(key)
  })

  it('keeps it for the next start', async () => {
    const first = await selfSigned(folder)
    expect(await selfSigned(folder)).to.deep.equal({ ...first, made: false })
  })

  it('makes it anew within 90 days of its end', async () => {
    const first = await selfSigned(folder)
    expect((await selfSigned(folder, Date.now() + 700 * DAY_MS)).made).to.equal(false)
    const later = await selfSigned(folder, Date.now() + 740 * DAY_MS)
    expect(later.made).to.equal(true)
    expect(later.cert).not.to.equal(first.cert)
  })

  it('makes it anew where a file is damaged, or key and certificate do not fit', async () => {
    const first = await selfSigned(folder)
    writeFileSync(join(folder, CERTIFICATE_FILE), 'x')
    expect((await selfSigned(folder)).made).to.equal(true)
    writeFileSync(join(folder, KEY_FILE), first.key)
    const again = await selfSigned(folder)
    expect(again.made).to.equal(true)
    expect((await selfSigned(folder)).key).to.equal(again.key)
  })

  it('says what to do where it cannot be kept', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const error = await failure(selfSigned(join(file, 'sub')))
    expect(error.code).to.equal('DATA_DIR')
    expect(error.message).to.contain(file).and.to.contain('--data-dir')
  })
})

describe('listen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-listen-'))
  let listening: Listening | undefined
  afterEach(async () => {
    await listening?.close()
    listening = undefined
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const nothing = () => undefined

  it('binds 127.0.0.1 unless told otherwise, and tells its addresses', async () => {
    const pair = await selfSigned(folder)
    listening = await listen({ http: { port: 0 }, https: { port: 0, ...pair } }, nothing)
    expect(listening.http?.address).to.equal('127.0.0.1')
    expect(listening.https?.address).to.equal('127.0.0.1')
    expect(listening.urls).to.deep.equal([
      `http://127.0.0.1:${listening.http?.port}`,
      `https://127.0.0.1:${listening.https?.port}`,
    ])
  })

  it('names a loopback address where it listens on all', async () => {
    listening = await listen({ http: { host: '0.0.0.0', port: 0 } }, nothing)
    expect(listening.urls).to.deep.equal([`http://127.0.0.1:${listening.http?.port}`])
  })

  it('says which port is in use, and gives back what it took', async () => {
    const busy = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => busy.once('listening', resolve))
    const { port } = busy.address() as AddressInfo
    const spare = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => spare.once('listening', resolve))
    const free = (spare.address() as AddressInfo).port
    await new Promise((resolve) => spare.close(resolve))

    const pair = await selfSigned(folder)
    const error = await failure(listen({ http: { port: free }, https: { port, ...pair } }, nothing))
    expect(error.code).to.equal('PORT_IN_USE')
    expect(error.message).to.equal(
      `port ${port} is in use on 127.0.0.1: stop the other program or choose --https-port`,
    )
    listening = await listen({ http: { port: free } }, nothing)
    await new Promise((resolve) => busy.close(resolve))
  })

  it('says that a host is none of this machine', async () => {
    const error = await failure(listen({ http: { host: '192.0.2.1', port: 0 } }, nothing))
    expect(error.code).to.equal('BAD_HOST')
    expect(error.message).to.contain('192.0.2.1').and.to.contain('--host')
  })

  it('says that key and certificate do not work', async () => {
    const error = await failure(listen({ https: { port: 0, key: 'x', cert: 'y' } }, nothing))
    expect(error.code).to.equal('BAD_CERTIFICATE')
  })

  it('closes at once what rests, and lets a request under way finish', async () => {
    const here = await listen({ http: { port: 0 } }, (_req, res) => {
      setTimeout(() => res.end('done'), 150)
    })
    const answer = fetch(here.urls[0] ?? '')
    await new Promise((resolve) => setTimeout(resolve, 50))
    const closed = here.close()
    expect(await (await answer).text()).to.equal('done')
    await closed
  })
})

describe('over our own HTTPS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-https-'))
  const store: Store = new MemoryStore(
    { ttlSeconds: 3600, perIp: 100, spool: 10 },
    storedSightings(),
  )
  let listening: Listening
  before(async () => {
    const pair = await selfSigned(folder)
    const app = createApp({ store, trustedProxies: [], waitMs: 2000 })
    listening = await listen({ https: { port: 0, ...pair } }, app)
  })
  after(async () => {
    await listening.close()
    rmSync(folder, { recursive: true, force: true })
  })

  interface Fps {
    readonly ja4: string
    readonly matched_by: string
    readonly srcport: number
  }
  /** Asks over a connection of its own; `connected` gets the client's port when the handshake is done. */
  const ask = (connected: (port: number) => void) =>
    new Promise<Fps>((resolve, reject) => {
      const ca = readFileSync(join(folder, CERTIFICATE_FILE))
      const req = httpsRequest(`${listening.urls[0] ?? ''}/fps`, { ca, agent: false }, (res) => {
        let text = ''
        res.on('data', (part: Buffer) => (text += part.toString()))
        res.on('end', () => resolve(JSON.parse(text) as Fps))
      })
      req.on('error', reject)
      req.on('socket', (socket) => {
        if (socket instanceof TLSSocket)
          socket.on('secureConnect', () => connected(socket.localPort ?? 0))
      })
      req.end()
    })
  const now = () => new Date().toISOString()

  it('the answer is the very connection’s hello, also when others of the address are newer', async () => {
    let port = 0
    const answer = await ask((own) => {
      port = own
      store.put(
        rowsOf([
          sighting({ time: now(), srcport: own, ja4: 'mine' }),
          sighting({ time: now(), srcport: own === 1 ? 2 : 1, ja4: 'newer' }),
        ]),
      )
    })
    expect(answer).to.include({ ja4: 'mine', matched_by: 'connection', srcport: port })
  })

  it('a hello still in flight is waited for', async () => {
    const answer = await ask((own) => {
      setTimeout(
        () => store.put(rowsOf([sighting({ time: now(), srcport: own, ja4: 'late' })])),
        100,
      )
    })
    expect(answer).to.include({ ja4: 'late', matched_by: 'connection' })
  })

  it('an old hello from the same port is not taken for this connection’s', async () => {
    const hourAgo = new Date(Date.now() - 1_800_000).toISOString()
    const answer = await ask((own) => {
      store.put(rowsOf([sighting({ time: hourAgo, srcport: own, ja4: 'stale' })]))
      setTimeout(
        () => store.put(rowsOf([sighting({ time: now(), srcport: own, ja4: 'fresh' })])),
        100,
      )
    })
    expect(answer).to.include({ ja4: 'fresh', matched_by: 'connection' })
  })
})
