// The whole of it, with real parts: nginx ends TLS 1.3 on 443 in front of the API, Redis holds the sightings, hellotap
// captures that wire, and real clients ask for their own fingerprint. tshark, on a capture of the same wire, is the judge.

import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'
import { chromiumBrowser, namespaces, needs, tools } from '../capability.js'
import { Daemon, HELLOTAP, finished } from '../hellotap.js'
import { TestNetwork } from './network.js'

/** What /fps answers, as far as these tests look. */
interface Fps {
  readonly ip: string
  readonly srcport?: number
  readonly ja3: string
  readonly ja4: string
  readonly sha3_384: string
  readonly sha3_384_stable: string
  readonly num_fingerprints: number
  readonly 'user-agent'?: string
}

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser']

describe('behind nginx, with Redis and real clients', function () {
  this.timeout(60_000)
  let cleanUp = () => {}
  let network: TestNetwork
  let folder: string
  let tcpdump: Daemon
  const daemons: Daemon[] = []
  const url = () => `https://${network.serverAddress}`

  before(async function () {
    needs(this, namespaces, tools('nginx', 'redis-server', 'openssl', 'curl'))
    network = new TestNetwork(`hte${process.pid % 10_000}`, 3)
    folder = mkdtempSync(join(tmpdir(), 'hellotap-e2e-'))
    chmodSync(folder, 0o755)
    cleanUp = () => {
      network.remove()
      rmSync(folder, { recursive: true, force: true })
    }
    const file = (name: string) => join(folder, name)
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-subj', '/CN=hellotap.test', '-keyout', file('key.pem'), '-out', file('cert.pem')],
      ],
      { stdio: 'ignore' },
    )
    // the shipped example, with this folder's certificate
    const site = readFileSync(
      resolve(import.meta.dirname, '../../systemd/nginx-hellotap.conf'),
      'utf8',
    )
      .replace(/\/etc\/ssl\/certs\/ssl-cert-snakeoil\.pem/, file('cert.pem'))
      .replace(/\/etc\/ssl\/private\/ssl-cert-snakeoil\.key/, file('key.pem'))
    writeFileSync(
      file('nginx.conf'),
      `daemon off; pid ${file('nginx.pid')}; error_log ${file('error.log')}; worker_processes 1;
       events {}
       http { access_log off; client_body_temp_path ${file('b')}; proxy_temp_path ${file('p')};
              fastcgi_temp_path ${file('f')}; uwsgi_temp_path ${file('u')}; scgi_temp_path ${file('s')};
              ${site} }`,
    )
    const start = (...command: [string, string[]]) => {
      const daemon = new Daemon(...command)
      daemons.push(daemon)
      return daemon
    }
    const redis = 'redis://127.0.0.1:6379'
    await start(
      ...network.in(
        'server',
        'redis-server',
        '--port',
        '6379',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
      ),
    ).says(/Ready to accept connections/)
    const sensor = start(
      ...network.in(
        'server',
        process.execPath,
        HELLOTAP,
        'capture',
        '-i',
        network.serverInterface,
        '--redis',
        redis,
      ),
    )
    const api = start(
      ...network.in(
        'server',
        process.execPath,
        HELLOTAP,
        'serve',
        '--redis',
        redis,
        '--https-port',
        '0',
        '--trusted-proxy',
        '127.0.0.1',
      ),
    )
    start(...network.in('server', 'nginx', '-c', file('nginx.conf'), '-p', folder))
    tcpdump = start(
      ...network.in(
        'server',
        'tcpdump',
        '-i',
        network.serverInterface,
        '-U',
        '-w',
        file('wire.pcap'),
        'tcp port 443',
      ),
    )
    await Promise.all([
      sensor.says(/capturing on/),
      api.says(/serving http/),
      tcpdump.says(/listening on/),
    ])
    await curl('--retry', '20', '--retry-connrefused', '--retry-delay', '0', `${url()}/healthz`)
  })

  after(async () => {
    for (const daemon of daemons.reverse()) await daemon.stop()
    cleanUp()
  })

  const curl = async (...args: readonly string[]) => {
    const [command, full] = network.in('client', 'curl', '-sk', '--max-time', '10', ...args)
    const { stdout, stderr, code } = await finished(spawn(command, full))
    expect(code, stderr).to.equal(0)
    return stdout
  }

  /** JA3 that tshark sees in the wire's capture for the connection from `address`:`port`. */
  const tsharkJa3 = async (address: string, port: number) => {
    for (let attempt = 0; ; attempt++) {
      const rows = execFileSync(
        'tshark',
        [
          '-r',
          join(folder, 'wire.pcap'),
          '-Y',
          `tls.handshake.type == 1 && ip.src == ${address} && tcp.srcport == ${port}`,
          '-T',
          'fields',
          '-e',
          'tls.handshake.ja3',
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      ).trim()
      if (rows !== '' || attempt === 10) return rows
      await new Promise((settle) => setTimeout(settle, 200))
    }
  }

  const expectOwn = async (answer: Fps, address: string) => {
    expect(answer.ip).to.equal(address)
    expect(answer.srcport).to.be.a('number')
    expect(answer.ja3).to.equal(await tsharkJa3(address, answer.srcport ?? 0))
  }

  it('curl gets its own fingerprint, the JA3 that tshark prints for that connection', async () => {
    const answer = JSON.parse(await curl(`${url()}/fps`)) as Fps
    await expectOwn(answer, network.clientAddresses[0] ?? '')
    expect(answer['user-agent']).to.match(/^curl\//)
  })

  it('openssl s_client gets its own', async () => {
    const [command, args] = network.in(
      'client',
      'openssl',
      's_client',
      '-quiet',
      '-connect',
      `${network.serverAddress}:443`,
    )
    const child = spawn(command, args)
    const { stdout } = await finished(
      child,
      Buffer.from('GET /fps HTTP/1.0\r\nUser-Agent: s_client\r\n\r\n'),
    )
    const answer = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Fps
    await expectOwn(answer, network.clientAddresses[0] ?? '')
  })

  it("Node's https gets its own", async () => {
    const program = `require('https').get('${url()}/fps', {rejectUnauthorized: false, headers: {'user-agent': 'node-https'}}, r => r.pipe(process.stdout))`
    const [command, args] = network.in('client', process.execPath, '-e', program)
    await expectOwn(
      JSON.parse((await finished(spawn(command, args))).stdout) as Fps,
      network.clientAddresses[0] ?? '',
    )
  })

  it('Chromium gets its own, ten connections with one sha3_384_stable and one ja4', async function () {
    needs(this, chromiumBrowser)
    // Chromium itself must be in the client's namespace
    const wrapper = join(folder, 'chromium.sh')
    const binary = CHROMIUM.find(
      (path) => execFileSync('sh', ['-c', `test -x ${path} && echo yes || true`]).length > 0,
    )
    writeFileSync(
      wrapper,
      `#!/bin/sh\nexec ip netns exec ${network.client} ${binary ?? 'chromium'} "$@"\n`,
      { mode: 0o755 },
    )
    const browser = await chromium.launch({
      executablePath: wrapper,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    })
    const answers: Fps[] = []
    try {
      for (let i = 0; i < 10; i++) {
        // a context of its own has sockets and sessions of its own: a fresh connection
        const context = await browser.newContext({ ignoreHTTPSErrors: true })
        const page = await context.newPage()
        const response = await page.goto(`${url()}/fps`)
        answers.push((await response?.json()) as Fps)
        await context.close()
      }
    } finally {
      await browser.close()
    }
    for (const answer of answers) await expectOwn(answer, network.clientAddresses[0] ?? '')
    const distinct = (key: keyof Fps) => new Set(answers.map((answer) => answer[key])).size
    expect(distinct('srcport')).to.equal(10)
    expect(distinct('sha3_384_stable')).to.equal(1)
    expect(distinct('ja4')).to.equal(1)
    // the permutation that makes it worth its name
    expect(distinct('ja3')).to.be.above(1)
  })

  it('/stats?bo=1 lists their User-Agents', async () => {
    const stats = JSON.parse(await curl(`${url()}/stats?bo=1`)) as {
      fingerprints: { user_agents: { user_agent: string; count: number }[] }[]
    }
    const agents = stats.fingerprints.flatMap(({ user_agents }) =>
      user_agents.map(({ user_agent }) => user_agent),
    )
    expect(agents.some((agent) => agent.startsWith('curl/'))).to.equal(true)
    expect(agents.some((agent) => agent.includes('Chrome/'))).to.equal(true)
    expect(agents).to.include('s_client').and.to.include('node-https')
  })

  it('a caller who forges X-Forwarded-For gets its own record, not the victim’s', async () => {
    const [, victim = '', forger = ''] = network.clientAddresses
    const theirs = JSON.parse(
      await curl('--interface', victim, '--tls-max', '1.2', `${url()}/fps`),
    ) as Fps
    expect(theirs.ip).to.equal(victim)
    for (const header of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Real-Port'])
      for (const value of [
        victim,
        `for=${victim}`,
        `${victim}, 127.0.0.1`,
        String(theirs.srcport),
      ]) {
        const answer = JSON.parse(
          await curl('--interface', forger, '-H', `${header}: ${value}`, `${url()}/fps`),
        ) as Fps
        expect(answer.ip, `${header}: ${value}`).to.equal(forger)
        expect(answer.ja3).to.not.equal(theirs.ja3)
      }
  })

  it('two clients behind one address each get their own connection’s hello', async () => {
    // one address, two TLS stacks, asking at the same time
    const [address = ''] = network.clientAddresses
    const answers = await Promise.all([
      curl('--interface', address, `${url()}/fps`),
      curl('--interface', address, '--tls-max', '1.2', `${url()}/fps`),
    ])
    const [one, two] = answers.map((text) => JSON.parse(text) as Fps)
    if (one === undefined || two === undefined) throw new Error('no answers')
    expect(one.ja3).to.not.equal(two.ja3)
    await expectOwn(one, address)
    await expectOwn(two, address)
  })
})
