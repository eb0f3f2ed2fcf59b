// What a sighting costs in Redis: processor time of both processes, bytes, and sightings a second. Each figure beside its
// peer's in the same run, in turn: `redis-benchmark` for Redis, `read` without a store for Node.
//
//   npm run bench:store -- [--rounds 3] [--hellos 300000] [--seconds 60]
//
// redis-benchmark sets a key of its own each time (-r), as each client has; the figure of one key set again and again, which
// allocates nothing, stands beside it.

import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { HELLOTAP } from '../../test/hellotap.js'
import { RedisServer, until } from '../../test/store/redis-server.js'
import { measure, median } from './meter.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    hellos: { type: 'string', default: '300000' },
    seconds: { type: 'string', default: '60' },
  },
})
const rounds = Number(values.rounds)
const hellos = Number(values.hellos)
const seconds = Number(values.seconds)
const SETS = 500_000
const FINGERPRINTS = 20_000
const TWENTY_EACH = 100_000
/** Seconds of `--ttl` where expiry is watched. */
const SHORT_TTL = 12

/** Generates a capture once. @returns its file */
function capture(name: string, ...sizes: readonly number[]): string {
  const folder = join(tmpdir(), 'hellotap-bench')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}-${sizes.join('-')}.pcap`)
  const script = join(import.meta.dirname, 'gen-hellos.mjs')
  if (!existsSync(file)) execFileSync(process.execPath, [script, file, ...sizes.map(String)])
  return file
}

const oneEach = capture('hellos', hellos)
const twentyEach = capture('clients', TWENTY_EACH, TWENTY_EACH / 20)
const distinct = capture('distinct', FINGERPRINTS, 0, FINGERPRINTS)

const server = await RedisServer.start({ args: ['--latency-monitor-threshold', '1'] })
const admin = new Redis(server.port, '127.0.0.1')

async function info(section: string, field: string): Promise<number> {
  return Number(new RegExp(`^${field}:(\\S+)`, 'm').exec(await admin.info(section))?.[1])
}
/** Seconds of processor time that Redis' main thread has used. */
const redisCpu = async () =>
  (await info('cpu', 'used_cpu_user_main_thread')) + (await info('cpu', 'used_cpu_sys_main_thread'))

const read = (...args: readonly string[]) =>
  measure([process.execPath, HELLOTAP, 'read', '--jobs', '1', ...args])
const toStore = ['--redis', server.url, '--as-of', 'now', '--quiet']

const figures = new Map<string, number[]>()
function note(name: string, value: number): void {
  const all = figures.get(name) ?? []
  figures.set(name, [...all, value])
}

/** Reads captures into an empty Redis. */
async function store(count: number, args: readonly string[]) {
  await admin.flushall('SYNC')
  const memory = await info('memory', 'used_memory')
  const cpu = await redisCpu()
  const used = await read(...toStore, ...args)
  return {
    redisMicros: ((await redisCpu()) - cpu) * (1e6 / count),
    nodeMicros: used.cpu * (1e6 / count),
    perSecond: count / used.wall,
    bytes: ((await info('memory', 'used_memory')) - memory) / count,
  }
}

/** Redis CPU of a SET, as redis-benchmark sends them. */
async function setMicros(...args: readonly string[]): Promise<number> {
  await admin.flushall('SYNC')
  const before = await redisCpu()
  execFileSync('redis-benchmark', [
    ...['-p', String(server.port), '-t', 'set', '-d', '800', '-P', '32', '-n', String(SETS), '-q'],
    ...args,
  ])
  return ((await redisCpu()) - before) * (1e6 / SETS)
}

for (let round = 0; round < rounds; round++) {
  const sameKey = await setMicros()
  const set = await setMicros('-r', '10000000')
  note('SET of 800 bytes, the same key, Redis CPU, µs', sameKey)
  note('SET of 800 bytes, keys of their own, Redis CPU, µs', set)
  const alone = (await read(oneEach)).cpu * (1e6 / hellos)
  note('read alone, Node CPU, µs', alone)
  const plain = await store(hellos, [oneEach])
  note('sighting, Redis CPU, µs', plain.redisMicros)
  note('sighting, Redis CPU, times a SET', plain.redisMicros / set)
  note('sighting, Node CPU above read, µs', plain.nodeMicros - alone)
  note('sightings a second, one reading with its start', plain.perSecond)
  note('bytes a sighting, one a client', plain.bytes)
  const once = await store(hellos, ['--dedupe', oneEach])
  note('sighting with --dedupe, Redis CPU, times a SET', once.redisMicros / set)
  note('sighting with --dedupe, Node CPU above read, µs', once.nodeMicros - alone)
  note('bytes a sighting with --dedupe, one a client', once.bytes)
  const twenty = await store(TWENTY_EACH, [twentyEach])
  note('bytes a sighting, 20 a client', twenty.bytes)
  const each = await store(FINGERPRINTS, [distinct])
  note('bytes a distinct fingerprint, its one sighting included', each.bytes)
}

// all that came within a second ends within one
await admin.call('LATENCY', 'RESET')
await store(TWENTY_EACH, ['--ttl', String(SHORT_TTL), '--remember', String(SHORT_TTL), twentyEach])
await until(async () => (await admin.dbsize()) <= 1, 12 * SHORT_TTL * 1000, 'expiry')
const latest = (await admin.call('LATENCY', 'LATEST')) as [string, number, number, number][]
note(
  `longest pause while ${TWENTY_EACH} sightings expire, ms`,
  Math.max(
    0,
    ...latest.filter(([event]) => event.startsWith('expire')).map(([, , , most]) => most),
  ),
)

if (seconds > 0) {
  const rate = median(figures.get('sightings a second, one reading with its start') ?? [])
  const times = Math.max(1, Math.ceil((seconds * rate) / hellos))
  // read takes a file that is named twice once
  const folder = mkdtempSync(join(dirname(oneEach), 'again-'))
  for (let i = 0; i < times; i++) linkSync(oneEach, join(folder, `${i}.pcap`))
  const sustained = await store(times * hellos, ['--store-size', '16384', folder])
  rmSync(folder, { recursive: true })
  note(`sightings a second over ${times * hellos}`, sustained.perSecond)
}

console.log('| figure | median | range |\n| --- | --- | --- |')
for (const [name, all] of figures) {
  const shown = (value: number) => value.toFixed(value < 100 ? 2 : 0)
  const range = `${shown(Math.min(...all))}–${shown(Math.max(...all))}`
  console.log(`| ${name} | ${shown(median(all))} | ${all.length > 1 ? range : ''} |`)
}
admin.disconnect()
await server.stop()
