import type { Config } from '../config.js'
import type { EventLog } from '../telemetry/event-log.js'
import type { TakeUserAgents } from './http-agents.js'
import type { SensorStatus } from './sensor-report.js'
import type { LinesSink } from './sinks.js'

/** What a sensor needs to run. */
export interface SensorOptions {
  readonly config: Config
  readonly log: EventLog
  /** Stops the capture. */
  readonly signal: AbortSignal
  readonly sink: LinesSink
  /** Whether the sink gets rows (model/row.ts) instead of lines. */
  readonly rows: boolean
  /** Takes User-Agents of plain HTTP; without it no plain HTTP is decoded. */
  readonly takeUserAgents?: TakeUserAgents | undefined
  /** Called when capture has started; `status` gives the state at the time of each call. */
  readonly onReady: (status: () => SensorStatus) => Promise<void> | void
}
