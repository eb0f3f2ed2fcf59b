// aws-crt.cjs MODE HOST…: a request to each host with the AWS Common Runtime (s2n on Linux). MODE: default | h2 | tls12
const { io, http } = require(`${process.env.BUILD}/apps/node_modules/aws-crt`)
const [mode, ...hosts] = process.argv.slice(2)
const options = new io.TlsContextOptions()
options.verify_peer = false
if (mode === 'h2') options.alpn_list = ['h2', 'http/1.1']
if (mode === 'tls13') options.min_tls_version = 4
if (mode === 'tls12') options.min_tls_version = 3
const context = new io.ClientTlsContext(options)
const bootstrap = new io.ClientBootstrap()
for (const host of hosts) {
  const tls = new io.TlsConnectionOptions(context, host)
  const connection = new http.HttpClientConnection(
    bootstrap,
    host,
    443,
    new io.SocketOptions(),
    tls,
  )
  connection.on('connect', () => {
    const request = new http.HttpRequest('GET', '/0', new http.HttpHeaders([['host', host]]))
    const stream = connection.request(request)
    stream.on('end', () => connection.close())
    stream.on('error', () => connection.close())
    stream.activate()
  })
  connection.on('error', (error) => console.log(String(error)))
}
setTimeout(() => process.exit(0), 4000)
