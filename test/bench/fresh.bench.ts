// How soon a hello can be asked for: from its last octet on the wire to the answer of `/connection?ip=&port=&wait=250`.
//
//   npm run bench:fresh -- [--rate 1000] [--seconds 10] [--warm 5] [--store memory,redis,apart]
//
// Clients in a network namespace of their own open real TCP connections over a veth pair, each sends one recorded hello of
// captures/ and asks the API for it at once over HTTP with keep-alive. Stores: `memory` is `up`, `redis` is `up --redis`,
// `apart` is `capture` and `serve` over one Redis. Needs root, as the namespaces do. Exit 1 where a bound is missed.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readCapture } from '../../src/read-capture.js'
import { Lab, ip } from '../capture/live-lab.js'
import { Daemon, HELLOTAP } from '../hellotap.js'
import type { FreshOptions, FreshResult } from './fresh-client.js'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    warm: { type: 'string', default: '5' },
    store: { type: 'string', default: 'memory,redis,apart' },
  },
})
const CAPTURES = resolve(import.meta.dirname, '../../captures')
const SERVER = '10.99.0.1'
const API_PORT = 8080
const REDIS_PORT = 6390
/** Addresses of clients: what a store holds of one of them stays as short as it is in life. */
const CLIENTS = 250
/** Bounds, milliseconds: 50 % and 99 % of the answers are at least that soon. */
const BOUNDS: Readonly<Record<string, { readonly p50: number; readonly p99: number }>> = {
  memory: { p50: 5, p99: 25 },
  redis: { p50: 40, p99: 40 },
  apart: { p50: 40, p99: 40 },
}
/** Takes connections, and leaves closing to the clients. */
const SINK = `require('net').createServer((s) => s.on('error', () => {}).resume()).listen(443, '${SERVER}', 4096)`

/** Hellos over TCP of the captures, each in the record it is sent in. */
async function recordedHellos(): Promise<string[]> {
  const lines: string[] = []
  for (const name of readdirSync(CAPTURES).filter((each) => /\.pcap(ng)?$/.test(each)))
    for await (const { proto, hello } of readCapture(join(CAPTURES, name), { hello: true })) {
      if (proto !== 'tcp' || hello === undefined) continue
      const message = Buffer.from(hello, 'base64')
      if (message[0] !== 1) continue
      const head = Uint8Array.of(22, 3, 1, message.length >> 8, message.length & 0xff)
      lines.push(Buffer.concat([head, message]).toString('base64'))
    }
  return lines
}

const folder = mkdtempSync(join(tmpdir(), 'hellotap-fresh-'))
const lab = new Lab()
const inA = (command: string, ...args: readonly string[]) =>
  new Daemon('ip', ['netns', 'exec', lab.a, command, ...args])

/** Starts what stands for `store`, and tells how to end it. */
async function start(store: string): Promise<Daemon[]> {
  const daemons: Daemon[] = []
  const run = async (ready: RegExp, command: string, ...args: readonly string[]) => {
    const daemon = inA(command, ...args)
    daemons.push(daemon)
    await daemon.says(ready)
  }
  const redis = ['--redis', `redis://127.0.0.1:${REDIS_PORT}`]
  const sensor = ['-i', 'va', '--ports', '443']
  const api = ['--host', SERVER, '--http-port', String(API_PORT), '--https-port', '0']
  api.push('--trusted-proxy', '10.99.0.0/16')
  if (store !== 'memory')
    await run(
      /Ready to accept/,
      'redis-server',
      '--port',
      String(REDIS_PORT),
      '--save',
      '',
      '--dir',
      folder,
    )
  const hellotap = (ready: RegExp, ...args: readonly string[]) =>
    run(ready, process.execPath, HELLOTAP, ...args)
  if (store === 'apart') {
    await hellotap(/capturing on/, 'capture', ...sensor, ...redis)
    await hellotap(/serving/, 'serve', ...api, ...redis)
  } else {
    const up = ['up', ...sensor, ...api, ...(store === 'redis' ? redis : [])]
    await hellotap(/serving/, ...up)
  }
  return daemons
}

async function measure(store: string, options: FreshOptions): Promise<FreshResult> {
  const daemons = await start(store)
  try {
    const loader = createRequire(import.meta.url).resolve('tsx')
    const client = new Daemon('ip', [
      ...['netns', 'exec', lab.b, process.execPath, '--import', loader],
      ...[join(import.meta.dirname, 'fresh-client.ts'), JSON.stringify(options)],
    ])
    if ((await client.ended()) !== 0) throw new Error(client.output)
    return JSON.parse(client.output) as FreshResult
  } finally {
    for (const daemon of daemons.reverse()) await daemon.stop()
  }
}

const at = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN

try {
  const hellos = await recordedHellos()
  writeFileSync(join(folder, 'hellos'), hellos.join('\n'))
  const from = Array.from({ length: CLIENTS }, (_, i) => `10.99.1.${i + 1}`)
  writeFileSync(
    join(folder, 'addresses'),
    from.map((address) => `address add ${address}/16 dev vb\n`).join(''),
  )
  ip('-n', lab.b, '-batch', join(folder, 'addresses'))
  ip('-n', lab.a, 'address', 'add', '10.99.0.3/16', 'dev', 'va')
  const options: FreshOptions = {
    hellos: join(folder, 'hellos'),
    from,
    server: SERVER,
    port: 443,
    apiPort: API_PORT,
    rate: Number(values.rate),
    warm: Number(values.warm),
    seconds: Number(values.seconds),
  }
  const sink = inA(process.execPath, '-e', SINK)
  try {
    console.log(
      `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${hellos.length} recorded hellos, ${options.rate} a second`,
    )
    console.log('')
    console.log('| store | found of sent | p50 ms | p90 | p99 | most | asking alone p50 | p99 |')
    console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
    for (const store of values.store.split(',')) {
      const { sent, found, other, millis, asking } = await measure(store, options)
      const shown = [0.5, 0.9, 0.99, 1].map((part) => at(millis, part).toFixed(1))
      shown.push(at(asking, 0.5).toFixed(1), at(asking, 0.99).toFixed(1))
      console.log(`| ${store} | ${found} of ${sent} | ${shown.join(' | ')} |`)
      for (const [what, count] of Object.entries(other))
        console.error(`${store}: ${count} × ${what}`)
      const bound = BOUNDS[store]
      const isMissed =
        bound !== undefined && (at(millis, 0.5) > bound.p50 || at(millis, 0.99) > bound.p99)
      if (isMissed || found < sent) process.exitCode = 1
    }
  } finally {
    await sink.stop()
  }
} finally {
  await lab.close()
  rmSync(folder, { recursive: true, force: true })
}
