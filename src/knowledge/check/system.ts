// The operating system by the SYN (RFC 9293 §3.1): each stack has one order of options and one initial TTL. It is the client's
// own only on a direct path: a proxy in between sends its own SYN.

import type { Syn } from '../../tls/read-evidence.js'
import type { AxisValue, Reason } from '../reasons.js'
import { reason } from '../reasons.js'
import type { Claim, ClaimedOs } from '../claim.js'

/** Systems that share a network stack, and so a SYN. */
export type Stack = 'linux' | 'windows' | 'darwin'

const STACK_OF: Readonly<Record<ClaimedOs, Stack>> = {
  linux: 'linux',
  android: 'linux',
  windows: 'windows',
  macos: 'darwin',
  ios: 'darwin',
}

/** The stack of the system that a claim names. */
export function claimedStack({ os }: Claim): Stack | undefined {
  return os === undefined ? undefined : STACK_OF[os]
}

/** Orders of options, up to the first of those that come and go (Fast Open, Multipath TCP, fillers). */
const ORDERS: readonly (readonly [RegExp, Stack])[] = [
  [/^(mstnw|mnnsnw|mstn?$|mnw$)/, 'linux'],
  [/^mnwnnt/, 'darwin'],
  [/^(mnwnns|mnwst$|mnwnnst?$|mnns$)/, 'windows'],
]

/** The stack that a SYN looks like; undefined where the order of options is no known one's, or the TTL another's. */
export function stackOf({ opts, ttl }: Syn): Stack | undefined {
  const stack = ORDERS.find(([order]) => order.test(opts))?.[1]
  // TTL starts at 64, on Windows at 128; routers take one each.
  const isWindows = ttl > 64 && ttl <= 128
  if (stack === undefined || ttl > 128 || ttl === 0) return undefined
  return (stack === 'windows') === isWindows ? stack : undefined
}

/** What the SYNs of an address say of the claimed system. */
export function systemOf(
  claim: Claim,
  syns: readonly Syn[],
  isDirect: boolean,
): { value: AxisValue; reasons: Reason[] } {
  const claimed = claimedStack(claim)
  const stacks = new Set(syns.map(stackOf))
  const [stack] = stacks
  if (!isDirect || claimed === undefined || stacks.size !== 1 || stack === undefined)
    return { value: 'unknown', reasons: [] }
  if (stack === claimed) return { value: 'consistent', reasons: [] }
  const [syn] = syns
  const evidence = `${stack} by options ${syn?.opts ?? ''} and TTL ${syn?.ttl ?? 0}, ${claim.os ?? ''} claimed`
  return { value: 'inconsistent', reasons: [reason('os.syn_other', 'inconsistent', evidence)] }
}
