// Why a sensor that sees traffic sees no hellos, judged by the growth of its counters. Pure: numbers in, sentences out.

import type { Counters } from '../base/counters.js'
import type { Undecoded } from '../model/undecoded.js'
import { isAnyPort, portsText } from '../model/ports.js'
import { count } from './log.js'
import { undecodedText } from './undecoded-text.js'

/** Minimum of connections for a finding without hellos. */
const MIN_CONNECTIONS = 5
/** Minimum of connections for a finding with few hellos. */
const MIN_FOR_RATIO = 50
/** Hellos per connection below which they are few: scans and health checks have 0, busy ports nearly 1. */
const FEW = 0.2
/** Minimum of frames on an interface for the finding that none is of a watched port. */
const MIN_FRAMES = 100

/** The traffic of an interface in a span of time. */
export interface Seen {
  /** Growth of each counter. */
  readonly counters: Counters
  /** Frames that the operating system counted on the interface; undefined if unknown. */
  readonly frames: number | undefined
  readonly ports: readonly number[]
  /** Traffic that was not decoded since the sensor started. */
  readonly undecoded?: Undecoded | undefined
  /** Whether the span is long enough for a finding about silence. */
  readonly isLong: boolean
}

/**
 * `ok`: hellos are seen. `quiet`: too little traffic for a finding. `silent`: no frames. `not-watched`: frames, but none of a
 * watched port. `no-hellos`, `few-hellos`: connections without hellos.
 */
export type State = 'ok' | 'quiet' | 'silent' | 'not-watched' | 'no-hellos' | 'few-hellos'

/** A state with its possible causes: sentences, the likeliest cause first. */
export interface Finding {
  readonly state: State
  readonly why: readonly string[]
}

/** The finding about some traffic. */
export function judge(seen: Seen): Finding {
  const { counters, frames, isLong } = seen
  const { hellos, packets } = counters
  const connections = connectionsOf(counters)
  // With --ports any, most connections are of other protocols.
  const isFew = connections >= MIN_FOR_RATIO && hellos < connections * FEW && !isAnyPort(seen.ports)
  if (hellos > 0 && !isFew) return { state: 'ok', why: [] }
  if (connections >= MIN_CONNECTIONS && (hellos === 0 || isFew))
    return { state: hellos === 0 ? 'no-hellos' : 'few-hellos', why: reasons(seen) }
  const why = [...undecodedReasons(seen), ...hiddenReasons(counters)]
  if (hellos === 0 && why.length > 0) return { state: 'no-hellos', why }
  if (!isLong || packets > 0 || frames === undefined) return { state: 'quiet', why: [] }
  if (frames === 0)
    return {
      state: 'silent',
      why: [
        'no frame arrives: is the mirror session set up for this port, the cable in, the sender up?',
      ],
    }
  return frames < MIN_FRAMES
    ? { state: 'quiet', why: [] }
    : { state: 'not-watched', why: [notWatched(seen)] }
}

/** Connections to watched ports, also if only one direction is seen. */
export function connectionsOf({ tcp_syns, tcp_syn_acks, tcp_not_tls }: Counters): number {
  return Math.max(tcp_syns, tcp_syn_acks, tcp_not_tls)
}

function notWatched({ frames = 0, ports }: Seen): string {
  return (
    `${count(frames, 'frame')} passed the interface, none of them to or from ${ports.length === 1 ? 'port' : 'ports'} ` +
    `${portsText(ports)}: name the ports of the TLS servers with --ports, or mirror their traffic to here`
  )
}

