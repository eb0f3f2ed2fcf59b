// Checks without capturing: programs, permission, interfaces, Redis.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { release } from 'node:os'
import type { Engine } from '../capture/live/engine.js'
import { chooseEngine } from '../capture/live/engine.js'
import type { NetworkInterface } from '../capture/live/interfaces.js'
import { permissionRemedy } from '../capture/live/open-failure.js'
import type { Config } from '../config.js'
import { hasCapNetRaw } from '../sensor/capabilities.js'
import { checkRedis, redisRisks } from '../store/redis/redis-check.js'
import { StoreError } from '../store/contract.js'
import { IANA_SNAPSHOT } from '../tls/registry.js'
import type { Check } from './check.js'
import { firstLine } from './check.js'
import { version } from '../telemetry/version.js'

/** Flag of an interface in promiscuous mode (include/uapi/linux/if.h). */
const IFF_PROMISC = 0x100
/** Minimum version of Redis: it has ZRANGE … REV, ZINTER and ZADD GT. */
const MIN_REDIS = [6, 2] as const

/** Versions of the program, Node, the system and the registries. */
export function versionsCheck(): Check {
  return {
    name: 'versions',
    outcome: 'ok',
    text: `hellotap ${version}, Node ${process.versions.node}, ${process.platform} ${release()} ${process.arch}, IANA registries of ${IANA_SNAPSHOT}`,
  }
}

/** The capture engine. */
export function engineCheck(): Check {
  let engine: Engine
  try {
    engine = chooseEngine(undefined)
    if (engine.name === 'native')
      return { name: 'engine', outcome: 'ok', text: `native, ${engine.addon.libpcap()}` }
    createRequire(import.meta.url)('cap')
  } catch (error) {
    return {
      name: 'engine',
      outcome: 'failed',
      text: `no capture engine can be loaded: ${firstLine(error)}`,
      remedy:
        'install libpcap (Debian: sudo apt-get install libpcap0.8); in a checkout also libpcap-dev g++ make python3, then npm ci',
    }
  }
  return {
    name: 'engine',
    outcome: 'warning',
    text: 'npm cap: it has no kernel timestamps and does not count lost frames',
    remedy:
      'for the native engine install libpcap (Debian: sudo apt-get install libpcap0.8), and in a checkout libpcap-dev and g++, then npm ci',
  }
}

/** Whether this process may capture. */
export function permissionCheck(): Check {
  const name = 'permission'
  const isAllowed = hasCapNetRaw()
  if (isAllowed === undefined)
    return { name, outcome: 'unknown', text: 'not known on this system; see the test hello below' }
  if (isAllowed) return { name, outcome: 'ok', text: 'this process has CAP_NET_RAW' }
  return {
    name,
    outcome: 'failed',
    text: `CAP_NET_RAW is missing for user ${process.getuid?.() ?? '?'}: no frame can be captured`,
    remedy: permissionRemedy(),
  }
}

/** Whether interface `name` exists, is up and has a link. */
export function interfaceCheck(name: string, all: readonly NetworkInterface[]): Check {
  const check = `interface ${name}`
  if (name === 'any') return { name: check, outcome: 'ok', text: 'every interface at once' }
  const found = all.find((each) => each.name === name)
  if (found === undefined)
    return {
      name: check,
      outcome: 'failed',
      text: `unknown interface ${JSON.stringify(name)}`,
      remedy: `name one of ${all.map((each) => each.name).join(', ')} with -i`,
    }
  if (found.up === false)
    return {
      name: check,
      outcome: 'failed',
      text: 'the interface is down',
      remedy: `sudo ip link set ${name} up promisc on`,
    }
  if (sysfs(name, 'carrier') === '0')
    return {
      name: check,
      outcome: 'failed',
      text: 'the interface is up, but has no link (no carrier)',
      remedy: 'check the cable, the transceiver and the port of the switch',
    }
  const link =
    found.linkType === undefined ? `ARPHRD type ${sysfs(name, 'type') ?? '?'}` : linkName(found)
  const promiscuous = (Number(sysfs(name, 'flags')) & IFF_PROMISC) !== 0
  const mtu = sysfs(name, 'mtu')
  return {
    name: check,
    outcome: 'ok',
    text: [
      'up',
      link,
      ...(mtu === undefined ? [] : [`MTU ${mtu}`]),
      ...(found.loopback
        ? []
        : [promiscuous ? 'promiscuous' : 'not promiscuous (capturing sets it)']),
    ].join(', '),
  }
}

/** Whether Redis is reachable and suitable. */
export async function redisCheck({ redis }: Pick<Config, 'redis'>): Promise<Check> {
  const name = 'store'
  if (redis === undefined)
    return { name, outcome: 'ok', text: 'in memory of the process; --redis is not set' }
  try {
    const state = await checkRedis(redis)
    const { version } = state
    const text = `Redis ${version} at ${state.address}, ${state.roundTripMillis.toFixed(1)} ms away`
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major < MIN_REDIS[0] || (major === MIN_REDIS[0] && minor < MIN_REDIS[1]))
      return {
        name,
        outcome: 'failed',
        text,
        remedy: 'upgrade Redis to version 6.2 or later',
      }
    const risks = redisRisks(state)
    if (risks.length === 0) return { name, outcome: 'ok', text }
    return {
      name,
      outcome: 'warning',
      text: [text, ...risks.map(([what]) => what)].join('; '),
      remedy: risks.map(([, remedy]) => remedy).join('; '),
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    const [what = '', ...remedy] = error.message.split(/(?<=refused)\. |: (?=[A-Z])/)
    return {
      name,
      outcome: 'failed',
      text: what,
      ...(remedy.length === 0 ? {} : { remedy: remedy.join(': ') }),
    }
  }
}

function linkName({ linkType, loopback }: NetworkInterface): string {
  if (loopback) return 'loopback'
  return linkType === 101 ? 'raw IP' : 'Ethernet'
}

function sysfs(name: string, file: string): string | undefined {
  if (name.includes('/')) return undefined
  try {
    return readFileSync(`/sys/class/net/${name}/${file}`, 'latin1').trim()
  } catch {
    return undefined
  }
}
