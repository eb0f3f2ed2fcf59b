// How a server name is kept: as it is, as its registrable domain, as a keyed hash, or not at all.

import { createHmac } from 'node:crypto'
import { getDomain } from 'tldts'
import type { SniMode } from './modes.js'

/**
 * The server name as `mode` keeps it; undefined where nothing is kept.
 *
 * `domain` gives the registrable domain by the public suffix list, its private part included (`a.github.io` for
 * `x.a.github.io`); a name without one (an address, a single label, a public suffix) is not kept. `hashed` gives `hmac-`
 * and 32 hex digits, HMAC-SHA-256 under `secret`: equal names have equal hashes.
 */
export function privateServerName(
  name: string,
  mode: SniMode,
  secret: Uint8Array,
): string | undefined {
  switch (mode) {
    case 'on':
      return name
    case 'domain':
      return getDomain(name, { allowPrivateDomains: true }) ?? undefined
    case 'hashed':
      return `hmac-${createHmac('sha256', secret)
        .update(`hellotap server name ${name.toLowerCase().replace(/\.$/, '')}`)
        .digest('hex')
        .slice(0, 32)}`
    case 'off':
      return undefined
  }
}
