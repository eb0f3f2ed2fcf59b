// forge.cjs HOST…: a handshake with each host by node-forge's own TLS
const forge = require(`${process.env.BUILD}/apps/node_modules/node-forge`)
const net = require('node:net')
for (const host of process.argv.slice(2)) {
  const socket = net.connect(443, host)
  const connection = forge.tls.createConnection({
    server: false,
    virtualHost: host,
    verify: () => true,
    connected: () => connection.prepare('GET /0 HTTP/1.0\r\n\r\n'),
    tlsDataReady: ({ tlsData }) => socket.write(tlsData.getBytes(), 'binary'),
    dataReady: () => socket.end(),
    closed: () => socket.end(),
    error: (_, error) => console.log(error.message),
  })
  socket.on('connect', () => connection.handshake())
  socket.on('data', (data) => connection.process(data.toString('binary')))
}
setTimeout(() => process.exit(0), 4000)
