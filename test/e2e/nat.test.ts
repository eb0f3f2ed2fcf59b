// The exact join as the README has it, between real parts: two clients behind one address, nginx with auth_request, `up`
// beside it. What the application gets must be of that very connection, by what was captured at the client's own end.

import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { chromiumBrowser, namespaces, needs, tools } from '../capability.js'
import { Daemon, HELLOTAP, finished, hellotap, sightingsIn } from '../hellotap.js'
import { nginxRecipe } from '../nginx-recipe.js'
import { NatNetwork } from './nat-network.js'

/** What the application saw of a request. */
interface Seen {
  readonly 'x-ja4'?: string
  readonly 'x-tls-fp'?: string
  readonly 'user-agent'?: string
}

const APPLICATION = `require('http').createServer((req, res) => {
  res.setHeader('content-type', 'application/json'); res.end(JSON.stringify(req.headers))
}).listen(3000, '127.0.0.1', () => console.log('listening'))`
/** First of the ports that both clients use at the same time: the router has to give one of them another. */
const SAME_PORT = 40_000

describe('the exact join for two clients behind one address', function () {
  this.timeout(60_000)
  let cleanUp = () => {}
  let network: NatNetwork
  let folder: string
  const daemons: Daemon[] = []
  const captures: Daemon[] = []

  before(async function () {
    needs(this, namespaces, tools('nginx', 'openssl', 'curl', 'python3'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-nat-'))
    chmodSync(folder, 0o755)
    cleanUp = () => {
      network.remove()
      rmSync(folder, { recursive: true, force: true })
    }
    network = new NatNetwork(`htn${process.pid % 10_000}`, 2)
    const file = (name: string) => join(folder, name)
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-days', '2', '-subj', '/CN=t', '-keyout', file('key.pem'), '-out', file('cert.pem')],
      ],
      { stdio: 'ignore' },
    )
    const { upstream, site } = nginxRecipe(file('nginx.token'))
    const token = await hellotap([
      'token',
      'add',
      'nginx',
      '--role',
      'analyst',
      '--data-dir',
      folder,
    ])
    writeFileSync(
      file('nginx.token'),
      `proxy_set_header Authorization "Bearer ${token.stdout.trim()}";`,
    )
    writeFileSync(
      file('nginx.conf'),
      `daemon off; pid ${file('nginx.pid')}; error_log ${file('error.log')}; worker_processes 1;
       events {}
       http { access_log off; client_body_temp_path ${file('b')}; proxy_temp_path ${file('p')};
              fastcgi_temp_path ${file('f')}; uwsgi_temp_path ${file('u')}; scgi_temp_path ${file('s')};
              server { listen 443 ssl http2;
                       ssl_certificate ${file('cert.pem')}; ssl_certificate_key ${file('key.pem')};
                       ${site} } ${upstream} }`,
    )
    const start = async (netns: string, ready: RegExp, command: string, ...args: string[]) => {
      const daemon = new Daemon(...network.in(netns, command, ...args))
      daemons.push(daemon)
      await daemon.says(ready)
      return daemon
    }
    const { server, clients, serverInterface } = network
    await start(server, /listening/, process.execPath, '-e', APPLICATION)
    const up = [
      'up',
      '-i',
      serverInterface,
      '--ports',
      '443',
      '--https-port',
      '0',
      '--data-dir',
      folder,
    ]
    await start(server, /serving http/, process.execPath, HELLOTAP, ...up)
    daemons.push(new Daemon(...network.in(server, 'nginx', '-c', file('nginx.conf'), '-p', folder)))
    for (const [i, client] of clients.entries())
      captures.push(
        await start(
          client,
          /listening on/,
          ...([
            'tcpdump',
            '-i',
            network.clientInterface,
            '-U',
            '--immediate-mode',
            '-w',
            file(`${i}.pcap`),
            'tcp port 443',
          ] as const),
        ),
      )
  })
  after(async () => {
    for (const daemon of daemons.reverse()) await daemon.stop()
    cleanUp()
  })

  const url = () => `https://${network.serverAddress}/`
  const curl = async (client: number, ...args: readonly string[]) => {
    const again = ['--retry', '20', '--retry-connrefused', '--retry-delay', '0']
    const [command, full] = network.in(
      network.clients[client] ?? '',
      ...(['curl', '-sk', '--max-time', '10', ...again, ...args] as const),
    )
    const { stdout, stderr, code } = await finished(spawn(command, full))
    expect(code, stderr).to.equal(0)
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Seen)
  }
  /** Fingerprints of the hellos that left a client, in order, by the capture at its own end: `count` of them at least. */
  const sentBy = async (client: number, count: number) => {
    for (let attempt = 0; ; attempt++) {
      const { stdout } = await hellotap(['read', join(folder, `${client}.pcap`)])
      const sent = sightingsIn(stdout)
      if (sent.length >= count)
        return sent.map(({ ja4, sha3_384 }) => ({ 'x-ja4': ja4, 'x-tls-fp': sha3_384 }))
      if (attempt === 20) throw new Error(`${sent.length} hellos of ${count} left client ${client}`)
      await sleep(100)
    }
  }
  const fingerprints = (seen: readonly Seen[]) =>
    seen.map((each) => ({ 'x-ja4': each['x-ja4'], 'x-tls-fp': each['x-tls-fp'] }))

  it('gives the application the fingerprints of each one’s connection', async () => {
    const rounds = 5
    const got: [Seen[], Seen[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      const from = ['--local-port', String(SAME_PORT + round), '-w', '\n']
      const both = await Promise.all([
        // two requests of one connection
        curl(0, ...from, url(), url()),
        curl(1, ...from, '--tls-max', '1.2', url(), url()),
      ])
      both.forEach((seen, i) => got[i === 0 ? 0 : 1].push(...seen))
    }
    for (const i of [0, 1] as const) {
      const sent = await sentBy(i, rounds)
      expect(sent).to.have.length(rounds)
      expect(fingerprints(got[i])).to.deep.equal(sent.flatMap((one) => [one, one]))
    }
    expect(got[0][0]?.['x-ja4']).to.match(/^t13/)
    expect(got[1][0]?.['x-ja4']).to.match(/^t12/)
  })

  it('gives Chromium its own, connection by connection, while curl asks from the same address', async function () {
    needs(this, chromiumBrowser)
    const binary = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) =>
      existsSync(path),
    )
    const before = [(await sentBy(0, 1)).length, (await sentBy(1, 1)).length] as const
    const wrapper = join(folder, 'chromium.sh')
    writeFileSync(
      wrapper,
      `#!/bin/sh\nexec ip netns exec ${network.clients[0]} ${binary ?? 'chromium'} "$@"\n`,
      {
        mode: 0o755,
      },
    )
    const browser = await chromium.launch({
      executablePath: wrapper,
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
        ...['--disable-component-update', '--disable-sync', '--no-first-run'],
      ],
    })
    const asked: Seen[] = []
    try {
      for (let i = 0; i < 4; i++) {
        const context = await browser.newContext({ ignoreHTTPSErrors: true })
        const page = await context.newPage()
        const [response, [beside]] = await Promise.all([page.goto(url()), curl(1, url())])
        asked.push((await response?.json()) as Seen)
        const sent = await sentBy(1, before[1] + i + 1)
        expect(beside).to.include(sent.at(-1) ?? {})
        await context.close()
      }
    } finally {
      await browser.close()
    }
    const sent = (await sentBy(0, before[0] + 4)).slice(before[0])
    expect(asked.every((seen) => seen['user-agent']?.includes('Chrome/'))).to.equal(true)
    // it opens connections in advance too: each answer is one of its own hellos, and none is given twice
    const values = sent.map((one) => one['x-tls-fp'])
    for (const seen of asked) expect(values).to.include(seen['x-tls-fp'])
    expect(new Set(asked.map((seen) => seen['x-tls-fp'])).size).to.equal(4)
  })

  it('was asked of one address all the time', async () => {
    const [command, args] = network.in(
      network.server,
      ...([
        'curl',
        '-s',
        '--unix-socket',
        join(folder, 'api.sock'),
        `http://localhost/lookup?ip=${network.routerAddress}`,
      ] as const),
    )
    const found = JSON.parse((await finished(spawn(command, args))).stdout) as {
      num_fingerprints: number
    }
    const sent = (await Promise.all([sentBy(0, 9), sentBy(1, 9)])).flat()
    expect(found.num_fingerprints).to.equal(sent.length)
  })
})
