// How a client's address is kept: as it is, cut to its network, or as a keyed hash that changes every day.

import { createHmac } from 'node:crypto'

/** Groups of an IPv6 address that are kept when it is truncated: a /48. */
const IPV6_GROUPS_KEPT = 3
const DAY_SECONDS = 86_400

/**
 * The network of a canonical address, /24 or /48: 192.0.2.7 becomes 192.0.2.0, 2001:db8:1:2::3 becomes 2001:db8:1::.
 * Text that is no address becomes "", so that it is never kept by mistake.
 */
export function truncatedAddress(ip: string): string {
  const v4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(ip)?.[1]
  if (v4 !== undefined) return `${v4}.0`
  const groups = ipv6Groups(ip)
  if (groups === undefined) return ''
  const kept = groups.slice(0, IPV6_GROUPS_KEPT)
  while (kept.length > 0 && kept.at(-1) === 0) kept.pop()
  // RFC 5952 §4.2: the zeros at the end are the longest run, since at least five of eight groups are zero
  return `${kept.map((group) => group.toString(16)).join(':')}::`
}

/** The eight groups of an IPv6 address in canonical form; undefined for anything else. */
function ipv6Groups(ip: string): number[] | undefined {
  const halves = ip.split('::')
  if (!/^[0-9a-f:]*:[0-9a-f:]*$/i.test(ip) || halves.length > 2) return undefined
  const parse = (half: string) => (half === '' ? [] : half.split(':').map((g) => parseInt(g, 16)))
  const head = parse(halves[0] ?? '')
  const tail = parse(halves[1] ?? '')
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array<number>(missing).fill(0), ...tail]
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined
}

/**
 * The keyed hash of an address on the UTC day of `seconds` (since the epoch): `hmac-` and 32 hex digits.
 * HMAC-SHA-256 (RFC 2104) with a key derived from `secret` for that day: the same client has another name the next day.
 */
export function hashedAddress(ip: string, secret: Uint8Array, seconds: number): string {
  const day = Math.floor(seconds / DAY_SECONDS)
  const key = createHmac('sha256', secret).update(`hellotap address ${day}`).digest()
  return `hmac-${createHmac('sha256', key).update(ip).digest('hex').slice(0, 32)}`
}

/** The time of one moment in each day from `first` to `last` (seconds since the epoch), latest day first. */
export function daysBetween(first: number, last: number): number[] {
  const days: number[] = []
  for (let day = Math.floor(last / DAY_SECONDS); day * DAY_SECONDS > first - DAY_SECONDS; day--)
    days.push(day * DAY_SECONDS)
  return days
}
