// Checks that ask the kernel: by the native addon, since span hosts and containers often lack the system's tools, or by those
// tools if the addon is not built.

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
 * Maximum error of the kernel's clock, microseconds, if no program sets the clock: NTP_PHASE_LIMIT of include/linux/timex.h.
 * The flag STA_UNSYNC is less reliable: it may only keep the kernel from setting the hardware clock.
 */
const UNSET_MICROS = 16_000_000
/** Offloads by the names `ethtool -k` gives them. */
const FEATURES = {
  gro: 'generic-receive-offload',
  lro: 'large-receive-offload',
  tso: 'tcp-segmentation-offload',
  gso: 'generic-segmentation-offload',
} as const

/** Answers of the kernel. */
export type KernelAnswers = Pick<NativeAddon, 'offloads' | 'clockError'>

/** The native addon, if it is built. */
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
        ? 'unknown: neither the native addon nor ethtool is installed'
        : `unknown: ${firstLine(error)}`,
      remedy: `sudo apt-get install ethtool ; ethtool -k ${name}`,
    }
  }
  const sending = found.tso === true || found.gso === true
  const own = sending
    ? '; frames that this machine sends are captured before segmentation (TSO, GSO)'
    : ''
  const on = (['gro', 'lro'] as const).filter((each) => found[each])
  if (on.length === 0) return { name: check, outcome: 'ok', text: `GRO and LRO are off${own}` }
  const text = `${on.map((each) => each.toUpperCase()).join(' and ')} on: the kernel merges frames before they are captured`
  return {
    name: check,
    outcome: kernel === undefined ? 'warning' : 'ok',
    text:
      kernel === undefined
        ? `${text}, and each takes 64 KiB of the ring${own}`
        : `${text}, which the native engine handles${own}`,
    remedy: `on a span port: sudo ethtool -K ${name} ${on.map((each) => `${each} off`).join(' ')}`,
  }
}

/** Whether a time server sets the clock. */
export async function clockCheck(kernel: KernelAnswers | undefined): Promise<Check> {
  const name = 'clock'
  const now = new Date()
  const shown = now.toISOString()
  if (now.getTime() < Date.parse(IANA_SNAPSHOT))
    return {
      name,
      outcome: 'failed',
      text: `${shown}, earlier than the release of this version`,
      remedy: 'set the clock: sudo timedatectl set-ntp true',
    }
  let micros: number | undefined
  try {
    micros = await clockErrorOf(kernel)
  } catch {
    return { name, outcome: 'unknown', text: `${shown}; unknown whether a time server sets it` }
  }
  if (micros !== undefined && micros >= UNSET_MICROS)
    return {
      name,
      outcome: 'warning',
      text: `${shown}, and no time server sets it`,
      remedy:
        'synchronise it, so that times of several sensors compare: sudo timedatectl set-ntp true, or chrony; for a container on its host',
    }
  const within = micros === undefined ? '' : `, off by at most ${(micros / 1000).toFixed(1)} ms`
  return { name, outcome: 'ok', text: `${shown}, set by a time server${within}` }
}

/** @throws Error if the offloads cannot be read */
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

/**
 * @returns the maximum error of the clock in microseconds; undefined if only its synchronisation is known
 * @throws Error if neither can be read
 */
async function clockErrorOf(kernel: KernelAnswers | undefined): Promise<number | undefined> {
  if (kernel !== undefined) return kernel.clockError()
  const ask = ['show', '-p', 'NTPSynchronized', '--value']
  const { stdout } = await run('timedatectl', ask, { timeout: TOOL_MILLIS })
  return stdout.trim() === 'yes' ? undefined : UNSET_MICROS
}
