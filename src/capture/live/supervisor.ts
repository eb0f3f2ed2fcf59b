// Keeps one interface captured: starts the child, starts it again when it ends, and accounts for the time between.
// The first start tells what is wrong by an error; after a good one nothing but the signal ends it.

import { isAnyPort } from '../../model/ports.js'
import { closeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CAPTURE_QUEUE_BYTES,
  CAPTURE_RING_BYTES,
  CAPTURE_TIMEOUT_MILLIS,
  HEARTBEAT_MILLIS,
  RESTART_FIRST_MILLIS,
  RESTART_MOST_MILLIS,
  SNAPLEN,
} from '../../base/limits.js'
import type { ChildExit, ChildListener, NativeParts } from './capture-child.js'
import { CaptureChild, OpenRefused } from './capture-child.js'
import { CaptureError } from '../capture-error.js'
import { REQUEST_BYTES, captureFilter } from '../filter/capture-filter.js'
import type { EngineName, Losses } from './child-message.js'
import type { Engine } from './engine.js'
import { chooseEngine } from './engine.js'
import { Gaps } from './gaps.js'
import { interfaceState } from './interfaces.js'
import type { LiveOptions } from './live-options.js'
import { LossLog } from './loss-log.js'
import { noInterface, openFailure } from './open-failure.js'

/** How often an interface that is down or missing is looked for, milliseconds. */
const LOOK_MILLIS = 100
/** Least milliseconds between two lines about the same gap. */
const REMIND_MILLIS = 60_000
/** A child that lived this long, milliseconds, starts the back-off anew. */
const STABLE_MILLIS = 10_000

/** Keeps a capture child running for one interface. */
export class Supervisor {
  readonly #options: LiveOptions
  readonly #gaps: Gaps
  readonly #lossLog: LossLog
  readonly #listener: ChildListener = {
    onLost: (losses) => this.#onLost(losses),
    onDown: () => this.#onDown(),
    onUp: () => this.#gaps.end(true),
  }
  #engine: Engine | undefined
  #native: NativeParts | undefined
  #ports: readonly number[]
  #first: CaptureChild | undefined
  #current: CaptureChild | undefined
  #backOff = RESTART_FIRST_MILLIS
  #startedAt = 0
  #saidUnlimited = false
  #lost = 0

  constructor(options: LiveOptions) {
    this.#options = options
    this.#ports = options.ports
    const { interface: name, counters, log, onGap } = options
    this.#gaps = new Gaps(name, counters, log, onGap)
    this.#lossLog = new LossLog(name, log)
  }

  /** Process number of the child that captures, if one does. */
  get pid(): number | undefined {
    return this.#current?.pid
  }

  get engine(): EngineName | undefined {
    return this.#engine?.name
  }

  /** Frames lost, as far as they were told of; undefined where the engine cannot know. */
  get dropped(): number | undefined {
    return this.#engine?.name === 'native' ? this.#lost : undefined
  }

  /** Starts the first child. @throws CaptureError with the remedy */
  async open(): Promise<void> {
    if (this.#current !== undefined) return
    const { interface: name, engine, queueBytes = CAPTURE_QUEUE_BYTES } = this.#options
    if (interfaceState(name) === 'missing') throw await noInterface(name)
    this.#engine ??= chooseEngine(engine)
    if (this.#engine.name === 'cap' && this.#options.fanoutGroup !== undefined)
      throw new CaptureError(
        'ENGINE_FAILED',
        `npm cap cannot share ${name} among several processes: leave --fanout out, or use --engine native`,
      )
    if (this.#engine.name === 'native') {
      const { addon } = this.#engine
      this.#native ??= {
        addon,
        memory: addon.createMemory(queueBytes),
        launcher: this.#options.launcher,
      }
    }
    try {
      this.#first = await this.#start()
    } catch (error) {
      if (!(error instanceof OpenRefused)) throw error
      const insteadOf = this.#engine.name === 'cap' ? this.#engine.insteadOf : undefined
      throw await openFailure(name, error.message, error.code, insteadOf)
    }
  }

  /** Replaces the ports the in-kernel filter lets through. */
  watch(ports: readonly number[]): void {
    this.#ports = ports
    this.#current?.setFilter(this.#filter())
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
      this.#gaps.end(false)
      this.#lossLog.close()
      this.close()
    }
  }

  /** Ends the child, if one runs, without asking for what it holds. */
  close(): void {
    this.#current?.kill()
    this.#current = undefined
    this.#first = undefined
    if (this.#native !== undefined) closeSync(this.#native.memory.fd)
    this.#native = undefined
  }

  #filter(): string {
    const { tunnels = true, tunnelPorts = [], server = false, httpPorts = [] } = this.#options
    return captureFilter(this.#ports, { tunnels, tunnelPorts, server, httpPorts })
  }

  /** @throws OpenRefused */
  async #start(): Promise<CaptureChild> {
    const options = this.#options
    this.#current = await CaptureChild.start(
      {
        interface: options.interface,
        filter: this.#filter(),
        flowLimit: options.flowLimit ?? 0,
        starts: options.starts && [
          ...options.starts,
          ...(options.httpPorts?.length ? REQUEST_BYTES : []),
        ],
        ...(isAnyPort(this.#ports) && options.starts !== undefined
          ? {
              closeLook: {
                server: options.server ?? false,
                requests: (options.httpPorts ?? []).length > 0,
              },
            }
          : {}),
        snaplen: options.snaplen ?? SNAPLEN,
        ringBytes: options.ringBytes ?? CAPTURE_RING_BYTES,
        queueBytes: options.queueBytes ?? CAPTURE_QUEUE_BYTES,
        timeoutMillis: options.timeoutMillis ?? CAPTURE_TIMEOUT_MILLIS,
        immediate: options.immediate ?? false,
        fanoutGroup: options.fanoutGroup ?? -1,
        heartbeatMillis: options.heartbeatMillis ?? HEARTBEAT_MILLIS,
      },
      this.#native,
      this.#listener,
    )
    this.#startedAt = performance.now()
    this.#sayUnlimited(this.#current.unlimited)
    return this.#current
  }

  #sayUnlimited(reason: string | undefined): void {
    if (reason === undefined || this.#saidUnlimited) return
    this.#saidUnlimited = true
    this.#options.log(
      `${this.#options.interface}: the kernel does not limit flows (${reason}): all that the filter passes is captured; ` +
        'CAP_BPF would let it, --flow-limit 0 does without',
    )
  }

  #onLost({ child, kernel = 0, interface: outside = 0 }: Losses): void {
    const { counters } = this.#options
    counters.capture_child_dropped += child
    counters.capture_kernel_dropped += kernel
    counters.capture_interface_dropped += outside
    const lost = child + kernel + outside
    this.#lost += lost
    this.#lossLog.add(lost)
    this.#gaps.count()
  }

  #onDown(): void {
    this.#gaps.begin({
      reason: 'interface-down',
      detail: '',
      wallMillis: Date.now(),
      monotonicMillis: performance.now(),
    })
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
    this.#gaps.begin(exit)
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
      this.#gaps.count()
      if (child !== undefined || stopped()) break
      await this.#wait(signal)
    }
    this.#gaps.end(child !== undefined)
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
