// A User-Agent is counted under a key that says how it was learnt, so that weak evidence never adds to strong.

import {
  MAX_USER_AGENT_LEN,
  USER_AGENTS_BY_HTTP,
  USER_AGENTS_PER_FINGERPRINT,
} from '../base/limits.js'
import type { UserAgentCount, UserAgentVia } from './contract.js'
import { USER_AGENT_VIAS } from './contract.js'
import { byCount } from './traits.js'

/** Stands before the way; no User-Agent begins with it, since HTTP lets none contain it (RFC 9110 §5.5). */
const MARK = '\u0001'

/** The key a User-Agent is counted under: itself where the API heard it, else marked. "" where there is none. */
export function userAgentKey(userAgent: string, via: UserAgentVia): string {
  const kept = userAgent.slice(0, MAX_USER_AGENT_LEN)
  return kept === '' || via === 'api' ? kept : `${MARK}${via} ${kept}`
}

/** Keys a fingerprint may have before a new one of this way is not taken: what anyone can forge leaves room for the rest. */
export function userAgentBound(via: UserAgentVia): number {
  return via === 'http' ? USER_AGENTS_BY_HTTP : USER_AGENTS_PER_FINGERPRINT
}

/** The User-Agents of keys with their counts, most frequent first. */
export function userAgentCounts(
  keys: readonly (readonly [string, number])[],
): readonly UserAgentCount[] {
  const byAgent = new Map<string, Map<UserAgentVia, number>>()
  for (const [key, count] of keys) {
    const { userAgent, via } = parsed(key)
    const counts = byAgent.get(userAgent) ?? new Map<UserAgentVia, number>()
    counts.set(via, (counts.get(via) ?? 0) + count)
    byAgent.set(userAgent, counts)
  }
  const sums = [...byAgent].map(([userAgent, counts]): [string, number] => [
    userAgent,
    [...counts.values()].reduce((sum, count) => sum + count, 0),
  ])
  return sums.sort(byCount).map(([user_agent, count]) => {
    const counts = byAgent.get(user_agent)
    const via = USER_AGENT_VIAS.flatMap((name): [UserAgentVia, number][] => {
      const number = counts?.get(name)
      return number === undefined ? [] : [[name, number]]
    })
    return { user_agent, count, via: Object.fromEntries(via) }
  })
}

function parsed(key: string): { readonly userAgent: string; readonly via: UserAgentVia } {
  if (key.startsWith(MARK))
    for (const via of USER_AGENT_VIAS)
      if (key.startsWith(`${via} `, MARK.length))
        return { userAgent: key.slice(MARK.length + via.length + 1), via }
  return { userAgent: key, via: 'api' }
}
