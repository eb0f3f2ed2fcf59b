// Redis is killed under traffic and started again minutes later: capture goes on, what fits the spool waits in bounded
// memory and is stored exactly once, what does not is dropped and counted exactly, and the time is one counted event.
//
//   npm run drill:redis -- [--minutes 10] [--rate 20]
//
// As root, on loopback: clients send recorded hellos at that rate, each from an address and port of its own. Two sensors see
// them: `ample` with the usual spool, `scant` with room for a third of what comes. Exit 1 where a bound is missed.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { STORE_BATCH_SIGHTINGS } from '../../src/base/limits.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { Daemon, HELLOTAP, freePort } from '../hellotap.js'
import { recordedHellos } from '../live/recorded-hellos.js'
import { RedisServer, until } from '../store/redis-server.js'

/** Kilobytes of resident memory a sighting that waits may take. */
const MOST_PER_SIGHTING = 40
/** Megabytes by which resident memory may differ for other reasons: what waits is not all that a sensor holds. */
const SLACK_MB = 60
/** Seconds by which the outage that is told may differ from the one that was made, for noticing its end. */
const SLACK_SECONDS = 2.5
const BEFORE_SECONDS = 1
const AFTER_SECONDS = 1
const USUAL_SPOOL = 100_000
const PORTS_PER_ADDRESS = 100
const FIRST_PORT = 20_000
const STORE = { ttlSeconds: 86_400, perIp: PORTS_PER_ADDRESS, spool: 1 }

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '20' } },
})
const seconds = Number(values.minutes) * 60
const rate = Number(values.rate)

/** A sensor under test, and the database it writes to. */
class Sensor {
  readonly name: string
  readonly database: number
  readonly spool: number
  readonly #metricsPort: number
  readonly #url: string
  readonly #daemon: Daemon
  /** Megabytes resident, by moment. */
  readonly resident: Record<string, number> = {}

