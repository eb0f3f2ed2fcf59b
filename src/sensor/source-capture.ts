import { randomInt } from 'node:crypto'
import type { Counters } from '../base/counters.js'
import type { LiveSource } from '../capture/live/live-source.js'
import { LIVE_PORTS } from '../config.js'
import { tunnelPortsOf } from '../model/tunnel-port.js'
import { Pipeline } from '../pipeline.js'
import { StampShift } from './clock-steps.js'
import type { OpenInterface } from './open-interfaces.js'
import type { SensorOptions } from './sensor-options.js'

/** Milliseconds between two checks for hellos whose server is silent: without frames, no packet time advances. */
const EXPIRE_MILLIS = 1_000

/** Captures from one source through a pipeline of its own: no flow spans two sources. */
export class SourceCapture {
  readonly #options: SensorOptions
  readonly #source: LiveSource
  readonly #counters: Counters
  readonly #pipeline: Pipeline
  readonly #stamps = new StampShift()

  constructor(options: SensorOptions, source: LiveSource, opened: OpenInterface) {
    const { config, rows } = options
    const httpPorts = config['http-ports']
    this.#options = options
    this.#source = source
    this.#counters = opened.counters
    this.#pipeline = new Pipeline(
      {
        ports: new Set(config.ports ?? LIVE_PORTS),
        fingerprints: config.fingerprints === undefined ? 'all' : new Set(config.fingerprints),
        keepHello: true,
        communityId: true,
        sightingId: true,
        rows,
        sensor: config.sensor,
        server: config.server,
        ...(httpPorts.length === 0 ? {} : { httpPorts: new Set(httpPorts) }),
        undecoded: opened.undecoded,
        tunnelPorts: tunnelPortsOf(config['tunnel-port']),
        seed: randomInt(2 ** 47),
      },
      opened.counters,
    )
    this.#pipeline.setOrigin({ interface: opened.name })
  }

  /** Shifts all remembered times by `millis`, since the wall clock was set by that much. */
  shiftTime(millis: number): void {
    this.#pipeline.shiftTime(millis * 1000)
    this.#stamps.step(millis)
  }

  /**
   * Captures until the signal of the options aborts.
   * @param nowMicros the wall clock, microseconds since the epoch
   */
  async run(nowMicros: () => number): Promise<void> {
    const { signal, takeUserAgents } = this.#options
    const pipeline = this.#pipeline
    const { userAgents } = pipeline
    const timer = setInterval(() => {
      pipeline.expire(nowMicros())
      // A sink that fails rejects the next block's lines too, and that rejection ends the capture.
      Promise.resolve()
        .then(() => this.#writeLines())
        .catch(() => undefined)
    }, EXPIRE_MILLIS)
    try {
      for await (const block of this.#source.blocks(signal)) {
        this.#stamps.apply(block, nowMicros())
        pipeline.take(block)
        if (userAgents.length > 0) takeUserAgents?.(userAgents.splice(0))
        const written = this.#writeLines()
        if (written !== undefined) await written
      }
      pipeline.flush()
      await this.#writeLines()
    } finally {
      clearInterval(timer)
    }
  }

  #writeLines(): Promise<void> | void {
    const { lines } = this.#pipeline
    const { len } = lines
    if (len === 0) return
    lines.len = 0
    return this.#options.sink(lines.bytes.subarray(0, len), this.#counters)
  }
}
