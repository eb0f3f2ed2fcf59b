import { readFileSync } from 'node:fs'

/** CAP_NET_RAW in a capability set (include/uapi/linux/capability.h). */
const CAP_NET_RAW = 1n << 13n

/** Whether this process may capture (capabilities(7)); undefined if the system has no /proc. */
export function hasCapNetRaw(): boolean | undefined {
  let status: string
  try {
    status = readFileSync('/proc/self/status', 'latin1')
  } catch {
    return undefined
  }
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  return (BigInt(`0x${effective}`) & CAP_NET_RAW) !== 0n
}
