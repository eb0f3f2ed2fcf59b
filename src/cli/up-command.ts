import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { SensorFigures } from '../api/metrics.js'
import type { Config } from '../config.js'
import { LIVE_PORTS } from '../config.js'
import { openStore } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { limitsOf, sightingsOf } from './capture-command.js'
import { log } from './log.js'
import { configOf } from './options.js'
import type { SensorStatus } from './sensor-report.js'
import { startServing } from './serving.js'
import { stopSignal } from './stop-signal.js'

/** Milliseconds before a sensor that died is started again; doubled with each death in a row, up to the second. */
const RESTART_MS = 250
const RESTART_MOST_MS = 10_000
/** Milliseconds a sensor has lived after which its death is a new one, not one in a row. */
const STEADY_MS = 30_000

/**
 * `up`: sensor, store and API on one machine. The sensor is a process of its own: parsing hostile octets keeps off the
 * API's event loop, and its death is a restart, not the end. Exit 0 when stopped, 1 when nothing useful can run.
 */
export async function up(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const signal = stopSignal()
  const store = await openStore(config.redis, limitsOf(config))
  try {
    const sensor = new SensorProcess(config, store)
    const serving = await startServing(config, store, () => ({ sensor: sensor.status }), {
      sensor: () => sensor.figures,
    })
    const sensing = sensor.run(signal)
    await sensor.settled
    greet(config, sensor.status, serving.urls)
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined)
      else signal.addEventListener('abort', resolve, { once: true })
    })
    // what was seen is stored first: the sensor ends, its last lines are put, then the API goes
    await sensing
    await store.drain()
    await serving.close()
  } finally {
    await store.close()
  }
  return 0
}

function greet(config: Config, status: SensorProcess['status'], urls: readonly string[]): void {
  const ports = config.ports ?? LIVE_PORTS
  log('')
  if (status.capturing)
    log(`  capturing on ${status.interfaces.join(', ')}, TCP ports ${ports.join(', ')}`)
  else log(`  NOT capturing: ${status.reason}`)
  log(
    `  keeping      ${config.redis === undefined ? 'in memory' : 'in Redis'} for ${config.ttl / 3600} h`,
  )
  for (const url of urls) log(`  serving      ${url}`)
  const https = urls.find((url) => url.startsWith('https:'))
  const watched = https !== undefined && ports.includes(Number(new URL(https).port || 443))
  if (https !== undefined && status.capturing && watched) {
    log('')
    log(`  try          curl -k ${https}/fps`)
    log(`               or open ${https}/ in a browser (its certificate is self-signed)`)
  } else if (https !== undefined && !watched)
    log(
      `  lacking      port ${new URL(https).port} is not watched: add it to --ports to see your own hello`,
    )
  log('')
}

/** The supervised sensor: a child that runs `capture --stdout`, whose lines go into the store. */
class SensorProcess {
  readonly #config: Config
  readonly #store: Store
  #latest: SensorStatus | undefined
  #reason = 'the sensor has not started yet'
  #restarts = 0
  #capturing = false
  #settle: () => void = () => undefined
  /** Resolves when the first start has come to something, good or bad. */
  readonly settled = new Promise<void>((resolve) => (this.#settle = resolve))

  constructor(config: Config, store: Store) {
    this.#config = config
    this.#store = store
  }

  get status() {
    return {
      capturing: this.#capturing,
      interfaces: this.#latest?.interfaces ?? [],
      restarts: this.#restarts,
      ...(this.#capturing ? {} : { reason: this.#reason }),
      ...(this.#latest === undefined ? {} : { counters: this.#latest.counters }),
    }
  }

  /** What `/metrics` tells of it. */
  get figures(): SensorFigures {
    const { byInterface = {}, process } = this.#latest ?? {}
    return {
      capturing: this.#capturing,
      restarts: this.#restarts,
      byInterface,
      ...(process === undefined || !this.#capturing ? {} : { process }),
    }
  }

  /** Keeps a sensor alive until `signal`; gives up only on one that could never start. */
  async run(signal: AbortSignal): Promise<void> {
    const isStopped = () => signal.aborted
    let pause = RESTART_MS
    while (!isStopped()) {
      const startedAt = Date.now()
      const { code, last } = await this.#once(signal)
      const everStarted = this.#latest !== undefined
      this.#capturing = false
      this.#reason = last
      this.#settle()
      if (isStopped() || !everStarted) return
      if (Date.now() - startedAt > STEADY_MS) pause = RESTART_MS
      this.#restarts++
      log(`hellotap: the sensor ended (${code}); starting it again in ${pause} ms`)
      await sleep(pause, signal)
      pause = Math.min(pause * 2, RESTART_MOST_MS)
    }
  }

  async #once(signal: AbortSignal): Promise<{ code: string; last: string }> {
    const child = this.#spawn()
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    let last = 'the sensor ended without a word'
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter((line) => line !== '')) {
        last = line.replace(/^hellotap: /, '')
        // the first start's troubles are told by the greeting
        if (this.#capturing) log(line)
      }
    })
    child.on('message', (status) => {
      this.#latest = status as SensorStatus
      this.#capturing = true
      this.#settle()
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, name) => resolve(name ?? `exit code ${code ?? 'unknown'}`))
    })
    await this.#takeLines(child)
    const code = await ended
    signal.removeEventListener('abort', stop)
    return { code, last }
  }

  #spawn(): ChildProcess {
    const config = this.#config
    const args = ['capture', '--stdout', '--ports', (config.ports ?? LIVE_PORTS).join(',')]
    // ours tells its figures too
    args.push('--metrics-port', '0')
    if (config.fingerprints !== undefined)
      args.push('--fingerprints', config.fingerprints.join(','))
    if (config.server) args.push('--server')
    if (config.sensor !== undefined) args.push('--sensor', config.sensor)
    if (config.interface.length > 0) args.push('--interface', ...config.interface)
    const main = new URL('./main.js', import.meta.url).pathname
    return spawn(process.execPath, [...process.execArgv, main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // its own process group: Ctrl-C reaches us alone, and we stop it in order
      detached: true,
    })
  }

  /** Puts the sightings of complete lines; a rest waits for its end. Back-pressure reaches the sensor by its pipe. */
  async #takeLines(child: ChildProcess): Promise<void> {
    let rest = Buffer.alloc(0)
    for await (const chunk of child.stdout ?? []) {
      const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
      const end = bytes.lastIndexOf(10) + 1
      rest = Buffer.from(bytes.subarray(end))
      if (end > 0 && !this.#store.put(sightingsOf(bytes.subarray(0, end))))
        await this.#store.drain()
    }
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
