import { defaultInterfaces, listInterfaces } from '../capture/live/interfaces.js'
import type { Config } from '../config.js'
import { LIVE_PORTS, storeLimits } from '../config.js'
import { openSightingStore } from '../sighting-store.js'
import type { Store } from '../store/contract.js'
import type { Check } from '../doctor/check.js'
import { checksText } from '../doctor/check.js'
import { helloCheck } from '../doctor/hello.js'
import {
  engineCheck,
  interfaceCheck,
  permissionCheck,
  redisCheck,
  versionsCheck,
} from '../doctor/host.js'
import { clockCheck, kernelAnswers, offloadsCheck } from '../doctor/kernel.js'
import { listenCheck } from '../doctor/listen.js'
import { openEventLog } from '../telemetry/event-log.js'
import { configOf, wholeNumber } from './options.js'
import { print } from '../output/print.js'
import { version } from '../telemetry/version.js'

/** Seconds of listening to an interface without --seconds, and at most. */
const LISTEN_SECONDS = 3
const MAX_LISTEN_SECONDS = 3_600

/**
 * `doctor`: diagnoses a sensor that sees nothing. Exit 0 if no check failed and the test hello reached the store, else 1; 2 on
 * bad usage.
 */
export async function doctor(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const seconds = wholeNumber(args, 'seconds', MAX_LISTEN_SECONDS) ?? LISTEN_SECONDS
  const asJson = args['json'] === true
  const checks: Check[] = []
  for await (const check of examine(config, seconds)) {
    checks.push(check)
    // Each check is printed when it ends, since listening takes seconds.
    if (!asJson) print(checksText([{ ...check, name: check.name.padEnd(16) }]))
  }
  const ok = checks.every(({ outcome }) => outcome !== 'failed')
  if (asJson) print(`${JSON.stringify({ version, ok, checks }, null, 2)}\n`)
  return ok ? 0 : 1
}

async function* examine(config: Config, seconds: number): AsyncGenerator<Check> {
  yield versionsCheck()
  const engine = engineCheck()
  yield engine
  const permission = permissionCheck()
  yield permission
  const kernel = kernelAnswers()
  yield await clockCheck(kernel)
  const store = await redisCheck(config)
  yield store
  const names = config.interface.length > 0 ? config.interface : await defaultInterfaces()
  const all = await listInterfaces()
  const canCapture = engine.outcome !== 'failed' && permission.outcome !== 'failed'
  const listening: Promise<Check>[] = []
  for (const name of new Set(names)) {
    const check = interfaceCheck(name, all)
    yield check
    if (check.outcome === 'failed') continue
    const loopback = all.find((each) => each.name === name)?.loopback === true
    if (!loopback && name !== 'any') yield await offloadsCheck(name, kernel)
    if (canCapture)
      listening.push(listenCheck({ name, loopback }, config.ports ?? LIVE_PORTS, seconds))
  }
  for (const check of listening) yield await check
  yield await ownHello(config, store)
}

/** The test hello. If the configured store is unreachable, it goes to memory and the check fails. */
async function ownHello(config: Config, storeCheck: Check): Promise<Check> {
  const isUnreachable = storeCheck.outcome === 'failed'
  const log = openEventLog({
    'log-format': 'text',
    'log-level': 'warn',
    isTerminal: false,
    write: () => undefined,
  })
  const limits = storeLimits(config)
  const store: Store = isUnreachable
    ? await openSightingStore(undefined, limits)
    : await openSightingStore(config.redis, limits)
  try {
    const check = await helloCheck(config, store, log)
    if (!isUnreachable || check.outcome === 'failed') return check
    return {
      name: check.name,
      outcome: 'failed',
      text: `captured, but not stored: the store is unreachable; in memory it was ${check.text}`,
      remedy: 'see the check of the store above',
    }
  } finally {
    await store.close()
    log.close()
  }
}
