// Looks every few seconds at what each interface saw in the last minute, and says once what is wrong with it.

import type { CounterName, Counters } from '../base/counters.js'
import { interfaceFrames } from '../capture/live/interfaces.js'
import type { UndecodedTraffic } from '../model/undecoded.js'
import type { EventLog } from '../telemetry/event-log.js'
import type { Finding, State } from '../telemetry/diagnosis.js'
import { connectionsOf, judge } from '../telemetry/diagnosis.js'
import { count } from '../telemetry/log.js'

/** Milliseconds between two looks. */
export const LOOK_MILLIS = 5_000
/** Looks that a span reaches back: a minute. */
const LOOKS = 12
/** Looks in a row that must find the same before it is believed: a hello comes after its SYN. */
const LOOKS_TO_BELIEVE = 2
/** Milliseconds before the same is said again of an interface. */
const SAY_AGAIN_MILLIS = 3_600_000

/** What the watch makes of an interface, for `/healthz`. */
export interface WatchState {
  readonly state: State
  /** Why that may be, the likeliest cause first; absent where all is well. */
  readonly why?: readonly string[]
  /** Hellos and connections of watched ports in the last minute; connections are counted by their SYNs. */
  readonly hellos: number
  readonly connections: number
}

/** An interface that is watched. */
export interface Watched {
  readonly name: string
  readonly counters: Counters
  readonly undecoded?: UndecodedTraffic
  readonly isLoopback: boolean
}

interface Look {
  readonly counters: Counters
  readonly frames: number | undefined
}

/** States in which something is missing. */
const BAD: ReadonlySet<State> = new Set<State>(['silent', 'not-watched', 'no-hellos', 'few-hellos'])

/** The watch over one interface. */
export class InterfaceWatch {
  readonly #watched: Watched
  readonly #ports: readonly number[]
  readonly #log: EventLog
  readonly #frames: () => number | undefined
  readonly #looks: Look[]
  readonly #saidAt = new Map<State, number>()
  #now: WatchState = { state: 'quiet', hellos: 0, connections: 0 }
  #found: State = 'quiet'
  #times = 0
  #said: State = 'ok'

  /** @param frames what the system counted on the interface */
  constructor(
    watched: Watched,
    ports: readonly number[],
    log: EventLog,
    frames: () => number | undefined = () => interfaceFrames(watched.name),
  ) {
    this.#watched = watched
    this.#ports = ports
    this.#log = log
    this.#frames = frames
    this.#looks = [{ counters: { ...watched.counters }, frames: frames() }]
  }

  get state(): WatchState {
    return this.#now
  }

  /** Looks again; `now` is in milliseconds of a clock that only goes forward. */
  look(now: number): void {
    const latest = { counters: { ...this.#watched.counters }, frames: this.#frames() }
    const [first = latest] = this.#looks
    const isLong = this.#looks.length >= LOOKS
    this.#looks.push(latest)
    if (isLong) this.#looks.shift()
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
      undecoded: this.#watched.undecoded?.snapshot(),
    })
    this.#times = finding.state === this.#found ? this.#times + 1 : 1
    this.#found = finding.state
    // loopback is watched for our own callers: nobody wonders at its silence
    const isIdle = finding.state === 'silent' || finding.state === 'not-watched'
    const state = this.#watched.isLoopback && isIdle ? 'quiet' : finding.state
    if (this.#times < LOOKS_TO_BELIEVE && state !== 'ok') return
    this.#now = {
      state,
      ...(state === finding.state && finding.why.length > 0 ? { why: finding.why } : {}),
      hellos: counters.hellos,
      connections: connectionsOf(counters),
    }
    this.#say({ state, why: finding.why }, now)
  }

  #say({ state, why }: Finding, now: number): void {
    const { name } = this.#watched
    const { hellos, connections } = this.#now
    // too few hellos and none are one thing to say
    const saying = state === 'few-hellos' ? 'no-hellos' : state
    if (saying === this.#said || state === 'quiet') return
    const wasBad = BAD.has(this.#said)
    this.#said = saying
    if (!BAD.has(state)) {
      if (wasBad)
        this.#log.info('hellos-seen', `${name}: hellos are seen again`, { interface: name })
      return
    }
    if (now - (this.#saidAt.get(saying) ?? -Infinity) < SAY_AGAIN_MILLIS) return
    this.#saidAt.set(saying, now)
    const what =
      state === 'no-hellos' || state === 'few-hellos'
        ? `${count(connections, 'connection')} in the last minute, ${hellos === 0 ? 'and no hello' : `but ${count(hellos, 'hello')}`}: `
        : ''
    this.#log.warn(state, `${name}: ${what}${why.join('; ')}`, {
      interface: name,
      hellos,
      connections,
    })
  }
}

/** Watches interfaces until it is stopped. */
export class Watch {
  readonly #watches: ReadonlyMap<string, InterfaceWatch>
  readonly #timer: NodeJS.Timeout

  constructor(watched: readonly Watched[], ports: readonly number[], log: EventLog) {
    this.#watches = new Map(
      watched.map((each) => [each.name, new InterfaceWatch(each, ports, log)]),
    )
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const watch of this.#watches.values()) watch.look(now)
    }, LOOK_MILLIS)
  }

  /** By interface. */
  get states(): Readonly<Record<string, WatchState>> {
    return Object.fromEntries([...this.#watches].map(([name, { state }]) => [name, state]))
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Whether hellos come where they should, or too little comes to tell. */
export function seesHellos(states: Readonly<Record<string, WatchState>>): boolean {
  return !Object.values(states).some(({ state }) => BAD.has(state))
}

function difference(now: Counters, before: Counters): Counters {
  const grown = { ...now }
  for (const name of Object.keys(grown) as CounterName[]) grown[name] -= before[name]
  return grown
}
