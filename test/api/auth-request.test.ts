import { rowsOf } from '../rows.js'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
// The exact join with a real nginx: auth_request asks /connection, and the application behind gets the fingerprint of the
// very connection in its headers.

import { expect } from 'chai'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { createServer } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { createApp } from '../../src/api/app.js'
import type { Listening } from '../../src/api/listen.js'
import { listen } from '../../src/api/listen.js'
import { CERTIFICATE_FILE, KEY_FILE, selfSigned } from '../../src/api/self-signed.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import { nginxRecipe } from '../nginx-recipe.js'
import { TOKENS, bearer, sighting } from './fixture.js'

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

describe('nginx with auth_request', function () {
  this.timeout(15_000)
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-nginx-'))
  const store = new MemoryStore({ ttlSeconds: 3600, perIp: 100, spool: 10 }, storedSightings())
  let api: Listening
  let application: Server
  let nginx: ChildProcess
  let port: number
  let log = ''

  before(async () => {
    api = await listen(
      { http: { port: 0 } },
      createApp({ store, trustedProxies: ['127.0.0.1'], waitMs: 0, tokens: TOKENS }),
    )
    application = createServer((req, res) => res.end(JSON.stringify(req.headers)))
    const applicationPort = await listening(application)
    const spare = createServer()
    port = await listening(spare)
    await new Promise((resolve) => spare.close(resolve))
    await selfSigned(folder)
    const tokenFile = join(folder, 'hellotap.token')
    writeFileSync(
      tokenFile,
      `proxy_set_header Authorization "${bearer('analyst')['Authorization'] ?? ''}";\n`,
    )
    const { upstream, site } = nginxRecipe(tokenFile, {
      api: api.http?.port ?? 0,
      application: applicationPort,
    })
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
        uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        server {
          listen 127.0.0.1:${port} ssl;
          ssl_certificate ${join(folder, CERTIFICATE_FILE)};
          ssl_certificate_key ${join(folder, KEY_FILE)};
          ${site}
        }
        ${upstream}
      }`,
    )
    nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder])
    nginx.stderr?.on('data', (part: Buffer) => (log += part.toString()))
    for (let attempt = 0; ; attempt++) {
      const socket = connect(port, '127.0.0.1')
      const up = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      socket.destroy()
      if (up === true) break
      if (attempt === 50) throw new Error(`nginx did not start: ${log}`)
      await sleep(100)
    }
  })
  after(async () => {
    const ended = new Promise((resolve) => nginx.once('exit', resolve))
    nginx.kill('SIGTERM')
    await ended
    await new Promise((resolve) => application.close(resolve))
    await api.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Headers the application got; `handshake` is told the client's port. */
  const ask = (handshake: (port: number) => void, headers: Record<string, string> = {}) =>
    new Promise<IncomingHttpHeaders>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', rejectUnauthorized: false, agent: false, headers }
      const req = httpsRequest(options, (res) => {
        let text = ''
        res.on('data', (part: Buffer) => (text += part.toString()))
        res.on('end', () => {
          if (res.statusCode === 200) resolve(JSON.parse(text) as IncomingHttpHeaders)
          else reject(new Error(`${res.statusCode}: ${text} ${log}`))
        })
      })
      req.on('error', reject)
      req.on('socket', (socket) => {
        if (socket instanceof TLSSocket)
          socket.on('secureConnect', () => handshake(socket.localPort ?? 0))
      })
      req.end()
    })
  const seen = (srcport: number, ja4: string) =>
    store.put(rowsOf([sighting({ time: new Date().toISOString(), srcport, ja4 })]))

  it('gives the application each connection’s own fingerprint, behind one address', async () => {
    const clients = ['one', 'two', 'three'].map((ja4) =>
      // the hello comes through the capture a little after the request: it is waited for
      ask((own) => void setTimeout(() => seen(own, ja4), 50)),
    )
    const headers = await Promise.all(clients)
    expect(headers.map((one) => one['x-ja4'])).to.deep.equal(['one', 'two', 'three'])
    expect(headers[0]?.['x-tls-fp']).to.equal(sighting().sha3_384)
  })

  it('lets the request through without them where no hello was seen', async () => {
    const headers = await ask(() => undefined, { 'X-JA4': 'forged' })
    expect(headers).not.to.have.any.keys('x-ja4', 'x-tls-fp')
  })

  it('is not turned aside by headers of the client’s own', async () => {
    const headers = await ask((own) => void seen(own, 'own'), {
      'X-Forwarded-For': '198.51.100.9',
      Origin: 'https://elsewhere.example',
      'X-JA4': 'forged',
    })
    expect(headers['x-ja4']).to.equal('own')
  })
})
