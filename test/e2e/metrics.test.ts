// /metrics of the real program: of `up`, and of a sensor by itself.

import { expect } from 'chai'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, needs, proc, tools } from '../capability.js'
import { metricOf } from '../../src/telemetry/sensor-metrics.js'
import type { CounterName } from '../../src/base/counters.js'
import { COUNTER_HELP } from '../../src/base/counters.js'
import { parseExposition } from '../api/exposition.js'
import { Daemon, HELLOTAP, finished, freePort } from '../hellotap.js'

describe('/metrics of the real program', function () {
  this.timeout(30_000)
  let folder = ''
  let daemon: Daemon | undefined

  before(function () {
    needs(this, capture, tools('promtool', 'curl'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-metrics-'))
  })
  afterEach(() => daemon?.stop())
  after(() => rmSync(folder, { recursive: true, force: true }))

  const scrape = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
    const text = await answer.text()
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    })
    expect(stdout + stderr).to.equal('')
    expect(status).to.equal(0)
    const families = parseExposition(text)
    for (const name of Object.keys(COUNTER_HELP) as CounterName[])
      expect(families.get(metricOf(name).name)?.help, name).to.equal(COUNTER_HELP[name])
    return (name: string) => families.get(name)?.samples[0]?.value
  }
  /** Scrapes until `enough`. */
  const until = async (
    port: number,
    enough: (value: (name: string) => number | undefined) => boolean,
  ) => {
    for (let i = 0; i < 60; i++) {
      const value = await scrape(port)
      if (enough(value)) return value
      await new Promise((settle) => setTimeout(settle, 100))
    }
    throw new Error(`waited in vain:\n${daemon?.output}`)
  }

  it('`up` tells every counter, the sensor, the store and the process', async () => {
    const http = await freePort()
    const https = await freePort()
    daemon = new Daemon(process.execPath, [
      ...[HELLOTAP, 'up', '-i', 'lo', '--ports', String(https), '--data-dir', folder],
      ...['--http-port', String(http), '--https-port', String(https)],
    ])
    await daemon.says(/serving .*https:/)
    await finished(spawn('curl', ['-sk', `https://127.0.0.1:${https}/fps`]))
    const value = await until(http, (now) => now('hellotap_hellos_total') === 1)
    expect(value('hellotap_packets_total')).to.be.above(3)
    expect(value('hellotap_sensor_capturing')).to.equal(1)
    expect(value('hellotap_store_sightings')).to.equal(1)
    expect(value('hellotap_capture_ring_bytes')).to.be.above(1e6)
    const resident = value('hellotap_sensor_resident_memory_bytes') ?? 0
    expect(resident > 1e7).to.equal(proc() === undefined)
    expect(value('hellotap_sensor_event_loop_delay_max_seconds')).to.be.within(0, 30)
    const ours = value('process_resident_memory_bytes') ?? 0
    expect(ours > 1e7).to.equal(proc() === undefined)
    // the scrape is a request like others: no secrets, no other methods
    const refused = await fetch(`http://127.0.0.1:${http}/metrics`, { method: 'POST' })
    expect(refused.status).to.equal(405)
  })

  it('`capture` tells its own on --metrics-port, with /healthz', async () => {
    const port = await freePort()
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const watched = (server.address() as AddressInfo).port
    daemon = new Daemon(process.execPath, [
      ...[HELLOTAP, 'capture', '-i', 'lo', '--ports', String(watched), '--stdout'],
      ...['--metrics-port', String(port)],
    ])
    await daemon.says(/metrics at http:\/\/127\.0\.0\.1:\d+\/metrics/)
    await finished(spawn('curl', ['-sk', '--max-time', '0.3', `https://127.0.0.1:${watched}/`]))
    await until(port, (now) => now('hellotap_hellos_total') === 1)
    const health = (await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()) as {
      sensor: { counters: { hellos: number } }
    }
    expect(health.sensor.counters.hellos).to.equal(1)
    expect((await fetch(`http://127.0.0.1:${port}/fps`)).status).to.equal(404)
    server.close()
  })

  it('a port of another program is said to be taken, and nothing is left behind', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    daemon = new Daemon(process.execPath, [
      ...[HELLOTAP, 'capture', '-i', 'lo', '--stdout', '--metrics-port', String(port)],
    ])
    expect(await daemon.ended()).to.equal(1)
    expect(daemon.output).to.match(new RegExp(`port ${port} is in use.*--metrics-port`))
    server.close()
  })
})
