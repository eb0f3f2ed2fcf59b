// `hellotap capture --stdout` whose output or log goes to a disk that has no room: a tmpfs of a few kilobytes in a mount
// namespace of its own, which is made larger later.

import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, mounts, needs } from '../capability.js'
import { OUTPUT_HELD_BYTES } from '../../src/base/limits.js'
import { Daemon, HELLOTAP, finished, freePort, sightingsIn } from '../hellotap.js'
import { recordedHellos } from '../live/recorded-hellos.js'
import { until } from '../store/redis-server.js'

describe('a disk that is full', function () {
  this.timeout(40_000)
  let folder: string
  let server: Server
  let hellos: readonly Buffer[]
  let port: number
  let metricsPort: number
  let sensor: Daemon
  const sensors: Daemon[] = []

  before(async function () {
    needs(this, capture, mounts)
    hellos = (await recordedHellos()).map((line) => Buffer.from(line, 'base64'))
    server = createServer((socket) => socket.on('error', () => undefined).resume())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-full-'))
    metricsPort = await freePort()
  })
  afterEach(async () => {
    await Promise.all(sensors.splice(0).map((each) => each.stop()))
    rmSync(folder, { recursive: true })
  })
  after(() => (server as Server | undefined)?.close())

  /** Starts the sensor with its streams where `redirections` say, after a command; $DISK is the small disk. */
  const start = (redirections: string, before = 'true') => {
    const command = [process.execPath, HELLOTAP, 'capture', '-i', 'lo', '--ports', String(port)]
    command.push('--stdout', '--metrics-port', String(metricsPort), '--log-format', 'json')
    const script = `mount -t tmpfs -o size=64k none "$DISK" && ${before}; exec ${command.join(' ')} ${redirections}`
    const env = { ...process.env, DISK: folder }
    sensor = new Daemon('unshare', ['-m', 'sh', '-c', script], { env })
    sensors.push(sensor)
  }
  /** A file of the small disk, as the sensor's namespace has it. */
  const onDisk = (name: string) =>
    readFileSync(`/proc/${sensor.child.pid}/root${join(folder, name)}`, 'utf8')
  const makeRoom = () =>
    execFileSync('nsenter', [
      ...['-t', String(sensor.child.pid), '-m', 'mount', '-o', 'remount,size=64m', folder],
    ])
  const metric = async (name: string) => {
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).catch(() => undefined)
    const text = (await answer?.text()) ?? ''
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])
  }
  const seen = (count: number) =>
    until(async () => (await metric('hellotap_hellos_total')) === count, 10_000, `${count} hellos`)
  let sent = 0
  const send = async (count: number) => {
    for (let i = 0; i < count; i++, sent++) {
      const socket = connect(port, '127.0.0.1').resume()
      socket.end(hellos[sent % hellos.length] ?? '')
      await once(socket, 'close')
    }
  }
  const events = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it('under the output: capture goes on, what waits is written once there is room, the rest is counted', async () => {
    sent = 0
    start('> "$DISK/lines"')
    await sensor.says(/metrics at/)
    await send(60)
    await sensor.says(/output-stuck/)
    await seen(60)
    expect(await metric('hellotap_sightings_unwritten_total')).to.equal(0)
    expect(onDisk('lines')).to.have.lengthOf(65_536)
    makeRoom()
    await sensor.says(/output-back/)
    expect(new Set(sightingsIn(onDisk('lines')).map(({ srcport }) => srcport)).size).to.equal(60)
    const [stuck, ...again] = events(sensor.output).filter(({ event }) => event === 'output-stuck')
    expect(again).to.deep.equal([])
    expect(stuck?.['msg']).to.match(
      /^standard output cannot be written: no space left on device\. Free space on its disk/,
    )
    const back = events(sensor.output).find(({ event }) => event === 'output-back')
    expect(back).to.include({ dropped: 0 })
    expect(back?.['seconds']).to.be.within(0.5, 10)
    await send(5)
    await seen(65)
    await sensor.stop()
    expect(sensor.child.exitCode).to.equal(0)
  })

  it('under the output, for longer than lines can wait: the newest are dropped, and counted exactly', async () => {
    sent = 0
    start('> "$DISK/lines"')
    await sensor.says(/metrics at/)
    await send(1)
    await until(() => onDisk('lines').endsWith('\n'))
    const perLine = 5_000
    const count = Math.ceil((1.5 * OUTPUT_HELD_BYTES) / perLine)
    await send(count)
    await seen(count + 1)
    const dropped = await metric('hellotap_sightings_unwritten_total')
    expect(dropped).to.be.above(0)
    makeRoom()
    await sensor.says(/output-back/)
    expect(sightingsIn(onDisk('lines'))).to.have.lengthOf(count + 1 - dropped)
    expect(events(sensor.output).find(({ event }) => event === 'output-back')).to.include({
      dropped,
    })
  })

  it('under the log: the sensor lives, and the log goes on where it stopped', async () => {
    sent = 0
    start('> /dev/null 2> "$DISK/log"', 'head -c 65536 /dev/zero > "$DISK/ballast"')
    await until(async () => !Number.isNaN(await metric('hellotap_hellos_total')))
    await send(3)
    await seen(3)
    expect(onDisk('log')).to.equal('')
    makeRoom()
    await until(() => onDisk('log').includes('log-stuck'))
    const told = events(onDisk('log'))
    expect(told.map(({ event }) => event)).to.deep.equal(['capturing', 'serving', 'log-stuck'])
    expect(told[2]).to.include({ dropped: 0, level: 'warn' })
  })

  it('under what `read` prints: one sentence with the remedy, and exit code 1', async () => {
    const capture = join(import.meta.dirname, '../../captures/curl-nss.pcap')
    const script = `mount -t tmpfs -o size=4k none "$DISK" && exec ${process.execPath} ${HELLOTAP} read -q ${capture} ${capture} > "$DISK/lines"`
    const env = { ...process.env, DISK: folder }
    const { code, stderr } = await finished(spawn('unshare', ['-m', 'sh', '-c', script], { env }))
    expect(stderr).to.equal(
      'hellotap: the output cannot be written: no space left on device. Make room on its disk, or write it elsewhere\n',
    )
    expect(code).to.equal(1)
  })
})
