// Network interfaces, from what Linux says in /proc and /sys; elsewhere from Node and npm cap.
// /proc/net belongs to our own network namespace; /sys to that of the process that mounted it, so it only adds to what is known.

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { networkInterfaces } from 'node:os'

/** A network interface as an operator knows it. */
export interface NetworkInterface {
  readonly name: string
  /** What it is, where the name does not tell (Windows). */
  readonly description?: string
  /** IPv4 and IPv6 addresses; an interface that is down shows none. */
  readonly addresses: readonly string[]
  /** Administratively up (IFF_UP), which capturing needs; undefined where the system does not tell. */
  readonly up: boolean | undefined
  readonly loopback: boolean
  /** LINKTYPE_ value of its frames where it is certain. */
  readonly linkType: number | undefined
  /** Whether packets to the rest of the world leave by it. */
  readonly defaultRoute: boolean
}

/** What can be captured from, as far as can be told without the privilege to capture. */
export type InterfaceState = 'up' | 'down' | 'missing' | 'unknown'

const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
/** Types of include/uapi/linux/if_arp.h by the LINKTYPE_ value libpcap reads them as. */
const LINKTYPES: Record<string, number> = { 1: 1, 772: 1, 65534: 101 }
/** Flags of a route: up, and one that refuses (include/uapi/linux/route.h). */
const RTF_UP = 0x1
const RTF_REJECT = 0x200

/** The interfaces of this machine, or of its network namespace, in the system's order. */
export async function listInterfaces(): Promise<NetworkInterface[]> {
  const names = await interfaceNames()
  if (names === undefined) return listByCap()
  const routes = await defaultRoutes()
  const byNode = networkInterfaces()
  return Promise.all(
    names.map(async (name) => {
      const flags = Number((await read(`/sys/class/net/${name}/flags`)) ?? Number.NaN)
      const type = (await read(`/sys/class/net/${name}/type`))?.trim() ?? ''
      const addresses = byNode[name] ?? []
      const hasFlags = !Number.isNaN(flags)
      return {
        name,
        addresses: addresses.map(({ address }) => address),
        up: hasFlags ? (flags & IFF_UP) !== 0 : addresses.length > 0 || undefined,
        loopback: hasFlags ? (flags & IFF_LOOPBACK) !== 0 : addresses.some((a) => a.internal),
        linkType: LINKTYPES[type],
        defaultRoute: routes.includes(name),
      }
    }),
  )
}

/** Names of the interfaces to capture on when none is named: the default routes' and loopback. */
export async function defaultInterfaces(): Promise<string[]> {
  const interfaces = await listInterfaces()
  return interfaces
    .filter(({ defaultRoute, loopback, up }) => (defaultRoute || loopback) && up !== false)
    .sort((a, b) => Number(a.loopback) - Number(b.loopback))
    .map(({ name }) => name)
}

/** Whether `name` can be captured from now. Costs two small reads; "unknown" where there is no /proc. */
export function interfaceState(name: string): InterfaceState {
  if (name === 'any') return 'unknown'
  const names = readNow('/proc/net/dev')
  if (names === undefined) return 'unknown'
  if (!namesOf(names).includes(name)) return 'missing'
  const flags = Number(readNow(`/sys/class/net/${name}/flags`) ?? Number.NaN)
  if (Number.isNaN(flags)) return 'unknown'
  return (flags & IFF_UP) !== 0 ? 'up' : 'down'
}

/** The kernel's number of the interface: a new one when it was deleted and made again. Undefined where it is not told. */
export function interfaceIndex(name: string): number | undefined {
  const index = readNow(`/sys/class/net/${name}/ifindex`)
  return index === undefined ? undefined : Number(index)
}

/** Frames the interface received and sent since it was made, by the system's own count; undefined where it is not told. */
export function interfaceFrames(name: string): number | undefined {
  const lines = readNow('/proc/net/dev')?.split('\n') ?? []
  const line = lines.find((each) => each.trim().startsWith(`${name}:`))
  if (line === undefined) return undefined
  // bytes, packets and six more received, then the same sent
  const numbers = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number)
  return (numbers[1] ?? 0) + (numbers[9] ?? 0)
}

/**
 * Interfaces of the default routes with the lowest metric in `/proc/net/route` (IPv4) and
 * `/proc/net/ipv6_route`, the IPv4 one first.
 */
export function defaultRoutesOf(ipv4: string, ipv6: string): string[] {
  const routes4 = ipv4
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((field) => field[1] === '00000000' && field[7] === '00000000')
    .map((field) => ({ name: field[0], flags: hex(field[3]), metric: Number(field[6]) }))
  const routes6 = ipv6
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter((field) => field[0] === '0'.repeat(32) && field[1] === '00')
    .map((field) => ({ name: field[9], flags: hex(field[8]), metric: hex(field[5]) }))
  const names = [routes4, routes6].map(
    (routes) =>
      routes
        .filter(({ flags }) => (flags & RTF_UP) !== 0 && (flags & RTF_REJECT) === 0)
        .sort((a, b) => a.metric - b.metric)[0]?.name,
  )
  return [...new Set(names.filter((name) => name !== undefined))]
}

async function defaultRoutes(): Promise<string[]> {
  return defaultRoutesOf(
    (await read('/proc/net/route')) ?? '',
    (await read('/proc/net/ipv6_route')) ?? '',
  )
}

async function interfaceNames(): Promise<string[] | undefined> {
  const text = await read('/proc/net/dev')
  return text === undefined ? undefined : namesOf(text)
}

/** Two lines of heading, then `name: counters`. */
function namesOf(procNetDev: string): string[] {
  return procNetDev
    .split('\n')
    .slice(2)
    .filter((line) => line.includes(':'))
    .map((line) => line.slice(0, line.indexOf(':')).trim())
}

interface CapDevice {
  readonly name: string
  readonly description?: string
  readonly addresses: readonly { readonly addr?: string }[]
  readonly flags?: string
}

/** What libpcap lists, where the system has no /proc; what Node lists, where cap is not built. */
function listByCap(): NetworkInterface[] {
  let devices: CapDevice[]
  try {
    const { deviceList } = createRequire(import.meta.url)('cap') as {
      deviceList: () => CapDevice[]
    }
    devices = deviceList()
  } catch {
    devices = Object.entries(networkInterfaces()).map(([name, addresses = []]) => ({
      name,
      addresses: addresses.map(({ address }) => ({ addr: address })),
      ...(addresses.some(({ internal }) => internal) && { flags: 'PCAP_IF_LOOPBACK' }),
    }))
  }
  return devices.map(({ name, description, addresses, flags }) => {
    const loopback = flags === 'PCAP_IF_LOOPBACK'
    const routable = addresses.some(
      ({ addr }) => addr !== undefined && !/^(fe80:|169\.254\.)/.test(addr),
    )
    return {
      name,
      ...(description !== undefined && { description }),
      addresses: addresses.flatMap(({ addr }) => addr ?? []),
      up: addresses.length > 0 || undefined,
      loopback,
      linkType: undefined,
      // the routes are not told: an interface with an address that is not link-local may have one
      defaultRoute: !loopback && routable,
    }
  })
}

function hex(text: string | undefined): number {
  return Number.parseInt(text ?? '', 16)
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, 'latin1').catch(() => undefined)
}

function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
