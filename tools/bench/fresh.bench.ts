// How soon a hello can be asked for: from its last byte on the wire to the answer of `/connection?ip=&port=&wait=250`.
//
//   npm run bench:fresh -- [--rate 1000] [--seconds 10] [--warm 5] [--store memory,redis,apart]
//
// Clients in a network namespace of their own open real TCP connections over a veth pair, each sends one recorded hello of
// captures/ and asks the API for it at once over HTTP with keep-alive. Stores: `memory` is `up`, `redis` is `up --redis`,
// `apart` is `capture` and `serve` over one Redis. Needs root, as the namespaces do. Exit 1 where a bound is missed.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { Daemon } from '../../test/hellotap.js'
import { Rig } from '../../test/live/rig.js'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    warm: { type: 'string', default: '5' },
    store: { type: 'string', default: 'memory,redis,apart' },
  },
})
const REDIS_PORT = 6390
/** Addresses of clients: what a store holds of one of them stays as short as it is in life. */
const CLIENTS = 250
/** Bounds, milliseconds: 50 % and 99 % of the answers are at least that soon. */
const BOUNDS: Readonly<Record<string, { readonly p50: number; readonly p99: number }>> = {
  memory: { p50: 5, p99: 25 },
  redis: { p50: 40, p99: 40 },
  apart: { p50: 40, p99: 40 },
}
const traffic = {
  rate: Number(values.rate),
  warm: Number(values.warm),
  seconds: Number(values.seconds),
}

/** Starts what stands for `store`. */
async function start(rig: Rig, store: string): Promise<Daemon[]> {
  if (store === 'memory') return [await rig.hellotap('up')]
  const args = ['--port', String(REDIS_PORT), '--save', '', '--dir', rig.folder]
  const redis = await rig.run(/Ready to accept/, 'redis-server', ...args)
  const url = ['--redis', `redis://127.0.0.1:${REDIS_PORT}`]
  if (store === 'redis') return [redis, await rig.hellotap('up', url)]
  return [redis, await rig.hellotap('capture', url), await rig.hellotap('serve', url)]
}

const at = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN

const rig = await Rig.start(CLIENTS)
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${rig.hellos} recorded hellos, ${traffic.rate} a second`,
  )
  console.log('')
  console.log('| store | found of sent | p50 ms | p90 | p99 | most | asking alone p50 | p99 |')
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
  for (const store of values.store.split(',')) {
    const daemons = await start(rig, store)
    const { sent, found, other, millis, asking } = await rig.clients(traffic)
    for (const daemon of daemons.reverse()) await daemon.stop()
    const shown = [0.5, 0.9, 0.99, 1].map((part) => at(millis, part).toFixed(1))
    shown.push(at(asking, 0.5).toFixed(1), at(asking, 0.99).toFixed(1))
    console.log(`| ${store} | ${found} of ${sent} | ${shown.join(' | ')} |`)
    for (const [what, count] of Object.entries(other)) console.error(`${store}: ${count} × ${what}`)
    const bound = BOUNDS[store]
    const isMissed =
      bound !== undefined && (at(millis, 0.5) > bound.p50 || at(millis, 0.99) > bound.p99)
    if (isMissed || found < sent) process.exitCode = 1
  }
} finally {
  await rig.close()
}
