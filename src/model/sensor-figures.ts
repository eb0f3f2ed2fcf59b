import type { CounterName, Counters } from '../base/counters.js'
import type { Undecoded } from './undecoded.js'

/** What a sensor knows of one interface. */
export interface InterfaceFigures {
  readonly counters: Counters
  /** What was seen and not decoded. */
  readonly undecoded?: Undecoded
  /** Counters the engine cannot know, which are 0 for no reason: they get no sample. */
  readonly unknown?: readonly CounterName[]
  /** Bytes of the kernel's ring. */
  readonly ringBytes?: number
}

/** What a process of ours knows of itself. */
export interface ProcessFigures {
  /** Seconds since the Unix epoch at which it started. */
  readonly startedAt: number
  readonly cpuSeconds: number
  /** Undefined where the system does not tell, as without /proc. */
  readonly residentBytes: number | undefined
  /** Seconds by which its event loop was late in the last minute or two: the median, one in a hundred, the worst. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** What `/metrics` tells of the sensor. */
export interface SensorFigures {
  readonly capturing: boolean
  /** Times it was started again. */
  readonly restarts: number
  /** Seconds in which no sensor captured because one had ended. */
  readonly gapSeconds?: number
  readonly byInterface: Readonly<Record<string, InterfaceFigures>>
  readonly process?: ProcessFigures
  /** Whether the watch finds that flows come with their hellos. */
  readonly seesHellos?: boolean
}
