import type { CounterName, Counters } from '../base/counters.js'
import type { Undecoded } from './undecoded.js'

/** The figures of one interface. */
export interface InterfaceFigures {
  readonly counters: Counters
  /** Traffic that was not decoded. */
  readonly undecoded?: Undecoded
  /** Counters that the engine cannot provide. Their value 0 is not reported. */
  readonly unknown?: readonly CounterName[]
  /** Bytes of the kernel's ring. */
  readonly ringBytes?: number
}

/** The figures of a process of hellotap. */
export interface ProcessFigures {
  /** Seconds since the Unix epoch at which it started. */
  readonly startedAt: number
  readonly cpuSeconds: number
  /** Undefined if the system does not provide it, as without /proc. */
  readonly residentBytes: number | undefined
  /** Event loop delay in the last one to two minutes, seconds: median, 99th percentile, maximum. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** The figures of the sensor for `/metrics`. */
export interface SensorFigures {
  readonly capturing: boolean
  /** Number of restarts. */
  readonly restarts: number
  /** Seconds in which no sensor captured because one had ended. */
  readonly gapSeconds?: number
  readonly byInterface: Readonly<Record<string, InterfaceFigures>>
  readonly process?: ProcessFigures
  /** Whether no interface misses hellos. */
  readonly seesHellos?: boolean
}
