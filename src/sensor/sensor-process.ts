import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { NO_INSPECTOR } from '../capture/live/no-inspector.js'
import type { SensorFigures } from '../model/sensor-figures.js'
import type { Config } from '../config.js'
import { handConfig } from '../config.js'
import type { Store } from '../store/contract.js'
import { wholeRows } from '../model/row.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault } from '../telemetry/event-log.js'
import { HttpEvidence, userAgentsOf } from './http-agents.js'
import type { RelayedEvent } from './relayed-event.js'
import { relay, relayedEvent } from './relayed-event.js'
import type { SensorStatus } from './sensor-report.js'
import { knownCounters } from './sensor-report.js'
import { seesHellos } from './capture-health.js'

/** Milliseconds before a sensor that died is started again; doubled with each death in a row, up to the second. */
const RESTART_MS = 250
const RESTART_MOST_MS = 10_000
/** Milliseconds a sensor has lived after which its death is a new one, not one in a row. */
const STEADY_MS = 30_000

/** Characters of a line without an end that are kept of the sensor's stderr. */
const MAX_LINE = 65_536
/** Bytes of a row at most: a hello of 64 KiB, its fingerprints and a certificate. */
const MAX_ROW = 4 << 20
/** Events kept of a sensor that does not capture yet. */
const MAX_EARLY_EVENTS = 64

/** The supervised sensor: a child that runs `capture --stdout`, whose lines go into the store. */
export class SensorProcess {
  readonly #config: Config
  readonly #store: Store
  readonly #log: EventLog
  readonly #tap: ((lines: Uint8Array) => void) | undefined
  readonly #evidence: HttpEvidence
  #latest: SensorStatus | undefined
  #reason = 'the sensor has not started yet'
  #restarts = 0
  #capturing = false
  /** When the sensor ended that is not replaced yet, by the monotonic clock; and how long others were, milliseconds. */
  #endedAt: number | undefined
  #gapMillis = 0
  #settle: () => void = () => undefined
  /** Resolves when the first start has come to something, good or bad. */
  readonly settled = new Promise<void>((resolve) => (this.#settle = resolve))

  /** @param tap takes the same lines as the store, such as a history */
  constructor(config: Config, store: Store, log: EventLog, tap?: (lines: Uint8Array) => void) {
    this.#tap = tap
    this.#config = config
    this.#store = store
    this.#log = log
    this.#evidence = new HttpEvidence(store, (error) => logFault(log, 'user-agent-lost', error))
  }

  get status() {
    return {
      capturing: this.#capturing,
      interfaces: this.#latest?.interfaces ?? [],
      restarts: this.#restarts,
      gap_millis: this.#gap(),
      ...(this.#capturing ? {} : { reason: this.#reason }),
      ...(this.#latest === undefined
        ? {}
        : { counters: knownCounters(this.#latest), watch: this.#latest.watch }),
    }
  }

  /** What `/metrics` tells of it. */
  get figures(): SensorFigures {
    const { byInterface = {}, process, watch } = this.#latest ?? {}
    return {
      capturing: this.#capturing,
      restarts: this.#restarts,
      gapSeconds: this.#gap() / 1000,
      byInterface,
      ...(process === undefined || !this.#capturing ? {} : { process }),
      ...(watch === undefined || !this.#capturing ? {} : { seesHellos: seesHellos(watch) }),
    }
  }

  /** Milliseconds without a sensor since the first one captured. */
  #gap(): number {
    const now = this.#endedAt === undefined ? 0 : performance.now() - this.#endedAt
    return Math.round(this.#gapMillis + now)
  }

  /** Keeps a sensor alive until `signal`; gives up only on one that could never start. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#keep(signal)
    } finally {
      await this.#evidence.close()
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
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
      this.#endedAt ??= performance.now()
      if (Date.now() - startedAt > STEADY_MS) pause = RESTART_MS
      this.#restarts++
      this.#log.error(
        'sensor-ended',
        `the sensor ended (${code}); starting it again in ${pause} ms`,
        { code, restarts: this.#restarts, pause_millis: pause },
      )
      await sleep(pause, signal)
      pause = Math.min(pause * 2, RESTART_MOST_MS)
    }
  }

  async #once(signal: AbortSignal): Promise<{ code: string; last: string }> {
    const child = this.#spawn()
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    let last = 'the sensor ended without a word'
    // what a first start fails by is told as the reason; what it left out, once it captures
    const early: RelayedEvent[] = []
    if (child.stderr !== null)
      eachLine(child.stderr, (line) => {
        const event = relayedEvent(line)
        last = event.sentence
        // that it captures is for us to say
        if (event.event === 'capturing') return
        if (this.#capturing) relay(this.#log, event)
        else if (early.length < MAX_EARLY_EVENTS) early.push(event)
      })
    child.on('message', (status) => {
      const userAgents = userAgentsOf(status)
      if (userAgents !== undefined) {
        this.#evidence.take(userAgents)
        return
      }
      for (const event of early.splice(0)) relay(this.#log, event)
      this.#latest = status as SensorStatus
      if (this.#endedAt !== undefined) {
        const gap = Math.round(performance.now() - this.#endedAt)
        this.#gapMillis += gap
        this.#endedAt = undefined
        const where = this.#latest.interfaces.join(', ')
        this.#log.info('capturing', `capturing again on ${where}, after ${gap / 1000} s`, {
          gap_millis: gap,
        })
      }
      this.#capturing = true
      this.#settle()
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, name) => resolve(name ?? `exit code ${code ?? 'unknown'}`))
    })
    await this.#takeRows(child)
    const code = await ended
    signal.removeEventListener('abort', stop)
    return { code, last }
  }

  #spawn(): ChildProcess {
    const config: Config = {
      ...this.#config,
      // the store of this process applies privacy, keeps sightings and serves figures
      'privacy-address': 'full',
      'privacy-sni': 'on',
      redis: undefined,
      history: undefined,
      output: [],
      format: undefined,
      'metrics-port': 0,
      'log-format': 'json',
    }
    const main = fileURLToPath(import.meta.resolve('#package/dist/cli/start.js'))
    return spawn(
      process.execPath,
      [...new Set([...process.execArgv, ...NO_INSPECTOR]), main, 'capture', '--stdout', '--rows'],
      {
        env: handConfig(config),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // its own process group: Ctrl-C reaches us alone, and we stop it in order
        detached: true,
      },
    )
  }

  /**
   * Puts whole rows; a rest waits for its end. Back-pressure reaches the sensor by its pipe. The sensor parses hostile
   * bytes: what it prints is not trusted to end us, and a sensor that prints no rows is ended.
   */
  async #takeRows(child: ChildProcess): Promise<void> {
    let rest = Buffer.alloc(0)
    for await (const chunk of child.stdout ?? []) {
      const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
      const end = wholeRows(bytes)
      rest = Buffer.from(bytes.subarray(end))
      if (rest.length > MAX_ROW) {
        this.#log.error('sensor-row', 'the sensor printed what is no sighting; it is started again')
        child.kill('SIGKILL')
        return
      }
      if (end > 0) this.#tap?.(bytes.subarray(0, end))
      if (end > 0 && !this.#store.put(bytes.subarray(0, end))) await this.#store.room()
    }
  }
}

/** Calls `take` with each line, the last one too where it has no end; a line too long is cut. */
function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, MAX_LINE)
    for (const line of lines) if (line !== '') take(line)
  })
  stream.on('end', () => {
    if (rest !== '') take(rest)
  })
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
