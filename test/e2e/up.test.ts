// `hellotap up` as a newcomer meets it: one command, then curl.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, needs, proc, tools } from '../capability.js'
import { Daemon, HELLOTAP, finished, freePort } from '../hellotap.js'

async function curl(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await finished(
    spawn('curl', ['-sk', '--max-time', '10', ...args]),
  )
  expect(code, stderr).to.equal(0)
  return stdout
}

describe('hellotap up', function () {
  this.timeout(40_000)
  let folder: string
  let http: number
  let https: number
  let daemon: Daemon | undefined

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-up-'))
    chmodSync(folder, 0o777)
    http = await freePort()
    https = await freePort()
  })
  afterEach(async () => {
    await daemon?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const args = () => [
    ...[HELLOTAP, 'up', '-i', 'lo', '--ports', String(https), '--data-dir', folder],
    ...['--http-port', String(http), '--https-port', String(https)],
  ]

  it('answers a caller with the fingerprint of its very connection', async function () {
    needs(this, capture, tools('curl'))
    daemon = new Daemon(process.execPath, args())
    await daemon.says(/capturing on lo/)
    await daemon.says(new RegExp(`curl -k https://127.0.0.1:${https}/fps`))
    const ports = new Set<number>()
    for (const tls of ['1.2', '1.3', '1.2', '1.3']) {
      const answer = JSON.parse(
        await curl('--tls-max', tls, `https://127.0.0.1:${https}/fps`),
      ) as Record<string, unknown>
      expect(answer['matched_by']).to.equal('connection')
      expect(String(answer['ja4'])).to.match(new RegExp(`^t${tls.replace('.', '')}`))
      ports.add(answer['srcport'] as number)
    }
    expect(ports.size).to.equal(4)
    const detail = JSON.parse(await curl(`https://127.0.0.1:${https}/fps?detail=1`)) as Record<
      string,
      unknown
    >
    for (const key of [
      'ciphers_length',
      'ec_point_formats',
      'extensions',
      'signature_algorithms_length',
      'tls_fp',
    ])
      expect(detail, key).to.have.property(key)
    const health = JSON.parse(await curl(`http://127.0.0.1:${http}/healthz`)) as Record<
      string,
      unknown
    >
    expect(JSON.stringify(health)).to.match(/"capturing":true/)
    expect(await daemon.stop()).to.equal(0)
    daemon = undefined
  })

  it('starts a killed sensor again, and sees hellos after', async function () {
    needs(this, capture, proc, tools('curl', 'pgrep'))
    daemon = new Daemon(process.execPath, args())
    await daemon.says(/capturing on lo/)
    const { stdout } = await finished(
      spawn('pgrep', ['-P', String(daemon.child.pid), '-f', 'capture --stdout']),
    )
    const sensor = Number(stdout.trim())
    expect(sensor).to.be.above(0)
    process.kill(sensor, 'SIGKILL')
    await daemon.says(/the sensor ended \(SIGKILL\); starting it again/)
    for (let i = 0; i < 100; i++) {
      const answer = JSON.parse(await curl(`https://127.0.0.1:${https}/fps`)) as Record<
        string,
        unknown
      >
      if (answer['matched_by'] === 'connection') return
      await new Promise((settle) => setTimeout(settle, 50))
    }
    throw new Error(`no hello was seen after the restart:\n${daemon.output}`)
  })

  it('without the permission to capture says which command gives it, and still serves', async function () {
    needs(this, capture, tools('curl'))
    daemon = new Daemon('setpriv', [
      // root without a capability: the files stay readable wherever the checkout lies
      ...['--inh-caps=-all', '--bounding-set=-all', '--'],
      ...[process.execPath, ...args()],
    ])
    await daemon.says(/NOT capturing: .*CAP_NET_RAW|NOT capturing: .*cap_net_raw/i)
    expect(daemon.output).to.match(/setcap cap_net_raw/)
    const answer = JSON.parse(await curl(`http://127.0.0.1:${http}/fps`)) as Record<string, unknown>
    expect(answer['num_fingerprints']).to.equal(0)
    expect(await daemon.stop()).to.equal(0)
    daemon = undefined
  })
})
