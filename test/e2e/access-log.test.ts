// nginx as it is installed sends its access log by syslog; what it says of its clients goes to their hellos.

import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, needs, tools } from '../capability.js'
import type { AccessLogCounts } from '../../src/api/access-log.js'
import { Daemon, HELLOTAP, finished, freePort } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

describe('the access log of nginx', function () {
  this.timeout(40_000)
  let folder = ''
  const daemons: Daemon[] = []
  const ports = { https: 0, plain: 0, api: 0, log: 0 }

  before(async function () {
    needs(this, capture, tools('nginx', 'openssl', 'curl'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-log-'))
    chmodSync(folder, 0o755)
    for (const name of ['https', 'plain', 'api', 'log'] as const) ports[name] = await freePort()
    const file = (name: string) => join(folder, name)
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-days', '2', '-subj', '/CN=t', '-keyout', file('key.pem'), '-out', file('cert.pem')],
      ],
      { stdio: 'ignore' },
    )
    writeFileSync(
      file('nginx.conf'),
      `daemon off; pid ${file('nginx.pid')}; error_log ${file('error.log')}; worker_processes 1;
       events {}
       http { client_body_temp_path ${file('b')}; proxy_temp_path ${file('p')};
              fastcgi_temp_path ${file('f')}; uwsgi_temp_path ${file('u')}; scgi_temp_path ${file('s')};
              log_format hellotap escape=json '{"remote_addr":"$remote_addr","remote_port":"$remote_port","http_user_agent":"$http_user_agent"}';
              access_log syslog:server=127.0.0.1:${ports.log} hellotap if=$ssl_protocol;
              server { listen 127.0.0.1:${ports.https} ssl; listen 127.0.0.1:${ports.plain};
                       ssl_certificate ${file('cert.pem')}; ssl_certificate_key ${file('key.pem')};
                       location / { return 200 "ok"; } } }`,
    )
    const nginx = new Daemon('nginx', ['-c', file('nginx.conf'), '-p', folder])
    daemons.push(nginx)
  })
  afterEach(async () => {
    for (const daemon of daemons.splice(1)) await daemon.stop()
  })
  after(async () => {
    for (const daemon of daemons) await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (...more: readonly string[]) => {
    const daemon = new Daemon(process.execPath, [
      ...[HELLOTAP, 'up', '-i', 'lo', '--ports', String(ports.https)],
      ...['--http-port', String(ports.api), '--https-port', '0'],
      ...['--access-log', `127.0.0.1:${ports.log}`, ...more],
    ])
    daemons.push(daemon)
    await daemon.says(/taking access logs by syslog on UDP 127\.0\.0\.1/)
    await daemon.says(/serving http/)
  }
  const curl = (...args: readonly string[]) =>
    finished(spawn('curl', ['-sk', '--max-time', '10', ...args]))
  const api = async (path: string) =>
    JSON.parse((await curl(`http://127.0.0.1:${ports.api}${path}`)).stdout) as Record<
      string,
      unknown
    >
  const counts = async () => (await api('/healthz'))['access_log'] as AccessLogCounts
  const until = async (enough: (now: AccessLogCounts) => boolean) => {
    for (let i = 0; i < 100; i++) {
      const now = await counts()
      if (enough(now)) return now
      await new Promise((settle) => setTimeout(settle, 50))
    }
    throw new Error(`waited in vain: ${JSON.stringify(await counts())}\n${daemons[1]?.output}`)
  }
  const agents = async () =>
    (
      (await api('/stats?bo=1'))['fingerprints'] as {
        ja4: string
        user_agents: { user_agent: string; count: number; via: object }[]
      }[]
    ).flatMap(({ ja4, user_agents }) =>
      user_agents.map((agent) => ({ tls: ja4.slice(0, 3), ...agent })),
    )

  const learns = async () => {
    const url = `https://127.0.0.1:${ports.https}/`
    await curl('-A', 'Newer/1.0 "quoted" \\ ünïcode', '--tls-max', '1.3', url, url, url)
    await curl('-A', 'Older/2.0', '--tls-max', '1.2', url)
    await curl('-A', '', url)
    await curl('-A', 'Plain/3.0', `http://127.0.0.1:${ports.plain}/`)
    const now = await until(({ told, without_user_agent }) => told >= 4 && without_user_agent >= 1)
    expect(now).to.include({ told: 4, without_user_agent: 1, malformed: 0, without_hello: 0 })
    // three requests of one connection count as one
    expect((await agents()).sort((a, b) => (a.tls < b.tls ? 1 : -1))).to.deep.equal([
      {
        tls: 't13',
        user_agent: 'Newer/1.0 "quoted" \\ ünïcode',
        count: 1,
        via: { 'proxy-log': 1 },
      },
      { tls: 't12', user_agent: 'Older/2.0', count: 1, via: { 'proxy-log': 1 } },
    ])
  }

  it('teaches the User-Agent of each connection', async () => {
    await start()
    await learns()
  })

  it('teaches it to Redis', async () => {
    const redis = await RedisServer.start()
    try {
      await start('--redis', redis.url)
      await learns()
    } finally {
      await redis.stop()
    }
  })

  it('goes on among bad lines, each counted', async () => {
    await start()
    const socket = createSocket('udp4')
    const send = (bytes: Uint8Array) =>
      new Promise<void>((resolve, reject) =>
        socket.send(bytes, ports.log, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
      )
    const bad = [
      Buffer.alloc(0),
      Buffer.alloc(65_507, '{'),
      Buffer.from(`<190>Nov 23 01:02:03 h n: {"remote_addr":"${'1'.repeat(60_000)}"}`),
      Buffer.from(Uint8Array.from({ length: 1400 }, (_, i) => (i * 197) & 0xff)),
      Buffer.from('<190>Nov 23 01:02:03 h nginx: {"remote_addr":"1.2.3.4"}'),
    ]
    for (let round = 0; round < 20; round++) for (const bytes of bad) await send(bytes)
    await send(
      Buffer.from(
        '<190>Nov 23 01:02:03 h nginx: {"remote_addr":"192.0.2.99","remote_port":"7","http_user_agent":"x"}',
      ),
    )
    socket.close()
    const url = `https://127.0.0.1:${ports.https}/`
    for (let i = 0; i < 5; i++) await curl('-A', `Client/${i}`, url)
    const now = await until(({ told, without_hello }) => told === 5 && without_hello === 1)
    expect(now).to.include({ malformed: 100, told: 5, dropped: 0, failed: 0 })
    expect((await agents()).map(({ user_agent }) => user_agent).sort()).to.deep.equal(
      [0, 1, 2, 3, 4].map((i) => `Client/${i}`),
    )
    const metrics = (await curl(`http://127.0.0.1:${ports.api}/metrics`)).stdout
    expect(metrics).to.match(/^hellotap_access_log_lines_total\{outcome="malformed"\} 100$/m)
  })

  it('says that its port is taken', async () => {
    const taken = createSocket('udp4')
    await new Promise<void>((resolve) => taken.bind(ports.log, '127.0.0.1', resolve))
    const { code, stderr } = await finished(
      spawn(process.execPath, [
        ...[HELLOTAP, 'up', '-i', 'lo', '--http-port', String(ports.api), '--https-port', '0'],
        ...['--access-log', String(ports.log)],
      ]),
    )
    taken.close()
    expect(code).to.equal(1)
    expect(stderr).to.match(/port \d+ is in use on 127\.0\.0\.1.*--access-log/)
  })
})