  constructor(name: string, database: number, spool: number, ports: readonly [number, number]) {
    this.name = name
    this.database = database
    this.spool = spool
    this.#url = `${redis.url}/${database}`
    this.#metricsPort = ports[1]
    this.#daemon = new Daemon(process.execPath, [
      ...[HELLOTAP, 'capture', '-i', 'lo', '--ports', String(ports[0]), '--redis', this.#url],
      ...['--spool', String(spool), '--metrics-port', String(ports[1]), '--log-format', 'json'],
      ...['--ttl', String(STORE.ttlSeconds)],
    ])
  }

  async ready(): Promise<void> {
    await this.#daemon.says(/metrics at/)
  }

  async stop(): Promise<void> {
    await this.#daemon.stop()
  }

  /** Events of its log of one kind. */
  events(kind: string): Record<string, unknown>[] {
    const lines = this.#daemon.output.split('\n').filter((line) => line.startsWith('{'))
    return lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === kind)
  }

  async metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`)
    const match = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await answer.text())
    return Number(match?.[1])
  }

  /** Waits until its spool is empty. */
  async stored(): Promise<void> {
    const isEmpty = async () => (await this.metric('hellotap_store_spooled_sightings')) === 0
    await until(isEmpty, 60_000, `an empty spool of ${this.name}`)
  }

  measure(moment: string): void {
    const status = readFileSync(`/proc/${this.#daemon.child.pid}/status`, 'latin1')
    this.resident[moment] = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
  }

  /** How often each connection is stored, by its number. */
  async rows(): Promise<Map<number, number>> {
    const store = await openSightingStore(this.#url, STORE)
    const times = new Map<number, number>()
    for (let i = 0; i < sent; i += PORTS_PER_ADDRESS) {
      const { sightings } = await store.sightings(addressOf(i), 0, PORTS_PER_ADDRESS)
      for (const { srcport } of sightings) {
        const number = i + srcport - FIRST_PORT
        times.set(number, (times.get(number) ?? 0) + 1)
      }
    }
    await store.close()
    return times
  }

  /** What the statistics have counted. */
  async total(): Promise<number> {
    const store = await openSightingStore(this.#url, STORE)
    const total = await store.total()
    await store.close()
    return total
  }
}

function addressOf(number: number): string {
  const address = Math.floor(number / PORTS_PER_ADDRESS)
  return `127.77.${address >> 8}.${address & 0xff}`
}

const hellos = (await recordedHellos()).map((line) => Buffer.from(line, 'base64'))
const redis = await RedisServer.start({ durable: true })
const server = createServer((socket) => socket.on('error', () => undefined).resume())
server.listen(0, '127.0.0.1')
await once(server, 'listening')
let sent = 0

/** One connection with one hello, which ends when the server has it. */
function send(port: number): void {
  const number = sent++
  const from = {
    localAddress: addressOf(number),
    localPort: FIRST_PORT + (number % PORTS_PER_ADDRESS),
  }
  connect({ host: '127.0.0.1', port, ...from })
    .on('error', () => undefined)
    .resume()
    .end(hellos[number % hellos.length] ?? '')
}

/** Sends at the rate for so long, and looks every second. */
async function traffic(port: number, long: number, look?: () => Promise<void>): Promise<void> {
  const start = performance.now()
  const elapsed = () => (performance.now() - start) / 1000
  let looked = 0
  for (let due = 0; due < Math.round(long * rate);) {
    for (; due <= elapsed() * rate && due < Math.round(long * rate); due++) send(port)
    if (elapsed() - looked >= 1 && look !== undefined) {
      looked = elapsed()
      await look()
    }
    await sleep(10)
  }
  await sleep(Math.max(0, long - elapsed()) * 1000)
}

const verdicts: (readonly [boolean, string])[] = []
const sensors: Sensor[] = []
try {
  const { port } = server.address() as AddressInfo
  const expected = Math.round(seconds * rate)
  for (const [name, database, spool] of [
    ['ample', 0, USUAL_SPOOL],
    ['scant', 1, Math.ceil(expected / 3)],
  ] as const)
    sensors.push(new Sensor(name, database, spool, [port, await freePort()]))
  for (const sensor of sensors) await sensor.ready()
  const measure = (moment: string) => {
    for (const sensor of sensors) sensor.measure(moment)
  }

  await traffic(port, BEFORE_SECONDS)
  for (const sensor of sensors) await sensor.stored()
  measure('before')
  const firstOfGap = sent
  await redis.kill()
  const killedAt = performance.now()
  const mostSpooled = new Map<Sensor, number>()
  await traffic(port, seconds, async () => {
    for (const sensor of sensors)
      mostSpooled.set(
        sensor,
        Math.max(
          mostSpooled.get(sensor) ?? 0,
          await sensor.metric('hellotap_store_spooled_sightings'),
        ),
      )
  })
  measure('end')
  const inGap = sent - firstOfGap
  for (const sensor of sensors) {
    const captured = await sensor.metric('hellotap_hellos_total')
    verdicts.push([
      captured === sent && (await sensor.metric('hellotap_capture_gaps_total')) === 0,
      `${sensor.name}: capture went on: ${captured} of ${sent} hellos seen, ${inGap} of them while Redis was away`,
    ])
  }
  await redis.restart()
  const away = (performance.now() - killedAt) / 1000
  await traffic(port, AFTER_SECONDS)
  for (const sensor of sensors) await sensor.stored()
  measure('after')
  const dropped = new Map<Sensor, number>()
  for (const sensor of sensors) {
    const { name } = sensor
    const gaps = await sensor.metric('hellotap_store_gaps_total')
    const gapSeconds = await sensor.metric('hellotap_store_gap_seconds_total')
    dropped.set(sensor, await sensor.metric('hellotap_store_dropped_sightings_total'))
    verdicts.push([
      gaps === 1 && Math.abs(gapSeconds - away) < SLACK_SECONDS,
      `${name}: ${gaps} gap of ${gapSeconds.toFixed(1)} s in /metrics; Redis was away for ${away.toFixed(1)} s`,
    ])
    // the log comes by a pipe, and later than what it tells
    await until(() => sensor.events('store-back').length > 0, 10_000).catch(() => undefined)
    const [went, ...wentAgain] = sensor.events('store-away')
    const [back, ...backAgain] = sensor.events('store-back')
    const toldSeconds = Number(back?.['seconds'])
    verdicts.push([
      went !== undefined &&
        wentAgain.length + backAgain.length === 0 &&
        Math.abs(toldSeconds - away) < SLACK_SECONDS,
      `${name}: one event store-away in the log, one store-back after ${toldSeconds.toFixed(1)} s`,
    ])
  }
  // what is seen just before the end is stored first
  await traffic(port, 0.5)
  await sleep(100)
  for (const sensor of sensors) await sensor.stop()
  for (const sensor of sensors) {
    const { name, spool, resident } = sensor
    const rows = await sensor.rows()
    const missing = Array.from({ length: sent }, (_, i) => i).filter((i) => !rows.has(i))
    const twice = [...rows.values()].filter((times) => times > 1).length
    const lost = dropped.get(sensor) ?? NaN
    verdicts.push([
      twice === 0 && rows.size + lost === sent && (await sensor.total()) === rows.size,
      `${name}: ${sent} seen = ${rows.size} stored, each once, and counted once, + ${lost} dropped`,
    ])
    // a batch on its way to Redis is never let go for something newer
    const newer = missing.filter((number) => number >= firstOfGap + lost).length
    const isOldest =
      missing.length === lost &&
      (missing[0] ?? firstOfGap) >= firstOfGap &&
      newer <= STORE_BATCH_SIGHTINGS
    const told = sensor
      .events('sightings-dropped')
      .reduce((sum, event) => sum + Number(event['dropped']), 0)
    verdicts.push([
      isOldest && told === lost && (lost === 0) === spool >= inGap,
      `${name}: dropped were the oldest of the gap but ${newer}, ${told} by the log; ${mostSpooled.get(sensor) ?? 0} waited at most, ${spool} may`,
    ])
    const { before = NaN, end = NaN, after = NaN } = resident
    verdicts.push([
      end - before < SLACK_MB + (Math.min(inGap, spool) * MOST_PER_SIGHTING) / 1024,
      `${name}: resident ${before.toFixed(0)} MB before, ${end.toFixed(0)} MB at the end of the gap, ${after.toFixed(0)} MB after`,
    ])
  }
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${values.minutes} minutes, ${rate} hellos a second\n`,
  )
  for (const [holds, what] of verdicts) console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`)
  if (verdicts.some(([holds]) => !holds)) process.exitCode = 1
} finally {
  for (const sensor of sensors) await sensor.stop()
  server.close()
  await redis.stop()
}
