// npm run bench:api: CPU a request of /fps and /stats beside that of a bare Express handler, in turn, each in a process of
// its own with 100 connections. Ratios count: the figures themselves depend on the machine and on who else uses it.

import express from 'express'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../src/api/app.js'
import { listen } from '../../src/api/listen.js'
import { memoryStore, sighting } from '../../test/api/fixture.js'

const CONNECTIONS = 100
const SECONDS = 3
const ROUNDS = 3
const FINGERPRINTS = 10_000
const PATHS = ['/bare', '/fps', '/stats'] as const

/** The server: hellotap's API on one port, the bare handler on another; tells the CPU it used, microseconds, when asked. */
async function serve(): Promise<void> {
  const others = Array.from({ length: FINGERPRINTS }, (_, i) =>
    sighting({
      src: `10.0.${i >> 8}.${i & 255}`,
      sha3_384_stable: String(i).padStart(96, '0'),
    }),
  )
  const store = memoryStore(...others, sighting())
  const api = await listen(
    { http: { port: 0 } },
    createApp({ store, trustedProxies: [], waitMs: 0, requestRate: 50 }),
  )
  const bare = express()
    .get('/bare', (_req, res) => res.json({ hello: 'world' }))
    .listen(0, '127.0.0.1')
  await once(bare, 'listening')
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ micros: user + system })
  })
  process.send?.({ api: api.http?.port, bare: (bare.address() as AddressInfo).port })
}

async function measure(): Promise<void> {
  const server = fork(import.meta.filename, ['serve'], { execArgv: process.execArgv })
  const [ports] = (await once(server, 'message')) as [{ api: number; bare: number }]
  const cpu = async () => {
    server.send('cpu')
    const [{ micros }] = (await once(server, 'message')) as [{ micros: number }]
    return micros
  }
  const results = new Map<string, number[]>(PATHS.map((path) => [path, []]))
  for (let round = 0; round < ROUNDS; round++)
    for (const path of PATHS) {
      const port = path === '/bare' ? ports.bare : ports.api
      const before = await cpu()
      const count = await load(port, path)
      results.get(path)?.push(((await cpu()) - before) / count)
    }
  server.kill()
  const median = (path: string) => results.get(path)?.sort((a, b) => a - b)[ROUNDS >> 1] ?? NaN
  for (const path of PATHS) {
    const ratio = median('/bare') / median(path)
    console.log(
      `${path.padEnd(8)} ${median(path).toFixed(1)} µs CPU a request, ${ratio.toFixed(2)} of bare`,
    )
  }
}

/** Asks over all connections without a pause. @returns the number of answers of 200 */
async function load(port: number, path: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const until = performance.now() + SECONDS * 1000
  let count = 0
  const reader = async () => {
    while (performance.now() < until)
      await new Promise<void>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path, agent }, (res) => {
          if (res.statusCode !== 200) reject(new Error(`${path}: ${res.statusCode}`))
          count++
          res.resume().once('close', resolve)
        }).on('error', reject)
      })
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, reader))
  agent.destroy()
  return count
}

await (process.argv[2] === 'serve' ? serve() : measure())
