// User-Agents said in plain HTTP, on their way to the store. A request in the clear says who is at an address, not which
// connection is whose: it goes to the latest hello of that address, and counts as the weakest evidence. It often comes
// before that hello, which a redirect to HTTPS then brings, so each waits a while.

import * as z from 'zod/mini'
import {
  HTTP_AGENTS_TOLD,
  HTTP_AGENTS_TOLD_MILLIS,
  HTTP_AGENTS_WAITING,
  HTTP_AGENTS_WAIT_MILLIS,
  MAX_USER_AGENTS_AT_ONCE,
  MAX_USER_AGENT_LEN,
} from '../base/limits.js'
import type { UserAgentSeen } from '../model/user-agent-seen.js'
import type { Store } from '../store/contract.js'

/** Takes what was seen, at once. */
export type TakeUserAgents = (seen: readonly UserAgentSeen[]) => void

/** Milliseconds between two looks at what waits. */
const LOOK_MILLIS = 500

/** Passes on each pair of address and User-Agent once a minute: clients send many requests, and floods repeat themselves. */
export class UserAgentNews {
  readonly #now: () => number
  #told = new Set<string>()
  #toldBefore = new Set<string>()
  #since = -Infinity

  /** @param now milliseconds of a clock that only goes forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** What of `seen` was not passed on in the last minute or two. */
  newOf(seen: readonly UserAgentSeen[]): UserAgentSeen[] {
    const now = this.#now()
    if (now - this.#since >= HTTP_AGENTS_TOLD_MILLIS || this.#told.size >= HTTP_AGENTS_TOLD) {
      this.#toldBefore = now - this.#since >= 2 * HTTP_AGENTS_TOLD_MILLIS ? new Set() : this.#told
      this.#told = new Set()
      this.#since = now
    }
    return seen.filter(({ ip, userAgent }) => {
      const pair = `${ip} ${userAgent}`
      if (this.#told.has(pair) || this.#toldBefore.has(pair)) return false
      this.#told.add(pair)
      return true
    })
  }
}

/** Ties them to the latest hello of their address, a few seconds after they were said. */
export class HttpEvidence {
  readonly #store: Pick<Store, 'observeUserAgent'>
  readonly #onError: (error: unknown) => void
  readonly #waiting: { readonly seen: UserAgentSeen; readonly due: number }[] = []
  readonly #timer: NodeJS.Timeout

  constructor(store: Pick<Store, 'observeUserAgent'>, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
    this.#timer = setInterval(() => void this.#tell(performance.now()), LOOK_MILLIS).unref()
  }

  /** Takes what was seen; when too many wait, what came last is left. */
  take(seen: readonly UserAgentSeen[]): void {
    const due = performance.now() + HTTP_AGENTS_WAIT_MILLIS
    for (const each of seen)
      if (this.#waiting.length < HTTP_AGENTS_WAITING) this.#waiting.push({ seen: each, due })
  }

  /** Tells what waits, however short. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#tell(Infinity)
  }

  async #tell(now: number): Promise<void> {
    let count = 0
    while ((this.#waiting[count]?.due ?? Infinity) <= now && count < this.#waiting.length) count++
    for (const { seen } of this.#waiting.splice(0, count)) {
      const { ip, userAgent, timeMicros } = seen
      try {
        await this.#store.observeUserAgent({ ip, userAgent, via: 'http', time: timeMicros / 1e6 })
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

const Message = z.object({
  userAgents: z
    .array(
      z.object({
        ip: z.string().check(z.maxLength(39)),
        userAgent: z.string().check(z.maxLength(MAX_USER_AGENT_LEN)),
        timeMicros: z.number(),
      }),
    )
    .check(z.maxLength(MAX_USER_AGENTS_AT_ONCE)),
})

/** What a sensor process tells of User-Agents, in a message of its own; undefined for any other. */
export function userAgentsOf(message: unknown): readonly UserAgentSeen[] | undefined {
  const parsed = Message.safeParse(message)
  return parsed.success ? parsed.data.userAgents : undefined
}
