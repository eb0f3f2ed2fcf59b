// npm run bench:api: processor time of a request of /fps and /stats beside that of a bare Express handler, in turn, over 100
// connections, while sightings come in; then how long /connection takes while 100 connections ask for /stats. Ratios count:
// the figures themselves depend on the machine and on who else uses it.
//
//   npm run bench:api -- [SIGHTINGS=100000] [FINGERPRINTS=10000]

import { expect } from 'chai'
import express from 'express'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../src/api/app.js'
import { listen } from '../../src/api/listen.js'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
import { ROW_SRC, ROW_SRC_PORT, ROW_TIME } from '../../src/model/row.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import { bearer, sighting, TOKENS } from '../../test/api/fixture.js'
import { rowsOf } from '../../test/rows.js'

const CONNECTIONS = 100
const SECONDS = 3
const ROUNDS = 5
const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((each) => each > 0)
const [sightings = 100_000, fingerprints = 10_000] = asked
/** Sightings a second that come in meanwhile, so many at a time. */
const COMING = 500
const COMING_AT_ONCE = 5
const STORE_MIB = 2000
const PATHS = ['/bare', '/fps', '/stats'] as const
const CONNECTION_REQUESTS = 500
/** Requests before those that count: alone, an address may have all there is, until another one asks. */
const FIRST_REQUESTS = 50
const OWN_PORT = 4444
/** Where those ask from who ask for /stats while another asks for /connection. */
const OTHER = '127.0.0.2'

/** Rows like one made-up sighting, each of a client of its own, of so many fingerprints in turn. */
function rowMaker(): (from: number, count: number) => Buffer {
  const mark = 'fade'.repeat(24)
  const row = rowsOf([sighting({ sha3_384_stable: mark, src: '192.0.2.1' })])
  const places: number[] = []
  for (let at = row.indexOf(mark); at >= 0; at = row.indexOf(mark, at + 1)) places.push(at)
  return (from, count) => {
    const rows = Buffer.alloc(count * row.length)
    for (let i = 0; i < count; i++) {
      const off = i * row.length
      row.copy(rows, off)
      rows.writeDoubleLE(Date.now() * 1000, off + ROW_TIME)
      // a multiplier that spreads addresses over networks
      rows.writeUInt32BE(Math.imul(from + i, 2_654_435_761) >>> 0, off + ROW_SRC)
      rows.writeUInt16LE(1024 + ((from + i) % 60_000), off + ROW_SRC_PORT)
      const number = ((from + i) % fingerprints).toString(16).padStart(8, '0')
      for (const place of places) rows.write(number, off + place, 'latin1')
    }
    return rows
  }
}

/** The server: hellotap's API on one port, the bare handler on another; tells the processor time it used when asked. */
async function serve(): Promise<void> {
  const limits = { ttlSeconds: 86_400, perIp: 100, spool: 1000, mib: STORE_MIB }
  const store = new MemoryStore(limits, storedSightings())
  const rows = rowMaker()
  let held = 0
  for (; held < sightings; held += 500) store.put(rows(held, 500))
  const time = new Date().toISOString()
  store.put(rowsOf([sighting({ srcport: OWN_PORT, time })]))
  const options = { trustedProxies: [], waitMs: 0, requestRate: 50, tokens: TOKENS }
  const api = await listen({ http: { port: 0 } }, createApp({ store, ...options }))
  const bare = express()
    .get('/bare', (_req, res) => res.json({ hello: 'world' }))
    .listen(0, '127.0.0.1')
  await once(bare, 'listening')
  setInterval(
    () => store.put(rows((held += COMING_AT_ONCE), COMING_AT_ONCE)),
    (1000 * COMING_AT_ONCE) / COMING,
  )
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ micros: user + system })
  })
  const { stored } = store.health()
  const analyst = bearer('analyst')
  process.send?.({
    api: api.http?.port,
    bare: (bare.address() as AddressInfo).port,
    stored,
    analyst,
  })
}

interface Ports {
  readonly api: number
  readonly bare: number
  readonly stored: number
  /** The header of an analyst's request: the server makes its tokens itself. */
  readonly analyst: Readonly<Record<string, string>>
}

