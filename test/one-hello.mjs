// Sends one TLS ClientHello over the loopback interface, to a server that hangs up: node one-hello.mjs SERVER-NAME
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from 'node:tls'

const server = createServer((socket) => socket.once('data', () => socket.destroy()))
await once(server.listen(8443, '127.0.0.1'), 'listening')
connect({ port: 8443, host: '127.0.0.1', servername: process.argv[2] }).once('error', () =>
  server.close(),
)
