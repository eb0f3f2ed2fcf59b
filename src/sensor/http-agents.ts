// User-Agents of plain HTTP, on their way to the store. A plain request names the software at an address, not the one of a
// connection: it is tied to the latest hello of the address, as the weakest evidence. It often comes before that hello, since
// a redirect to HTTPS follows, so each User-Agent waits a few seconds.

import * as z from 'zod/mini'
import {
  HTTP_AGENTS_SENT,
  HTTP_AGENTS_SENT_MILLIS,
  HTTP_AGENTS_WAITING,
  HTTP_AGENTS_WAIT_MILLIS,
  MAX_USER_AGENTS_AT_ONCE,
  MAX_USER_AGENT_LEN,
} from '../base/limits.js'
import type { UserAgentSeen } from '../model/user-agent-seen.js'
import type { Store } from '../store/contract.js'

/** Takes User-Agents without waiting. */
export type TakeUserAgents = (seen: readonly UserAgentSeen[]) => void

/** Milliseconds between two checks of the waiting User-Agents. */
const CHECK_MILLIS = 500

/** Filters repetitions: passes each pair of address and User-Agent once a minute. */
export class UserAgentNews {
  readonly #now: () => number
  #passed = new Set<string>()
  #passedBefore = new Set<string>()
  #since = -Infinity

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The pairs in `seen` that were not passed in the last one to two minutes. */
  newOf(seen: readonly UserAgentSeen[]): UserAgentSeen[] {
    const now = this.#now()
    if (now - this.#since >= HTTP_AGENTS_SENT_MILLIS || this.#passed.size >= HTTP_AGENTS_SENT) {
      this.#passedBefore =
        now - this.#since >= 2 * HTTP_AGENTS_SENT_MILLIS ? new Set() : this.#passed
      this.#passed = new Set()
      this.#since = now
    }
    return seen.filter(({ ip, userAgent }) => {
      const pair = `${ip} ${userAgent}`
      if (this.#passed.has(pair) || this.#passedBefore.has(pair)) return false
      this.#passed.add(pair)
      return true
    })
  }
}

/** Ties User-Agents to the latest hello of their address, a few seconds after they were seen. */
export class HttpEvidence {
  readonly #store: Pick<Store, 'observeUserAgent'>
  readonly #onError: (error: unknown) => void
  readonly #waiting: { readonly seen: UserAgentSeen; readonly due: number }[] = []
  readonly #timer: NodeJS.Timeout

  constructor(store: Pick<Store, 'observeUserAgent'>, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
    this.#timer = setInterval(() => void this.#storeDue(performance.now()), CHECK_MILLIS).unref()
  }

  /** Takes User-Agents; if too many wait, the newest are dropped. */
  take(seen: readonly UserAgentSeen[]): void {
    const due = performance.now() + HTTP_AGENTS_WAIT_MILLIS
    for (const each of seen)
      if (this.#waiting.length < HTTP_AGENTS_WAITING) this.#waiting.push({ seen: each, due })
  }

  /** Stores all waiting User-Agents. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#storeDue(Infinity)
  }

  async #storeDue(now: number): Promise<void> {
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

/** The User-Agents in a message of a sensor process; undefined for any other message. */
export function userAgentsOf(message: unknown): readonly UserAgentSeen[] | undefined {
  const parsed = Message.safeParse(message)
  return parsed.success ? parsed.data.userAgents : undefined
}
