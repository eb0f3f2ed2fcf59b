import { setTimeout as sleep } from 'node:timers/promises'
import { tableOf } from '../output/table-format.js'
import { StoreError } from '../store/contract.js'
import type { Target } from './ask-api.js'
import { ask, socketTarget } from './ask-api.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'
import { stopSignal } from '../sensor/stop-signal.js'
import { isColoured, terminalWidth } from '../output/terminal.js'

const INTERVAL_MILLIS = 2_000
/** Lines of the terminal above and below the table. */
const OTHER_LINES = 6
const USUAL_LINES = 24
/** Seconds after its first sighting during which a fingerprint is marked new. */
const NEW_SECONDS = 600

interface Fingerprint {
  readonly ja4?: string
  readonly sha3_384: string
  readonly count: number
  readonly clients: number
  readonly first_seen: number
  readonly last_seen: number
}
interface Statistics {
  readonly total_sightings: number
  readonly distinct_fingerprints: number
  readonly distinct_clients: number
  readonly fingerprints: readonly Fingerprint[]
}
interface Health {
  readonly ready: boolean
  readonly sensor?: {
    readonly capturing?: boolean
    readonly gap_millis?: number
    readonly counters?: Readonly<Record<string, number>>
  }
}

/** `top`: live rates, frequent and new fingerprints, and gaps of the hellotap behind the Unix socket. Exit 0, 1 if none answers. */
export async function top(args: Readonly<Record<string, unknown>>): Promise<number> {
  const target = socketTarget(configOf(args))
  const isOnce = args['once'] === true || !process.stdout.isTTY
  const signal = stopSignal()
  let before: { readonly total: number; readonly at: number } | undefined
  while (!signal.aborted) {
    const [stats, health] = await Promise.all([
      get<Statistics>(target, '/stats'),
      get<Health>(target, '/healthz'),
    ])
    const at = performance.now()
    const rate =
      before === undefined
        ? undefined
        : ((stats.total_sightings - before.total) * 1000) / (at - before.at)
    before = { total: stats.total_sightings, at }
    // Cursor home, then clear to the end: unlike clearing first, this does not flicker.
    print(`${isOnce ? '' : '\u001b[H\u001b[J'}${screen(stats, health, rate, Date.now() / 1000)}`)
    if (isOnce) break
    await sleep(INTERVAL_MILLIS, undefined, { signal }).catch(() => undefined)
  }
  return 0
}

function screen(stats: Statistics, health: Health, rate: number | undefined, now: number): string {
  const { sensor } = health
  const counters = sensor?.counters ?? {}
  const lost = Object.entries(counters)
    .filter(([name, value]) => /drop|lost|unwritten/.test(name) && value > 0)
    .map(([name, value]) => `${name} ${value}`)
  const head = [
    `sightings ${stats.total_sightings}${rate === undefined ? '' : ` (${rate.toFixed(1)} a second)`}  clients ${stats.distinct_clients}  fingerprints ${stats.distinct_fingerprints}`,
    `store ${health.ready ? 'ready' : 'NOT READY'}  capture ${sensor?.capturing === true ? 'running' : 'NOT RUNNING'}  gaps ${((sensor?.gap_millis ?? 0) / 1000).toFixed(1)} s${lost.length > 0 ? `  lost: ${lost.join(', ')}` : ''}`,
    '',
  ]
  const table = tableOf<Fingerprint>(
    [
      {
        title: 'JA4',
        least: 36,
        usual: 36,
        colour: 33,
        value: ({ ja4, sha3_384 }) => ja4 ?? sha3_384,
      },
      {
        title: 'SIGHTINGS',
        least: 9,
        usual: 12,
        isRight: true,
        value: ({ count }) => String(count),
      },
      {
        title: 'CLIENTS',
        least: 7,
        usual: 10,
        isRight: true,
        value: ({ clients }) => String(clients),
      },
      {
        title: 'NEW',
        least: 3,
        usual: 3,
        colour: 31,
        value: ({ first_seen }) => (now - first_seen < NEW_SECONDS ? 'new' : ''),
      },
      {
        title: 'LAST SEEN',
        least: 10,
        usual: 12,
        isRight: true,
        value: ({ last_seen }) => `${Math.max(0, Math.round(now - last_seen))} s ago`,
      },
    ],
    { width: terminalWidth(), isColoured: isColoured() },
  )
  const lines = Math.max(1, (process.stdout.rows || USUAL_LINES) - OTHER_LINES)
  return (
    head.join('\n') + '\n' + table.head + stats.fingerprints.slice(0, lines).map(table.row).join('')
  )
}

/** @throws StoreError if no hellotap answers, or answers without this document */
async function get<T>(target: Target, path: string): Promise<T> {
  const { status, text } = await ask(target, path)
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new StoreError(
      'STORE_UNREACHABLE',
      `${target.shown} answered ${path} with status ${status} and no JSON: is it the socket of another program?`,
      { cause },
    )
  }
}