async function measure(): Promise<void> {
  const args = ['serve', String(sightings), String(fingerprints)]
  const server = fork(import.meta.filename, args, { execArgv: process.execArgv })
  try {
    const [ports] = (await once(server, 'message')) as [Ports]
    console.log(
      `${ports.stored} sightings of ${fingerprints} fingerprints held, ${COMING} a second come in`,
    )
    await measureCpu(server, ports)
    await measureConnection(ports)
  } finally {
    server.kill()
  }
}

async function measureCpu(server: ChildProcess, ports: Ports): Promise<void> {
  const cpu = async () => {
    server.send('cpu')
    const [{ micros }] = (await once(server, 'message')) as [{ micros: number }]
    return micros
  }
  const results = new Map<string, number[]>(PATHS.map((path) => [path, []]))
  const idle: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = await cpu()
    const began = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const perMilli = ((await cpu()) - before) / (performance.now() - began)
    idle.push(perMilli)
    for (const path of PATHS) {
      const port = path === '/bare' ? ports.bare : ports.api
      const begin = performance.now()
      const used = await cpu()
      const count = await load(port, path, SECONDS)
      // without what the sightings that come in take
      const micros = (await cpu()) - used - perMilli * (performance.now() - begin)
      // the first round compiles
      if (round > 0) results.get(path)?.push(micros / count)
    }
  }
  console.log(`coming in: ${(spread(idle).median / 10).toFixed(1)} % of a processor`)
  for (const path of PATHS) {
    const all = results.get(path) ?? []
    const { median, least, most } = spread(all)
    const ratio = spread(all.map((micros, i) => (results.get('/bare')?.[i] ?? NaN) / micros))
    console.log(
      `${path.padEnd(8)} ${median.toFixed(0)} µs (${least.toFixed(0)}–${most.toFixed(0)}) of processor time a request; ` +
        `bare handler / this: ${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`,
    )
  }
}

function spread(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const [least = NaN] = sorted
  return { least, median: sorted[sorted.length >> 1] ?? NaN, most: sorted.at(-1) ?? NaN }
}

/** Milliseconds of /connection by an analyst's token, alone and while others ask for /stats. */
async function measureConnection({ api: port, analyst }: Ports): Promise<void> {
  const path = `/connection?ip=127.0.0.1&port=${OWN_PORT}&auth=1`
  for (const readers of [0, CONNECTIONS]) {
    const controller = new AbortController()
    const others = load(port, '/stats', Infinity, readers, controller.signal)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const times: number[] = []
    for (let i = -FIRST_REQUESTS; i < CONNECTION_REQUESTS; i++) {
      const began = performance.now()
      expect(await ask(port, path, agent, analyst)).to.include({ 'x-hellotap': 'found' })
      if (i >= 0) times.push(performance.now() - began)
    }
    agent.destroy()
    controller.abort()
    await others
    times.sort((a, b) => a - b)
    const at = (part: number) => times[Math.ceil(times.length * part) - 1]?.toFixed(1)
    console.log(
      `/connection while ${readers} connections ask for /stats: 50 % within ${at(0.5)} ms, 99 % within ${at(0.99)} ms`,
    )
  }
}

/** Asks. @returns the headers, when the answer is whole */
function ask(
  port: number,
  path: string,
  agent: Agent,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent, headers }, (res) => {
      // beyond the budget of an address
      if (![200, 204, 429].includes(res.statusCode ?? 0))
        reject(new Error(`${path}: ${res.statusCode}`))
      res.resume().once('close', () => resolve(res.headers))
    }).on('error', reject)
  })
}

/** Asks over connections without a pause. @returns the number of answers */
async function load(
  port: number,
  path: string,
  seconds: number,
  connections = CONNECTIONS,
  signal?: AbortSignal,
): Promise<number> {
  const options = { keepAlive: true, maxSockets: CONNECTIONS }
  const agent = new Agent(signal === undefined ? options : { ...options, localAddress: OTHER })
  const until = performance.now() + seconds * 1000
  let count = 0
  const reader = async () => {
    while (performance.now() < until && signal?.aborted !== true) {
      await ask(port, path, agent)
      count++
    }
  }
  await Promise.all(Array.from({ length: connections }, reader))
  agent.destroy()
  return count
}

await (process.argv[2] === 'serve' ? serve() : measure())
