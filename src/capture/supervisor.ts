// Keeps one interface captured: starts the child, starts it again when it ends, and accounts for the time between.
// The first start tells what is wrong by an error; after a good one nothing but the signal ends it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Counters } from '../base/counters.js'
import {
  CAPTURE_QUEUE_OCTETS,
  CAPTURE_RING_OCTETS,
  HEARTBEAT_MILLIS,
  RESTART_FIRST_MILLIS,
  RESTART_MOST_MILLIS,
} from '../base/limits.js'
import type { ChildExit, GapReason } from './capture-child.js'
import { CaptureChild, OpenRefused } from './capture-child.js'
import { captureFilter } from './capture-filter.js'
import { interfaceState } from './interfaces.js'
import { noInterface, openFailure } from './open-failure.js'

/** A time in which an interface was not captured. */
export interface Gap {
  readonly interface: string
  readonly reason: GapReason
  /** When capturing stopped, milliseconds since the Unix epoch. */
  readonly startedAt: number
  readonly durationMs: number
}

/** What a live source captures, and whom it tells. */
export interface LiveOptions {
  readonly interface: string
  /** Ports the in-kernel filter lets through; none, all frames pass. */
  readonly ports: readonly number[]
  /** Whether the in-kernel filter passes tunnels: true unless said otherwise, since hellos may be inside. */
  readonly tunnels?: boolean
  /** Whether it passes all that servers send, which their certificates are in: false unless said otherwise. */
  readonly server?: boolean
  readonly counters: Counters
  /** Takes one line about an event an operator wants to know of. */
  readonly log: (line: string) => void
  /** Told when a gap is over. */
  readonly onGap?: (gap: Gap) => void
  /** Octets of the kernel's ring and of the child's queue. */
  readonly ringOctets?: number
  readonly queueOctets?: number
  /** Milliseconds between the child's signs of life. */
  readonly heartbeatMillis?: number
}

/** How often an interface that is down or missing is looked for, milliseconds. */
const LOOK_MILLIS = 100
/** Least milliseconds between two lines about the same gap. */
const REMIND_MILLIS = 60_000
/** A child that lived this long, milliseconds, starts the back-off anew. */
const STABLE_MILLIS = 10_000

const REASONS: Record<GapReason, string> = {
  'interface-down': 'went down',
  'interface-gone': 'is gone',
  'child-crashed': 'lost its capture process',
  'child-silent': 'lost its capture process, which stopped answering',
}

/** Keeps a capture child running for one interface. */
export class Supervisor {
  readonly #options: LiveOptions
  #first: CaptureChild | undefined
  #current: CaptureChild | undefined
  #vlan = true
  #backOff = RESTART_FIRST_MILLIS
  #startedAt = 0

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** Process number of the child that captures, if one does. */
  get pid(): number | undefined {
    return this.#current?.pid
  }

  /** Starts the first child. @throws CaptureError with the remedy */
  async open(): Promise<void> {
    if (this.#current !== undefined) return
    const name = this.#options.interface
    if (interfaceState(name) === 'missing') throw await noInterface(name)
    try {
      this.#first = await this.#start()
    } catch (error) {
      if (!(error instanceof OpenRefused)) throw error
      throw await openFailure(name, error.message, error.code)
    }
  }

  /**
   * The children, one after the other, until `signal` aborts; the next is started when the one before has ended.
   * @throws CaptureError on the first
   */
  async *children(signal: AbortSignal): AsyncGenerator<CaptureChild, void, void> {
    await this.open()
    let child = this.#first
    this.#first = undefined
    const stop = () => this.#current?.stop()
    signal.addEventListener('abort', stop)
    try {
      if (signal.aborted) stop()
      while (child !== undefined) {
        yield child
        const exit = await child.exited
        this.#current = undefined
        child = signal.aborted ? undefined : await this.#restart(exit, signal)
      }
    } finally {
      signal.removeEventListener('abort', stop)
      this.close()
    }
  }

  /** Ends the child, if one runs, without asking for what it holds. */
  close(): void {
    this.#current?.kill()
    this.#current = undefined
    this.#first = undefined
  }

  /** @throws OpenRefused */
  async #start(): Promise<CaptureChild> {
    const { interface: name, ports, tunnels = true, server = false, counters } = this.#options
    const start = () =>
      CaptureChild.start(
        {
          interface: name,
          filter: captureFilter(ports, { tunnels, server, vlan: this.#vlan }),
          ringOctets: this.#options.ringOctets ?? CAPTURE_RING_OCTETS,
          queueOctets: this.#options.queueOctets ?? CAPTURE_QUEUE_OCTETS,
          heartbeatMillis: this.#options.heartbeatMillis ?? HEARTBEAT_MILLIS,
        },
        (count) => (counters.capture_child_dropped += count),
      )
    try {
      this.#current = await start()
    } catch (error) {
      if (!(error instanceof OpenRefused) || !/VLAN support/.test(error.message)) throw error
      // libpcap tells so only when it compiles the filter for the link type, which nobody knows before
      this.#vlan = false
      this.#current = await start()
    }
    this.#startedAt = performance.now()
    return this.#current
  }

  /** Starts children until one captures. @returns undefined when `signal` aborted first */
  async #restart(exit: ChildExit, signal: AbortSignal): Promise<CaptureChild | undefined> {
    const { interface: name, counters, log } = this.#options
    const stable = exit.monotonicMillis - this.#startedAt >= STABLE_MILLIS
    this.#backOff = stable ? RESTART_FIRST_MILLIS : this.#backOff
    // a call, since the type checker takes a property read twice for unchanged
    const stopped = () => signal.aborted
    await this.#wait(signal)
    // a service manager may end the child at the same moment as it asks us to stop: that is no gap
    if (stopped()) return undefined

    counters.capture_child_crashes++
    counters.capture_gaps++
    log(`${name} ${REASONS[exit.reason]} (${exit.detail}): not captured until it is back`)
    let counted = exit.monotonicMillis
    const count = () => {
      const now = performance.now()
      counters.capture_gap_millis += Math.round(now) - Math.round(counted)
      counted = now
    }
    let remindedAt = performance.now()
    let child: CaptureChild | undefined
    for (;;) {
      try {
        if (interfaceState(name) !== 'missing') child = await this.#start()
      } catch (error) {
        if (!(error instanceof OpenRefused)) throw error
        if (performance.now() - remindedAt >= REMIND_MILLIS) {
          remindedAt = performance.now()
          log(`${name} is still not captured: ${error.message}`)
        }
      }
      count()
      if (child !== undefined || stopped()) break
      await this.#wait(signal)
    }
    const durationMs = Math.round(performance.now() - exit.monotonicMillis)
    this.#options.onGap?.({
      interface: name,
      reason: exit.reason,
      startedAt: exit.wallMillis,
      durationMs,
    })
    if (child !== undefined) log(`${name} is captured again, after ${durationMs / 1000} s`)
    if (!stopped()) return child
    child?.kill()
    return undefined
  }

  /** Waits out the back-off, which then doubles, or until the interface comes up. */
  async #wait(signal: AbortSignal): Promise<void> {
    const until = performance.now() + this.#backOff
    this.#backOff = Math.min(this.#backOff * 2, RESTART_MOST_MILLIS)
    let before = interfaceState(this.#options.interface)
    while (!signal.aborted && performance.now() < until) {
      await sleep(Math.min(LOOK_MILLIS, until - performance.now()), undefined, { signal }).catch(
        () => undefined,
      )
      const now = interfaceState(this.#options.interface)
      if (now === 'up' && before !== 'up') return
      before = now
    }
  }
}
