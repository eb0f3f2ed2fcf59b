// Does the User-Agent fit: a capture, or sightings with their hellos, as one answer for each client address.

import {
  MAX_CHECKED_ADDRESSES,
  MAX_CHECKED_HELLOS,
  MAX_CHECKED_USER_AGENTS,
} from './base/limits.js'
import { judgeAddress } from './knowledge/check/address.js'
import type { Circumstances, Verdict } from './knowledge/check/judge.js'
import type { Sighting } from './model/sighting.js'
import { readCapture } from './read-capture.js'
import type { ReadOptions } from './read-capture.js'
import { factsOfSightings } from './sighting-facts.js'
import { claimOf } from './user-agent.js'

/** The verdict about a client address. */
export interface CheckAnswer extends Verdict {
  readonly src: string
  /** The User-Agent that was judged; absent where none is known. */
  readonly user_agent?: string
  /** How many hellos the verdict is made of. */
  readonly hellos: number
}

/** Collects the sightings of each client address and judges them. Hellos beyond the limits are counted in `dropped`. */
export class AddressChecks {
  readonly #sightings = new Map<string, Sighting[]>()
  readonly #userAgents = new Map<string, Set<string>>()
  /** Sightings of addresses beyond the bound. */
  dropped = 0

  add(sighting: Sighting): void {
    const held = this.#sightings.get(sighting.src)
    if (held !== undefined) {
      if (held.length < MAX_CHECKED_HELLOS) held.push(sighting)
    } else if (this.#sightings.size < MAX_CHECKED_ADDRESSES)
      this.#sightings.set(sighting.src, [sighting])
    else this.dropped++
  }

  addUserAgent(ip: string, userAgent: string): void {
    const known = this.#userAgents.get(ip)
    if (known !== undefined) {
      if (known.size < MAX_CHECKED_USER_AGENTS) known.add(userAgent)
    } else if (this.#userAgents.size < MAX_CHECKED_ADDRESSES)
      this.#userAgents.set(ip, new Set([userAgent]))
  }

  /** The answers in the order that addresses were seen; of one whose User-Agents differ, one for each. */
  *answers(
    userAgent: string | undefined,
    circumstances: Circumstances = {},
  ): Generator<CheckAnswer> {
    for (const [src, sightings] of this.#sightings) {
      const learnt = this.#userAgents.get(src)
      const userAgents = userAgent === undefined ? [...(learnt ?? [])] : [userAgent]
      const facts = factsOfSightings(sightings)
      const claims = userAgents.length === 0 ? [{ name: '' }] : userAgents.map(claimOf)
      for (const [index, verdict] of judgeAddress(claims, facts, circumstances).entries()) {
        const judged = userAgents[index]
        yield {
          src,
          ...(judged === undefined ? {} : { user_agent: judged }),
          hellos: facts.length,
          ...verdict,
        }
      }
    }
  }
}

/** What to check a capture for. */
export interface CheckOptions extends Pick<
  ReadOptions,
  'ports' | 'linkType' | 'signal' | 'onWarning'
> {
  /** The User-Agent that all addresses are judged by; where absent, those that plain HTTP in the capture teaches. */
  readonly userAgent?: string
  /** Ports of plain HTTP; 80 and 8080 where absent. */
  readonly httpPorts?: Iterable<number>
  /** False where a proxy stands between clients and the sensor: then no SYN is a client's own. */
  readonly isDirect?: boolean
}

const HTTP_PORTS = [80, 8080]

/**
 * Whether the User-Agent fits each client address of a capture.
 *
 * ```ts
 * for await (const { src, verdict, reasons } of checkCapture('capture.pcapng', { userAgent }))
 *   console.log(src, verdict, reasons.map(({ code }) => code))
 * ```
 *
 * @throws CaptureError as readCapture does
 */
export async function* checkCapture(
  input: string | AsyncIterable<Uint8Array>,
  options: CheckOptions = {},
): AsyncGenerator<CheckAnswer> {
  const { userAgent, isDirect, httpPorts = HTTP_PORTS, ...reading } = options
  const checks = new AddressChecks()
  const sightings = readCapture(input, {
    ...reading,
    httpPorts,
    hello: true,
    fingerprints: [],
    communityId: false,
    onUserAgent: ({ ip, userAgent }) => checks.addUserAgent(ip, userAgent),
  })
  for await (const sighting of sightings) checks.add(sighting)
  if (checks.dropped > 0)
    options.onWarning?.(
      `${checks.dropped} hellos of further addresses were not judged: ${MAX_CHECKED_ADDRESSES} at once is the most`,
    )
  yield* checks.answers(userAgent, isDirect === undefined ? {} : { isDirect })
}

/** Whether a User-Agent fits the hellos of one client: sightings that were kept with their hello. */
export function check(sightings: Iterable<Sighting>, userAgent: string): Verdict | undefined {
  return checkSightings(sightings, userAgent, true)
}

/** The same, where a proxy may send the SYNs; undefined where no sighting has its hello. */
export function checkSightings(
  sightings: Iterable<Sighting>,
  userAgent: string,
  isDirect: boolean,
): Verdict | undefined {
  const facts = factsOfSightings(sightings)
  return facts.length === 0 ? undefined : judgeAddress([claimOf(userAgent)], facts, { isDirect })[0]
}
