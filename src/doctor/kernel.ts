// What the doctor asks the kernel: by our own engine, since span hosts and containers often lack the tools; where that is
// not built, by the tools.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { NativeAddon, NativeOffloads } from '../capture/live/native-addon.js'
import { loadNativeAddon } from '../capture/live/native-addon.js'
import { IANA_SNAPSHOT } from '../tls/registry.js'
import type { Check } from './check.js'
import { firstLine } from './check.js'

const run = promisify(execFile)
/** Milliseconds a system tool may take. */
const TOOL_MILLIS = 3_000
/**
 * Microseconds the kernel's clock may be off where nothing sets it: NTP_PHASE_LIMIT of include/linux/timex.h. Its flag
 * STA_UNSYNC tells less, for it may be there to keep the kernel from setting the hardware's clock.
 */
const UNSET_MICROS = 16_000_000
/** Offloads by the names `ethtool -k` gives them. */
const FEATURES = {
  gro: 'generic-receive-offload',
  lro: 'large-receive-offload',
  tso: 'tcp-segmentation-offload',
  gso: 'generic-segmentation-offload',
} as const

/** What answers for the kernel. */
export type KernelAnswers = Pick<NativeAddon, 'offloads' | 'clockError'>

/** Our own engine, where it is built. */
export function kernelAnswers(): KernelAnswers | undefined {
  try {
    return loadNativeAddon()
  } catch {
    return undefined
  }
}

/** Whether the interface merges frames before they are captured. */
export async function offloadsCheck(
  name: string,
  kernel: KernelAnswers | undefined,
): Promise<Check> {
  const check = `offloads ${name}`
  let found: NativeOffloads
  try {
    found = await offloadsOf(name, kernel)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return {
      name: check,
      outcome: 'unknown',
      text: isMissing
        ? 'neither the native engine nor ethtool is here to ask the kernel'
        : `the kernel does not tell: ${firstLine(error)}`,
      remedy: `sudo apt-get install ethtool ; ethtool -k ${name}`,
    }
  }
  const sending = found.tso === true || found.gso === true
  const own = sending ? '; what this machine sends is captured before it is cut (TSO, GSO)' : ''
  const on = (['gro', 'lro'] as const).filter((each) => found[each])
  if (on.length === 0) return { name: check, outcome: 'ok', text: `GRO and LRO are off${own}` }
  const text = `${on.map((each) => each.toUpperCase()).join(' and ')} on: the kernel merges frames before they are captured`
  return {
    name: check,
    outcome: kernel === undefined ? 'warning' : 'ok',
    text:
      kernel === undefined
        ? `${text}, and each takes 64 KiB of the ring${own}`
        : `${text}, which does no harm here${own}`,
    remedy: `on a span port: sudo ethtool -K ${name} ${on.map((each) => `${each} off`).join(' ')}`,
  }
}

/** Whether the clock can be right. */
export async function clockCheck(kernel: KernelAnswers | undefined): Promise<Check> {
  const name = 'clock'
  const now = new Date()
  const says = `it says ${now.toISOString()}`
  if (now.getTime() < Date.parse(IANA_SNAPSHOT))
    return {
      name,
      outcome: 'failed',
      text: `${says}, before this version was made`,
      remedy: 'set it: sudo timedatectl set-ntp true',
    }
  let micros: number | undefined
  try {
    micros = await clockErrorOf(kernel)
  } catch {
    return { name, outcome: 'unknown', text: `${says}; whether a time server sets it is unknown` }
  }
  if (micros !== undefined && micros >= UNSET_MICROS)
    return {
      name,
      outcome: 'warning',
      text: `${says}, and no time server sets it`,
      remedy:
        'let one, so that times of several sensors compare: sudo timedatectl set-ntp true, or chrony; for a container on its host',
    }
  const within =
    micros === undefined ? '' : `, and is off by ${(micros / 1000).toFixed(1)} ms at most`
  return { name, outcome: 'ok', text: `${says}, set by a time server${within}` }
}

/** @throws Error where nobody tells */
async function offloadsOf(
  name: string,
  kernel: KernelAnswers | undefined,
): Promise<NativeOffloads> {
  if (kernel !== undefined) return kernel.offloads(name)
  const { stdout } = await run('ethtool', ['-k', name], { timeout: TOOL_MILLIS })
  return Object.fromEntries(
    Object.entries(FEATURES).map(([short, feature]) => [
      short,
      new RegExp(`^${feature}: on`, 'm').test(stdout),
    ]),
  )
}

/** @returns microseconds it may be off; undefined where it is set and that is all that is known. @throws Error where nobody tells */
async function clockErrorOf(kernel: KernelAnswers | undefined): Promise<number | undefined> {
  if (kernel !== undefined) return kernel.clockError()
  const ask = ['show', '-p', 'NTPSynchronized', '--value']
  const { stdout } = await run('timedatectl', ask, { timeout: TOOL_MILLIS })
  return stdout.trim() === 'yes' ? undefined : UNSET_MICROS
}
