// The servers a recorded client talks to: run within a namespace of its own, on the ports the protocols have.
// usage: server.mjs CERTIFICATES LOG    writes one JSON line to LOG for each connection, handshake and request

import { appendFileSync, readFileSync } from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { createHash } from 'node:crypto'
import { ADDRESSES, HTTPS, NAMES } from './names.mjs'
import { IMPLICIT, STARTTLS } from './protocols.mjs'

const [certificates = '', logPath = ''] = process.argv.slice(2)
const log = (line) => appendFileSync(logPath, `${JSON.stringify(line)}\n`)
const read = (name) => readFileSync(join(certificates, name))

const options = {
  cert: [read('ec.pem'), read('rsa.pem')],
  key: [read('ec.key'), read('rsa.key')],
  minVersion: 'TLSv1',
  ciphers: 'DEFAULT:@SECLEVEL=0',
}

/** Logs what a server of TLS sees; `clientPort` ties a line to a connection of the capture. */
function logged(server, port) {
  server.on('connection', ({ remotePort }) => log({ event: 'connection', port, remotePort }))
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    log({
      event: 'handshake',
      port,
      remotePort: socket.remotePort,
      version: socket.getProtocol(),
      resumed: socket.isSessionReused(),
      alpn: socket.alpnProtocol || '',
      serverName: socket.servername || '',
    })
  })
  server.on('tlsClientError', (error, { remotePort }) =>
    log({ event: 'failure', port, remotePort, error: error.code ?? error.message }),
  )
  server.on('error', (error) => log({ event: 'error', port, error: error.message }))
  return server
}

/** The host after this one: names lead to names, addresses to addresses. */
function nextHost(host) {
  const list = net.isIP(host) ? ADDRESSES : NAMES
  return list[(list.indexOf(host) + 1) % list.length]
}

const PAGES = {
  // The load event waits for /slow, and with it a browser that prints the page.
  '/websocket': `<title>ws</title><script>
    const host = location.host
    for (const n of [1, 2, 3]) setTimeout(() => new WebSocket('wss://' + host + '/socket' + n), n * 300)
    </script><img src="/slow">`,
  '/fetch': `<title>fetch</title><script>
    ${JSON.stringify(NAMES)}.forEach((name, n) => setTimeout(() => fetch('https://' + name + '/0', { mode: 'no-cors' }), n * 300))
    </script><img src="/slow">`,
}

/**
 * `/N` redirects N times, each time to another host, and closes each connection: one command line makes N + 1
 * connections, the later ones with a session where the client keeps one.
 */
function answer(request, response) {
  const isHttp2 = request.httpVersionMajor === 2
  const host = request.headers[':authority'] ?? request.headers.host ?? NAMES[0]
  const [name = '', port = '443'] = host.split(':')
  log({
    event: 'request',
    remotePort: request.socket.remotePort,
    userAgent: request.headers['user-agent'] ?? null,
    http: request.httpVersion,
    path: request.url,
  })
  const left = /^\/(\d+)/.exec(request.url)?.[1]
  const headers = { 'content-type': 'text/html', 'cache-control': 'no-store' }
  if (!isHttp2) headers.connection = 'close'
  const finish = (status, more, body) => {
    response.writeHead(status, { ...headers, ...more })
    response.end(body)
    // the client is to come back on a connection of its own
    const session = request.stream?.session
    if (isHttp2) request.stream.on('close', () => session?.close())
  }
  if (request.url === '/slow') setTimeout(() => finish(404, {}, ''), 2500)
  else if (PAGES[request.url]) finish(200, {}, PAGES[request.url])
  else if (left === undefined) finish(404, {}, '')
  else if (left === '0') finish(200, {}, '<!doctype html><title>done</title>done\n')
  else {
    const at = port === '443' ? '' : `:${port}`
    finish(302, { location: `https://${nextHost(name)}${at}/${Number(left) - 1}` }, '')
  }
}

function web(port, { http1 = false, ...more }) {
  const server = http1
    ? https.createServer({ ...options, ...more }, answer)
    : http2.createSecureServer({ ...options, allowHTTP1: true, ...more }, answer)
  server.on('upgrade', (request, socket) => {
    const key = request.headers['sec-websocket-key'] ?? ''
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    log({
      event: 'request',
      remotePort: socket.remotePort,
      userAgent: request.headers['user-agent'] ?? null,
      http: 'websocket',
      path: request.url,
    })
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    )
    setTimeout(() => socket.end(), 100)
  })
  server.on('sessionError', () => {})
  return listen(logged(server, port), port)
}

function talk(socket, { greetTls, after }) {
  if (greetTls) socket.write(greetTls)
  socket.on('data', (data) => {
    const reply = after(data)
    if (reply !== undefined) socket.write(reply)
    if (/^221|BYE/.test(String(reply))) socket.end()
  })
  setTimeout(() => socket.end(), 4000).unref()
}

function implicit(port, protocol) {
  const server = logged(tls.createServer({ ...options }), port)
  server.on('secureConnection', (socket) => talk(socket, protocol))
  return listen(server, port)
}

function starttls(port, protocol) {
  const secure = logged(tls.createServer({ ...options }), port)
  secure.on('secureConnection', (socket) => talk(socket, { after: protocol.after }))
  const plain = net.createServer((socket) => {
    socket.on('error', () => {})
    if (protocol.greet) socket.write(protocol.greet)
    const onData = (data) => {
      // TLS without a word before it: some clients do either
      if (data[0] === 0x16) {
        socket.off('data', onData)
        socket.unshift(data)
        return void secure.emit('connection', socket)
      }
      const { reply, tls: isNext } = protocol.before(data)
      if (!isNext) return void (reply && socket.write(reply))
      socket.off('data', onData)
      socket.pause()
      if (reply) socket.write(reply)
      secure.emit('connection', socket)
    }
    socket.on('data', onData)
  })
  return listen(plain, port)
}

function listen(server, port) {
  return new Promise((done) => server.listen(port, '0.0.0.0', done))
}

process.on('uncaughtException', (error) => log({ event: 'error', error: String(error) }))

await Promise.all([
  web(HTTPS.any, {}),
  web(HTTPS.retry, { ecdhCurve: 'P-521:P-384' }),
  web(HTTPS.http1, { http1: true }),
  web(HTTPS.tls12, { maxVersion: 'TLSv1.2' }),
  ...Object.entries(IMPLICIT).map(([port, protocol]) => implicit(Number(port), protocol)),
  ...Object.entries(STARTTLS).map(([port, protocol]) => starttls(Number(port), protocol)),
])
console.log('ready')