/** Causes of connections without hellos. */
function reasons({ counters, ports, undecoded }: Seen): string[] {
  const { hellos, tcp_syns, tcp_syn_acks, tcp_not_tls } = counters
  const connections = connectionsOf(counters)
  const why: string[] = []
  if (tcp_syns === 0 && tcp_syn_acks > 0)
    why.push(
      'only what servers send is seen: mirror both directions (a mirror session has rx, tx or both; a tap has two outputs)',
    )
  if (tcp_not_tls * 2 >= connections)
    why.push(
      `${count(tcp_not_tls, 'connection')} of ${connections} begin with something else than a hello: another protocol is ` +
        `on ${portsText(ports)}; name the ports of TLS with --ports`,
    )
  why.push(...undecodedReasons({ counters, undecoded }), ...hiddenReasons(counters))
  const given =
    counters.hello_evicted +
    counters.hello_expired +
    counters.hello_closed +
    counters.hello_broken_off
  if (given * 2 >= connections)
    why.push(
      `${count(given, 'hello')} began and did not become whole: segments are missing, by loss before us or because a ` +
        'connection takes two paths and only one is mirrored',
    )
  if (counters.hello_malformed > hellos)
    why.push(`${count(counters.hello_malformed, 'hello')} could not be read: damaged or forged`)
  if (why.length === 0 && tcp_syn_acks === 0)
    why.push(
      'no server accepts: a scan or SYN flood; or what servers send is not mirrored, and clients’ data neither',
    )
  if (why.length === 0)
    why.push(
      'connections open and then carry nothing: health checks or scans; or their data takes another path than their SYN ' +
        '(hardware offload, asymmetric routing)',
    )
  return why
}

/** Undecoded EtherTypes and IP protocols, if they are a tenth of the frames; without those that every network has. */
function undecodedReasons({ counters, undecoded }: Pick<Seen, 'counters' | 'undecoded'>): string[] {
  const others = counters.link_payload_other + counters.ip_payload_other
  if (undecoded === undefined || others < MIN_CONNECTIONS) return []
  if (others * 10 < counters.packets) return []
  const { etherTypes, ipProtocols } = undecoded
  const texts = undecodedText({
    etherTypes: etherTypes.filter(({ value }) => !EVERYWHERE.includes(value)),
    ipProtocols: ipProtocols.filter(({ value }) => !EVERYWHERE.includes(value)),
    udpPorts: [],
  })
  return texts.length === 0 ? [] : [`not decoded: ${texts.join('; ')}`]
}

/** ARP, LLDP; ICMP, IGMP, ICMPv6. */
const EVERYWHERE: readonly number[] = [0x0806, 0x88cc, 1, 2, 58]

/** Causes that hide connections: unknown link types, cut frames, tunnels, loss. */
function hiddenReasons(c: Counters): string[] {
  const cut =
    c.link_truncated +
    c.ipv4_truncated +
    c.ipv6_truncated +
    c.tcp_truncated +
    c.udp_truncated +
    c.tunnel_truncated +
    c.tcp_segments_cut +
    c.quic_truncated
  const tunnels = c.tunnel_malformed + c.tunnel_payload_other + c.header_depth_exceeded
  const lost = c.capture_child_dropped + c.capture_kernel_dropped + c.capture_interface_dropped
  const fragments = c.ip_datagrams_expired + c.ip_datagrams_evicted
  const quic = c.quic_version_unknown + c.quic_without_first + c.quic_unauthentic
  const enough = (number: number) => number >= MIN_CONNECTIONS && number * 10 >= c.packets
  const why: string[] = []
  if (enough(c.link_type_unsupported))
    why.push(`${count(c.link_type_unsupported, 'frame')} of a link type nothing here decodes`)
  if (enough(cut))
    why.push(`${count(cut, 'frame')} cut short: raise the snap length of what mirrors them`)
  if (enough(tunnels))
    why.push(`${count(tunnels, 'frame')} in tunnels that are not decoded: mirror inside the tunnel`)
  if (enough(fragments))
    why.push(`${count(fragments, 'datagram')} whose IP fragments did not all come`)
  if (enough(lost))
    why.push(`${count(lost, 'frame')} lost on the way to us: a larger --ring, or fewer --ports`)
  if (c.tcp_syns === 0 && enough(quic))
    why.push(
      `only QUIC is seen, ${count(quic, 'packet')} of it unreadable: of unknown versions, or of connections that began ` +
        'before or elsewhere',
    )
  return why
}
