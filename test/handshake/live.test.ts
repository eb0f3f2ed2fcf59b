// The server's side live: a client and a server on two hosts of our own, the program between them.

import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namespaces, needs, tools } from '../capability.js'
import type { Sighting } from '../../src/model/sighting.js'
import { TestNetwork } from '../e2e/network.js'
import { Daemon, finished, HELLOTAP, sightingsIn } from '../hellotap.js'

describe('the server side live', function () {
  this.timeout(60_000)
  let folder: string
  let network: TestNetwork
  const daemons: Daemon[] = []

  before(function () {
    needs(this, namespaces, tools('openssl', 'curl'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-server-'))
    network = new TestNetwork('htsrv')
    // Segments as they are on a wire, so that a certificate takes several.
    ip('-n', network.client, 'link', 'set', 'htsrvc0', 'gso_max_segs', '1')
    ip('-n', network.server, 'link', 'set', network.serverInterface, 'gso_max_segs', '1')
    writeFileSync(
      join(folder, 'long.cnf'),
      `[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=v3\n[dn]\nCN=live.example\n[v3]\n` +
        `subjectAltName=${Array.from({ length: 200 }, (_, i) => `DNS:host-${i}.live.example`).join(',')}\n`,
    )
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-keyout', 'key.pem'],
      ...['-out', 'certificate.pem', '-config', 'long.cnf'],
    )
  })
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.stop()
  })
  after(() => {
    // before() may have skipped
    if ((network as TestNetwork | undefined) === undefined) return
    network.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' })
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  function start(host: 'client' | 'server', command: string, ...args: readonly string[]): Daemon {
    const daemon = new Daemon(...network.in(host, command, ...args), { cwd: folder })
    daemons.push(daemon)
    return daemon
  }
  const listen = (...args: readonly string[]) =>
    start(
      ...(['server', 'openssl', 's_server', '-accept', '443', '-cert', 'certificate.pem'] as const),
      ...['-key', 'key.pem', '-alpn', 'h2', '-www', ...args],
    ).says(/ACCEPT/)
  const connect = (...args: readonly string[]) =>
    finished(
      spawn(
        ...network.in(
          ...(['client', 'openssl', 's_client', '-alpn', 'h2', '-connect'] as const),
          ...[`${network.serverAddress}:443`, ...args],
        ),
        { stdio: 'pipe' },
      ),
    )
  const capture = async () => {
    const sensor = start(
      ...(['server', process.execPath, HELLOTAP, 'capture', '--stdout', '--server'] as const),
      ...['--ports', '443', '-i', network.serverInterface],
    )
    await sensor.says(/capturing on/)
    return sensor
  }

  it('passes the kernel filter whole: a certificate over several segments, every name of it', async () => {
    await listen('-tls1_2')
    const sensor = await capture()
    await connect()
    await sensor.says(/"cert_sha256"/)
    const [sighting] = sightingsIn(linesOf(sensor))
    expect(sighting).to.include({
      server_version: 'TLS 1.2',
      server_alpn: 'h2',
      resumed: false,
      cert_subject: 'CN=live.example',
    })
    expect(sighting?.cert_san).to.have.length(200)
  })

  it('joins TLS 1.3, and links the hellos around a HelloRetryRequest', async () => {
    await listen('-tls1_3', '-groups', 'P-384')
    const sensor = await capture()
    await connect('-groups', 'X25519:P-384')
    await sensor.says(/"hrr_of"/)
    const [first, second] = sightingsIn(linesOf(sensor))
    expect(first).to.include({ hello_retry_request: true, group_name: 'secp384r1' })
    expect(second).to.include({ hrr_of: first?.time, server_version: 'TLS 1.3' })
  })

  it('gives a hello that a server hung up on, though no further frame comes', async () => {
    const server = start(
      ...(['server', process.execPath, '-e'] as const),
      `require('net').createServer((c) => c.once('data', () => c.destroy())).listen(443, () => console.log('ready'))`,
    )
    await server.says(/ready/)
    const sensor = await capture()
    await connect()
    await sensor.says(/"hello_len"/, 6000)
    expect(sightingsIn(linesOf(sensor))[0]).not.to.have.property('ja3s')
  })

  it('gives what still waits when it is stopped', async () => {
    const server = start(
      ...(['server', process.execPath, '-e'] as const),
      `require('net').createServer(() => {}).listen(443, () => console.log('ready'))`,
    )
    await server.says(/ready/)
    const sensor = await capture()
    const client = spawn(
      ...network.in('client', 'openssl', 's_client', '-connect', `${network.serverAddress}:443`),
      { stdio: 'ignore' },
    )
    const seen = () => sightingsIn(linesOf(sensor)).length
    await new Promise((settle) => setTimeout(settle, 1500))
    expect(seen()).to.equal(0)
    await sensor.stop()
    expect(seen()).to.equal(1)
    client.kill()
  })

  it('stands in what the API of `up --server` tells', async () => {
    const up = start(
      ...(['server', process.execPath, HELLOTAP, 'up', '--server', '--data-dir', folder] as const),
      ...['-i', network.serverInterface, '--ports', '8443', '--host', network.serverAddress],
    )
    await up.says(/capturing on/)
    const ask = async (path: string) => {
      const url = `https://${network.serverAddress}:8443${path}`
      const { stdout } = await finished(
        spawn(...network.in('client', 'curl', '-sk', '--max-time', '10', url), { stdio: 'pipe' }),
      )
      return JSON.parse(stdout) as Sighting & { sightings?: Sighting[]; matched_by?: string }
    }
    const detail = await ask('/fps?detail=1')
    expect(detail.matched_by).to.equal('connection')
    expect(detail).to.include({ server_version: 'TLS 1.3', resumed: false })
    expect(detail.ja3s).to.match(/^[0-9a-f]{32}$/)
    expect(detail.cipher_name).to.match(/^TLS_/)
    expect(JSON.stringify(await ask('/fps?all=1'))).to.include(`"ja3s":"${detail.ja3s}"`)
  })
})

/** The sightings among what a daemon said. */
function linesOf({ output }: Daemon): string {
  return output
    .split('\n')
    .filter((line) => /^\{"time".*"proto".*\}$/.test(line))
    .join('\n')
}
