import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'

/** One datagram that passed the relay; `back` is one of the server. */
export interface Relayed {
  readonly bytes: Uint8Array
  readonly back: boolean
}

/** A handshake as the relay saw it, and what the client printed of it. */
export interface Exchange {
  readonly datagrams: readonly Relayed[]
  readonly text: string
}

const bound = (socket: Socket): Promise<number> =>
  new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)))

/** Makes `key.pem` and `cert.pem` in a folder, for the names given. */
export function makeCertificate(folder: string, names: readonly string[] = ['localhost']): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=localhost']
  const alternative = ['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`]
  const args = ['req', '-x509', ...key, ...files, ...alternative]
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}

/** Lets OpenSSL's own client and server shake hands over DTLS on loopback, a relay between them. */
export async function shakeHands(
  folder: string,
  serverArgs: readonly string[],
  clientArgs: readonly string[],
): Promise<Exchange> {
  const datagrams: Relayed[] = []
  const probe = createSocket('udp4')
  const serverPort = await bound(probe)
  probe.close()
  const near = createSocket('udp4')
  const far = createSocket('udp4')
  const nearPort = await bound(near)
  await bound(far)
  let clientPort = 0
  near.on('message', (bytes, from) => {
    clientPort = from.port
    datagrams.push({ bytes, back: false })
    far.send(bytes, serverPort, '127.0.0.1')
  })
  far.on('message', (bytes) => {
    datagrams.push({ bytes, back: true })
    near.send(bytes, clientPort, '127.0.0.1')
  })
  const children: ChildProcess[] = []
  const openssl = (args: readonly string[]): ChildProcess => {
    const child = spawn('openssl', args, { cwd: folder })
    children.push(child)
    return child
  }
  try {
    const accept = ['-accept', `127.0.0.1:${serverPort}`, '-cert', 'cert.pem', '-key', 'key.pem']
    const server = openssl(['s_server', ...accept, ...serverArgs])
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
    return { datagrams, text }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    near.close()
    far.close()
  }
}
