import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SensorFigures } from '../model/sensor-figures.js'
import type { Config } from '../config.js'
import { handConfig } from '../config.js'
import type { Store } from '../store/contract.js'
import { wholeRows } from '../model/row.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault } from '../telemetry/event-log.js'
import { HttpEvidence, userAgentsOf } from './http-agents.js'
import { nodeArguments } from './privilege-separation.js'
import type { RelayedEvent } from './relayed-event.js'
import { relay, relayedEvent } from './relayed-event.js'
import type { SensorStatus } from './sensor-report.js'
import { knownCounters } from './sensor-report.js'
import { seesHellos } from './capture-health.js'

/** Milliseconds before a sensor that ended is restarted: doubled after each short run, up to the maximum. */
const RESTART_MILLIS = 250
const MAX_RESTART_MILLIS = 10_000
/** Milliseconds from which on a run is not short. */
const STEADY_MILLIS = 30_000

/** Characters kept of an unfinished line of the sensor's stderr. */
const MAX_LINE = 65_536
/** Maximum length of a row, bytes: a hello of 64 KiB, its fingerprints and a certificate. */
const MAX_ROW = 4 << 20
/** Maximum of events held back until the sensor captures. */
const MAX_EARLY_EVENTS = 64

/** The supervised sensor: a child process that runs `capture --stdout --rows`. Its rows go into the store. */
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
  /** When the sensor ended, if it is not restarted yet (monotonic clock); and the length of former gaps. Milliseconds. */
  #endedAt: number | undefined
  #gapMillis = 0
  #settle: () => void = () => undefined
  /** Resolves when the first start has succeeded or failed. */
  readonly settled = new Promise<void>((resolve) => (this.#settle = resolve))

  /** @param tap takes the same rows as the store */
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

  /** The figures for `/metrics`. */
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

  /** Runs and restarts the sensor until `signal` aborts. Returns early if its first start fails. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#keep(signal)
    } finally {
      await this.#evidence.close()
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const isStopped = () => signal.aborted
    let pause = RESTART_MILLIS
    while (!isStopped()) {
      const startedAt = Date.now()
      const { code, last } = await this.#once(signal)
      const everStarted = this.#latest !== undefined
      this.#capturing = false
      this.#reason = last
      this.#settle()
      if (isStopped() || !everStarted) return
      this.#endedAt ??= performance.now()
      if (Date.now() - startedAt > STEADY_MILLIS) pause = RESTART_MILLIS
      this.#restarts++
      this.#log.error(
        'sensor-ended',
        `the sensor ended (${code}); starting it again in ${pause} ms`,
        { code, restarts: this.#restarts, pause_millis: pause },
      )
      await sleep(pause, undefined, { signal }).catch(() => undefined)
      pause = Math.min(pause * 2, MAX_RESTART_MILLIS)
    }
  }

  async #once(signal: AbortSignal): Promise<{ code: string; last: string }> {
    const child = this.#spawn()
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    let last = 'the sensor ended without an error message'
    // The last event is the reason of a failed start. Earlier events are logged once the sensor captures.
    const early: RelayedEvent[] = []
    if (child.stderr !== null)
      eachLine(child.stderr, (line) => {
        const event = relayedEvent(line)
        last = event.sentence
        // This process logs the start of the capture itself.
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
      // This process applies privacy, stores sightings and serves metrics.
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
    return spawn(process.execPath, [...nodeArguments(), main, 'capture', '--stdout', '--rows'], {
      env: handConfig(config),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C reaches only this process, which stops the sensor in order.
      detached: true,
    })
  }

  /**
   * Puts complete rows into the store; an incomplete row waits for its end. Back-pressure reaches the sensor through its pipe.
   * The sensor parses hostile bytes, so its output is not trusted: invalid output ends the sensor, not this process.
   */
  async #takeRows(child: ChildProcess): Promise<void> {
    let rest = Buffer.alloc(0)
    for await (const chunk of child.stdout ?? []) {
      const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
      const end = wholeRows(bytes)
      rest = Buffer.from(bytes.subarray(end))
      if (rest.length > MAX_ROW) {
        this.#log.error('sensor-row', 'invalid sensor output; restarting the sensor')
        child.kill('SIGKILL')
        return
      }
      if (end > 0) this.#tap?.(bytes.subarray(0, end))
      if (end > 0 && !this.#store.put(bytes.subarray(0, end))) await this.#store.room()
    }
  }
}

/** Calls `take` with each line, also with an unfinished last line. Long lines are cut. */
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
