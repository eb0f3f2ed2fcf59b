// Checks every few seconds what each interface captured in the last minute, and logs each problem once.

import type { CounterName, Counters } from '../base/counters.js'
import { interfaceFrames } from '../capture/live/interfaces.js'
import type { UndecodedTraffic } from '../model/undecoded.js'
import type { EventLog } from '../telemetry/event-log.js'
import type { Finding, State } from '../telemetry/diagnosis.js'
import { connectionsOf, judge } from '../telemetry/diagnosis.js'
import { count } from '../telemetry/log.js'

/** Milliseconds between two checks. */
export const CHECK_MILLIS = 5_000
/** Checks that are compared with the latest one: a minute. */
const CHECKS_KEPT = 12
/** Equal findings in a row before a problem is reported: a hello comes later than its SYN. */
const EQUAL_FINDINGS = 2
/** Milliseconds before a problem of an interface is logged again. */
const LOG_AGAIN_MILLIS = 3_600_000

/** The health of an interface's capture, for `/healthz`. */
export interface InterfaceState {
  readonly state: State
  /** Possible causes, the likeliest first; absent without a problem. */
  readonly why?: readonly string[]
  /** Hellos and connections of watched ports in the last minute; connections are counted by their SYNs. */
  readonly hellos: number
  readonly connections: number
}

/** An interface that is captured. */
export interface Captured {
  readonly name: string
  readonly counters: Counters
  readonly undecoded?: UndecodedTraffic
  readonly isLoopback: boolean
}

interface Check {
  readonly counters: Counters
  readonly frames: number | undefined
}

/** States that are problems. */
const BAD: ReadonlySet<State> = new Set<State>(['silent', 'not-watched', 'no-hellos', 'few-hellos'])

/** The health of one interface's capture. */
export class InterfaceHealth {
  readonly #captured: Captured
  readonly #ports: readonly number[]
  readonly #log: EventLog
  readonly #frames: () => number | undefined
  readonly #checks: Check[]
  readonly #loggedAt = new Map<State, number>()
  #state: InterfaceState = { state: 'quiet', hellos: 0, connections: 0 }
  #found: State = 'quiet'
  #timesFound = 0
  #logged: State = 'ok'

  /** @param frames frames that the operating system counted on the interface */
  constructor(
    captured: Captured,
    ports: readonly number[],
    log: EventLog,
    frames: () => number | undefined = () => interfaceFrames(captured.name),
  ) {
    this.#captured = captured
    this.#ports = ports
    this.#log = log
    this.#frames = frames
    this.#checks = [{ counters: { ...captured.counters }, frames: frames() }]
  }

  get state(): InterfaceState {
    return this.#state
  }

  /** Compares the counters with those of a minute ago. @param now milliseconds of a monotonic clock */
  check(now: number): void {
    const latest = { counters: { ...this.#captured.counters }, frames: this.#frames() }
    const [first = latest] = this.#checks
    const isLong = this.#checks.length >= CHECKS_KEPT
    this.#checks.push(latest)
    if (isLong) this.#checks.shift()
    const counters = difference(latest.counters, first.counters)
    const frames =
      latest.frames === undefined || first.frames === undefined
        ? undefined
        : latest.frames - first.frames
    const finding = judge({
      counters,
      frames,
      ports: this.#ports,
      isLong,
      undecoded: this.#captured.undecoded?.snapshot(),
    })
    this.#timesFound = finding.state === this.#found ? this.#timesFound + 1 : 1
    this.#found = finding.state
    // Loopback is captured for callers on this machine: its silence is no problem.
    const isIdle = finding.state === 'silent' || finding.state === 'not-watched'
    const state = this.#captured.isLoopback && isIdle ? 'quiet' : finding.state
    if (this.#timesFound < EQUAL_FINDINGS && state !== 'ok') return
    this.#state = {
      state,
      ...(state === finding.state && finding.why.length > 0 ? { why: finding.why } : {}),
      hellos: counters.hellos,
      connections: connectionsOf(counters),
    }
    this.#logChange({ state, why: finding.why }, now)
  }

  #logChange({ state, why }: Finding, now: number): void {
    const { name } = this.#captured
    const { hellos, connections } = this.#state
    // Few hellos and no hellos have the same causes: one log line serves both.
    const logged = state === 'few-hellos' ? 'no-hellos' : state
    if (logged === this.#logged || state === 'quiet') return
    const wasBad = BAD.has(this.#logged)
    this.#logged = logged
    if (!BAD.has(state)) {
      if (wasBad)
        this.#log.info('hellos-seen', `${name}: hellos are seen again`, { interface: name })
      return
    }
    if (now - (this.#loggedAt.get(logged) ?? -Infinity) < LOG_AGAIN_MILLIS) return
    this.#loggedAt.set(logged, now)
    const seen =
      state === 'no-hellos' || state === 'few-hellos'
        ? `${count(connections, 'connection')} in the last minute, ${hellos === 0 ? 'and no hello' : `but ${count(hellos, 'hello')}`}: `
        : ''
    this.#log.warn(state, `${name}: ${seen}${why.join('; ')}`, {
      interface: name,
      hellos,
      connections,
    })
  }
}

/** The health of all captures, checked until `stop`. */
export class CaptureHealth {
  readonly #interfaces: ReadonlyMap<string, InterfaceHealth>
  readonly #timer: NodeJS.Timeout

  constructor(captured: readonly Captured[], ports: readonly number[], log: EventLog) {
    this.#interfaces = new Map(
      captured.map((each) => [each.name, new InterfaceHealth(each, ports, log)]),
    )
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const each of this.#interfaces.values()) each.check(now)
    }, CHECK_MILLIS)
  }

  /** By interface. */
  get states(): Readonly<Record<string, InterfaceState>> {
    return Object.fromEntries([...this.#interfaces].map(([name, { state }]) => [name, state]))
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Whether no interface has a problem. */
export function seesHellos(states: Readonly<Record<string, InterfaceState>>): boolean {
  return !Object.values(states).some(({ state }) => BAD.has(state))
}

function difference(now: Counters, before: Counters): Counters {
  const grown = { ...now }
  for (const name of Object.keys(grown) as CounterName[]) grown[name] -= before[name]
  return grown
}
