import { MAX_USER_AGENT_LEN, USER_AGENTS_COUNTED } from '../base/limits.js'
import type { Sighting } from '../model/sighting.js'
import type { Store, UserAgentVia } from '../store/contract.js'
import type { Client } from './client-address.js'
import type { Learnt } from './learnt.js'

/**
 * Tells the store that `userAgent` came from `client`, whose sighting is `sighting`; the API heard it unless said otherwise.
 * Returns at once and never throws.
 * A caller who came over plain HTTP without a proxy says nothing of any hello: it is left out.
 */
export type Observe = (
  client: Client,
  sighting: Sighting,
  userAgent: string,
  via?: UserAgentVia,
) => void

/**
 * Ties the User-Agents of callers to their fingerprints, each once a sighting: a page that asks every few seconds over
 * one connection counts as one.
 */
export function userAgentObserver(
  store: Pick<Store, 'observeUserAgent'>,
  clockSeconds: () => number,
  onError: (error: unknown) => void,
  learnt?: Learnt,
): Observe {
  const counted = new Set<string>()
  return ({ ip, port, forwarded }, sighting, text, via = 'api') => {
    if (port === undefined && !forwarded) return
    const userAgent = text.trim().slice(0, MAX_USER_AGENT_LEN)
    if (userAgent === '') return
    const pair = `${via} ${ip} ${sighting.srcport} ${sighting.time} ${userAgent}`
    if (counted.has(pair)) return
    counted.add(pair)
    if (counted.size > USER_AGENTS_COUNTED)
      for (const oldest of counted.values()) if (counted.delete(oldest)) break
    if (port === sighting.srcport) learnt?.observe(ip, sighting, userAgent, clockSeconds())
    const observation = { ip, userAgent, via, time: clockSeconds() }
    store
      .observeUserAgent(port === undefined ? observation : { ...observation, port })
      .catch((error: unknown) => {
        counted.delete(pair)
        onError(error)
      })
  }
}
