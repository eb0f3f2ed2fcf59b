// What tshark says of the ClientHellos of a capture, read from its PDML: fields in wire order, one a line, so that
// several hellos in one frame stay apart.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Some of the recorded servers listened on 445, whose traffic tshark takes for NetBIOS whatever it is. */
const DECODE_AS = 'tcp.port==445,tls'
const FILTER = 'tls.handshake.type == 1 || dtls.handshake.type == 1'

/** One ClientHello as tshark shows it. */
export interface SharkHello {
  readonly proto: 'tcp' | 'quic' | 'dtls'
  sni: string
  ja3: string
}

/** The ClientHellos of one capture by tshark with default preferences. */
export async function tsharkHellos(path: string): Promise<SharkHello[]> {
  const child = spawn('tshark', ['-n', '-d', DECODE_AS, '-r', path, '-Y', FILTER, '-T', 'pdml'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const hellos: SharkHello[] = []
  let proto: SharkHello['proto'] = 'tcp'
  let hello: SharkHello | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    const [, opened] = /^\s*<proto name="(tcp|quic|dtls)"/.exec(line) ?? []
    if (opened !== undefined) proto = opened as SharkHello['proto']
    const [, name, tail = ''] = /<field name="d?tls\.handshake\.([a-z0-9_]+)"(.*)/.exec(line) ?? []
    const show = unescaped(/ show="([^"]*)"/.exec(tail)?.[1] ?? '')
    if (name === 'type') {
      hello = show === '1' ? { proto, sni: '', ja3: '' } : undefined
      if (hello !== undefined) hellos.push(hello)
    } else if (hello !== undefined && name === 'extensions_server_name') hello.sni = show
    else if (hello !== undefined && name === 'ja3') hello.ja3 = show
  }
  return hellos
}

/** tshark's version line, without what Debian adds. */
export async function tsharkVersion(): Promise<string> {
  const child = spawn('tshark', ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: child.stdout }))
    return /^TShark \(Wireshark\) [\d.]+/.exec(line)?.[0] ?? line
  return ''
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
