// Listens to an interface for a few seconds: as the sensor does, and without the in-kernel filter on any port. The difference
// is the traffic that the filter or the choice of ports excludes.

import { portsText } from '../model/ports.js'
import type { Undecoded } from '../model/undecoded.js'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Counters } from '../base/counters.js'
import { newCounters } from '../base/counters.js'
import { u16 } from '../base/bytes.js'
import { reasonOf } from '../base/error-reason.js'
import type { NetworkInterface } from '../capture/live/interfaces.js'
import { LiveSource } from '../capture/live/live-source.js'
import type { PacketBlock } from '../model/packet-block.js'
import { Pipeline } from '../pipeline.js'
import { sightingsOf } from '../sensor/sinks.js'
import type { Check } from './check.js'
import { judge } from '../telemetry/diagnosis.js'
import { count } from '../telemetry/log.js'

const LINKTYPE_ETHERNET = 1
const ETHERTYPE_OFF = 12
/** EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad, and QinQ before that. */
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100])
/** Maximum of ports in a remedy. */
const MAX_PORTS_NAMED = 8

/** The traffic in that time. */
interface Heard {
  readonly counters: Counters
  /** Hellos by the server's port. */
  readonly hellos: ReadonlyMap<number, number>
  /** Frames with a VLAN tag. */
  tagged: number
  /** Traffic that was not decoded. */
  readonly undecoded?: Undecoded
}

/** Listens to an interface for `seconds` and reports missing traffic. A silent loopback interface is no problem. */
export async function listenCheck(
  { name, loopback }: Pick<NetworkInterface, 'name' | 'loopback'>,
  ports: readonly number[],
  seconds: number,
): Promise<Check> {
  const check = `traffic ${name}`
  let all: Heard
  let filtered: Heard
  try {
    ;[all, filtered] = await Promise.all([
      listen(name, [], undefined, seconds),
      listen(name, ports, new Set(ports), seconds),
    ])
  } catch (error) {
    return {
      name: check,
      outcome: 'failed',
      text: reasonOf(error),
    }
  }
  const { packets, hellos } = all.counters
  if (loopback && hellos === 0)
    return { name: check, outcome: 'ok', text: `${count(packets, 'frame')} in ${seconds} s` }
  return { name: check, ...verdict(all, filtered, ports, seconds) }
}

function verdict(
  all: Heard,
  filtered: Heard,
  ports: readonly number[],
  seconds: number,
): Omit<Check, 'name'> {
  const { packets, hellos } = all.counters
  const seen = [
    count(packets, 'frame'),
    ...(all.tagged > 0 ? [`${count(all.tagged, 'frame')} with a VLAN tag`] : []),
    count(hellos, 'hello'),
  ].join(', ')
  const text = `${seen} in ${seconds} s`
  if (packets === 0)
    return {
      outcome: 'warning',
      text: `no frame in ${seconds} s`,
      remedy:
        'check the mirror session; listen longer with --seconds 30, or cause traffic yourself',
    }
  const watched = hellosOn(all, ports)
  if (watched > 0 && hellosOn(filtered, ports) === 0)
    return {
      outcome: 'failed',
      text: `${text}, and the in-kernel filter passes none of those on watched ports${all.tagged > 0 ? ': it does not handle these VLAN tags' : ''}`,
      remedy: 'report this bug, with tcpdump -c 100 -w FILE of this interface',
    }
  const others = [...all.hellos]
    .filter(([port]) => !ports.includes(port))
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_PORTS_NAMED)
    .map(([port]) => port)
  if (watched > 0)
    return {
      outcome: 'ok',
      text: `${text}, ${watched} of them on watched ports`,
      ...(others.length === 0
        ? {}
        : {
            remedy: `to see hellos on other ports too: --ports ${portsText([...ports, ...others])}`,
          }),
    }
  if (others.length > 0)
    return {
      outcome: 'warning',
      text: `${text}, all of them on ports that are not watched`,
      remedy: `--ports ${portsText([...ports, ...others])}`,
    }
  // A few connections suffice, since the doctor listens only once.
  const { state, why } = judge({
    counters: all.counters,
    frames: packets,
    ports,
    isLong: false,
    undecoded: all.undecoded,
  })
  const [first, ...rest] = why
  return state === 'ok' || state === 'quiet' || first === undefined
    ? {
        outcome: 'warning',
        text: `${text}: no client opened a TLS connection`,
        remedy: 'listen longer with --seconds 30, or open a TLS connection through this interface',
      }
    : {
        outcome: 'warning',
        text: `${text}: ${first}`,
        ...(rest.length === 0 ? {} : { remedy: rest.join('; ') }),
      }
}

function hellosOn({ hellos }: Heard, ports: readonly number[]): number {
  return ports.reduce((sum, port) => sum + (hellos.get(port) ?? 0), 0)
}

/** @throws CaptureError */
async function listen(
  name: string,
  filterPorts: readonly number[],
  ports: ReadonlySet<number> | undefined,
  seconds: number,
): Promise<Heard> {
  const counters = newCounters()
  const hellos = new Map<number, number>()
  const heard: Heard = { counters, hellos, tagged: 0 }
  const source = new LiveSource({
    interface: name,
    ports: filterPorts,
    counters,
    log: () => undefined,
  })
  await source.open()
  const stop = new AbortController()
  const timer = sleep(seconds * 1000, undefined, { ref: true }).then(() => stop.abort())
  const pipeline = new Pipeline(
    {
      ports,
      fingerprints: new Set(),
      keepHello: false,
      communityId: false,
      seed: randomInt(2 ** 47),
    },
    counters,
  )
  for await (const block of source.blocks(stop.signal)) {
    pipeline.take(block)
    heard.tagged += taggedIn(block)
    for (const { dstport } of sightingsOf(pipeline.lines.bytes.subarray(0, pipeline.lines.len)))
      hellos.set(dstport, (hellos.get(dstport) ?? 0) + 1)
    pipeline.lines.len = 0
  }
  await timer
  return { ...heard, undecoded: pipeline.undecoded }
}

function taggedIn({ bytes, count: frames, start, caplen, linkType }: PacketBlock): number {
  let tagged = 0
  for (let i = 0; i < frames; i++)
    if (linkType[i] === LINKTYPE_ETHERNET && (caplen[i] ?? 0) >= ETHERTYPE_OFF + 2)
      tagged += Number(TAGS.has(u16(bytes, (start[i] ?? 0) + ETHERTYPE_OFF)))
  return tagged
}
