import { randomInt } from 'node:crypto'
import type { Counters } from '../base/counters.js'
import { newCounters } from '../base/counters.js'
import { CaptureError } from '../capture/capture-error.js'
import { defaultInterfaces } from '../capture/interfaces.js'
import { LiveSource } from '../capture/live-source.js'
import type { Config } from '../config.js'
import { LIVE_PORTS } from '../config.js'
import { Pipeline } from '../pipeline.js'
import { log } from './log.js'

/** What a sensor can say of itself, for `/healthz`. */
export interface SensorStatus {
  readonly interfaces: readonly string[]
  readonly counters: Counters
}

/** Milliseconds between two looks at hellos whose server is silent, while no frames come that would tell the time. */
const EXPIRE_MS = 1000

/** Takes JSON lines, done with the octets when it returns; a promise asks the capture to wait. */
export type LinesSink = (lines: Uint8Array) => Promise<void> | void

/**
 * Captures on the configured interfaces until `signal` stops it, handing finished sightings to `sink`.
 * One pipeline an interface: a flow is never looked for across two.
 * An interface that cannot be opened is named and left out.
 * @throws CaptureError when none can be opened
 */
export async function runSensor(
  config: Config,
  sink: LinesSink,
  signal: AbortSignal,
  onReady: (status: SensorStatus) => void,
): Promise<void> {
  const wanted = config.interface.length > 0 ? config.interface : await defaultInterfaces()
  if (wanted.length === 0)
    throw new CaptureError(
      'NO_INTERFACE',
      'no interface to capture on: name one with -i; `hellotap interfaces` lists them',
    )
  const names = [...new Set(wanted)]
  const counters = newCounters()
  const ports = config.ports ?? LIVE_PORTS
  const failures: CaptureError[] = []
  const opened: { name: string; source: LiveSource }[] = []
  for (const name of names) {
    const source = new LiveSource({ interface: name, ports, server: config.server, counters, log })
    try {
      await source.open()
      opened.push({ name, source })
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (opened.length === 0 && first !== undefined) throw first
  for (const failure of failures) log(`hellotap: ${failure.message}`)
  onReady({ interfaces: opened.map(({ name }) => name), counters })
  await Promise.all(
    opened.map(async ({ name, source }) => {
      const pipeline = new Pipeline(
        {
          ports: new Set(ports),
          fingerprints: config.fingerprints === undefined ? 'all' : new Set(config.fingerprints),
          keepHello: true,
          communityId: true,
          sensor: config.sensor,
          server: config.server,
          seed: randomInt(2 ** 47),
        },
        counters,
      )
      pipeline.setOrigin({ interface: name })
      const { lines } = pipeline
      const hand = async (): Promise<void> => {
        const { len } = lines
        if (len === 0) return
        lines.len = 0
        await sink(lines.bytes.subarray(0, len))
      }
      const timer = setInterval(() => {
        pipeline.expire(Date.now() * 1000)
        // a sink that fails says so again to the next block's lines
        hand().catch(() => undefined)
      }, EXPIRE_MS)
      try {
        for await (const block of source.blocks(signal)) {
          pipeline.take(block)
          await hand()
        }
        pipeline.flush()
        await hand()
      } finally {
        clearInterval(timer)
      }
    }),
  )
}
