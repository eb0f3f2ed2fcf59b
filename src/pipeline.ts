// The flow through all modules: frames go in by blocks, sightings come out as JSON lines.
//
//   PacketBlock ─▶ wire ─┬▶ stream ─┬▶ tls ─▶ fingerprint ─▶ lines
//                        └▶ quic ───┘                 └▶ handshake ─▶┘   with the server's side

import type { Counters } from './base/counters.js'
import { MAX_USER_AGENT_LEN, MAX_USER_AGENTS_AT_ONCE } from './base/limits.js'
import { OctetWriter } from './base/octet-writer.js'
import { proxyV2End } from './base/proxy-header.js'
import type { HandshakeOctets, Transport } from './model/handshake-octets.js'
import { Hello } from './model/hello.js'
import { isAnyPort } from './model/ports.js'
import type { PacketBlock } from './model/packet-block.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, Packet, TCP_FIN, TCP_RST, swapEnds } from './model/packet.js'
import type { FingerprintName } from './model/sighting.js'
import type { Undecoded, UndecodedTraffic } from './model/undecoded.js'
import type { UserAgentSeen } from './model/user-agent-seen.js'
import { addressText, latin1Text } from './fingerprint/address-text.js'
import { SightingWriter } from './fingerprint/sighting-writer.js'
import type { IdentifyHello } from './fingerprint/sighting-writer.js'
import { HandshakeJoin, type WriteServerFront } from './handshake/handshakes.js'
import { VERSION_FIRST_OCTETS } from './quic/version.js'
import { CARRIER_PORTS, isUnknownDatagram } from './carrier/starts.js'
import { CarrierHellos, DTLS_DATAGRAM } from './carrier/carrier-hellos.js'
import { QuicHellos } from './quic/quic-hellos.js'
import { DtlsHellos } from './stream/dtls-hellos.js'
import type { FlowTable } from './base/flow-table.js'
import {
  SECOND_MAX,
  SECOND_MIN,
  START_OCTETS as HELLO_STARTS,
  STARTS,
} from './stream/find-start.js'
import { HttpRequests } from './stream/http-requests.js'
import { TcpHellos } from './stream/tcp-hellos.js'
import { parseClientHello } from './tls/hello-parser.js'
import { redactHello } from './tls/redact-hello.js'
import { parseSslv2ClientHello } from './tls/sslv2-hello.js'
import { ENCAPSULATION_NAMES } from './wire/encapsulation.js'
import { FrameDecoder } from './wire/frame-decoder.js'
import { TunnelPorts } from './wire/udp-tunnel.js'
import type { TunnelPort } from './model/tunnel-port.js'
import { Prefilter } from './wire/prefilter.js'

/** Bytes that the first segment worth decoding of a flow may begin with: a hello's, and a carrier's. */
export const START_OCTETS: readonly number[] = [...new Set([...HELLO_STARTS, 1, 2, 3])]

// Kinds of message that TcpHellos, DtlsHellos and QuicHellos give.
const CLIENT_HELLO = 1
const SERVER_HELLO = 2

/** Transports whose server's answer is seen. */
const JOINED: readonly Transport[] = ['tcp', 'quic', 'dtls']

/** What a pipeline looks for and makes of it. */
export interface PipelineOptions {
  /** Ports of servers; undefined recognises TLS on any port by its content. */
  readonly ports: ReadonlySet<number> | undefined
  readonly fingerprints: ReadonlySet<FingerprintName> | 'all'
  /** Whether a sighting's line holds its hello, secrets zeroed. */
  readonly keepHello: boolean
  readonly communityId: boolean
  /** Whether a sighting carries its id, by which the same hello seen twice is known. */
  readonly sightingId?: boolean
  /** Appends to a sighting which implementation made the hello. */
  readonly identify?: IdentifyHello
  /** Whether `lines` holds rows (model/row.ts) rather than lines alone; the head of a row always holds its hello. */
  readonly rows?: boolean
  /** Whether a sighting tells what the server answered; its line waits for that, so that `flush` is due at the end. */
  readonly server?: boolean
  /** Ports of plain HTTP whose requests teach User-Agents; none unless given. */
  readonly httpPorts?: ReadonlySet<number> | undefined
  /** UDP ports of tunnels besides the usual ones. */
  readonly tunnelPorts?: readonly TunnelPort[]
  /** Where to count what is not decoded; of its own unless given. */
  readonly undecoded?: UndecodedTraffic | undefined
  /** Name of the sensor, in every sighting. */
  readonly sensor?: string | undefined
  /** Random number from 0 to 2^48 that keeps an attacker from aiming at the flow table's buckets. */
  readonly seed: number
}

/** One flow of frames, whole and in order: its own flow table, its own lines. */
export class Pipeline {
  /** Sightings as JSON lines; whoever takes them sets `len` to 0. */
  readonly lines = new OctetWriter(1 << 20)
  /** What clients said in plain HTTP; whoever takes it empties it. */
  readonly userAgents: UserAgentSeen[] = []
  readonly #counters: Counters
  readonly #prefilter: Prefilter
  readonly #wire: FrameDecoder
  readonly #tcp: TcpHellos
  readonly #tcpTable: FlowTable
  readonly #dtls: DtlsHellos
  readonly #quic: QuicHellos
  readonly #carriers: CarrierHellos
  readonly #http: HttpRequests | undefined
  readonly #writer: SightingWriter
  readonly #join: HandshakeJoin | undefined
  /** The line on its way to the join. */
  readonly #line = new OctetWriter(1 << 14)
  readonly #packet = new Packet()
  readonly #hello = new Hello()

  constructor(options: PipelineOptions, counters: Counters) {
    this.#counters = counters
    const { httpPorts, seed, server = false } = options
    const ports =
      options.ports === undefined || isAnyPort(options.ports) ? undefined : options.ports
    const tunnelPorts = new TunnelPorts(options.tunnelPorts)
    this.#wire = new FrameDecoder(counters, tunnelPorts, options.undecoded)
    this.#tcp = new TcpHellos({ ports, seed, server }, counters)
    this.#tcpTable = this.#tcp.table
    this.#prefilter = new Prefilter({
      ports,
      server,
      ...(httpPorts === undefined ? {} : { portsOfInterest: httpPorts }),
      starts: STARTS,
      secondMin: SECOND_MIN,
      secondMax: SECOND_MAX,
      tunnelPorts: tunnelPorts.ports(),
      carrierPorts: CARRIER_PORTS,
      quicVersionOctets: VERSION_FIRST_OCTETS,
      key: this.#tcpTable.key,
      filter: this.#tcpTable.filter,
    })
    this.#dtls = new DtlsHellos({ ports, seed, server }, counters)
    this.#quic = new QuicHellos({ ports, seed, server }, counters)
    const table = this.#tcpTable
    this.#carriers = new CarrierHellos({ ports, seed, table }, counters)
    this.#http = httpPorts === undefined ? undefined : new HttpRequests(httpPorts, counters)
    this.#writer = new SightingWriter({
      fingerprints: options.fingerprints,
      communityId: options.communityId,
      sightingId: options.sightingId ?? false,
      rows: options.rows ?? false,
      encapsulationNames: ENCAPSULATION_NAMES,
      ...(options.keepHello || options.rows === true ? { redact } : {}),
      helloText: options.keepHello,
      ...(options.identify === undefined ? {} : { identify: options.identify }),
      ...(options.sensor === undefined ? {} : { sensor: options.sensor }),
    })
    const writer = this.#writer
    const writeServerFront: WriteServerFront = (packet, message, out) => {
      swapEnds(packet)
      writer.writeServerFront(packet, message, out)
      swapEnds(packet)
    }
    this.#join = server
      ? new HandshakeJoin(seed, counters, this.lines, writeServerFront)
      : undefined
  }

  /** Says where the frames that follow were seen. Flows go on: files of one ring buffer share a pipeline. */
  setOrigin(origin: { readonly file?: string; readonly interface?: string }): void {
    this.#writer.setOrigin(origin)
  }

  /** Takes a block of frames; sightings that become whole in it are appended to `lines`. Keeps nothing of the block. */
  take(block: PacketBlock): void {
    const { count, timeMicros } = block
    if (count === 0) return
    const lastMicros = timeMicros[count - 1] ?? 0
    this.#reject(block)
    this.#decode(block)
    this.#tcp.endBlock()
    this.#giveHeld(lastMicros)
    this.#join?.expire(lastMicros)
  }

  /** The first half of `take`: counts the block's frames, and marks those worth decoding. */
  #reject(block: PacketBlock): void {
    const { count, caplen } = block
    const counters = this.#counters
    counters.packets += count
    if (this.#prefilter.apply(block)) {
      counters.packet_octets += this.#prefilter.octets
      counters.tcp_syn_acks += this.#prefilter.synAcks
      for (let i = 0; i < this.#prefilter.unknownDatagrams; i++)
        this.#wire.undecoded.udpPorts.add(this.#prefilter.unknownPort(block, i), 1)
      return
    }
    for (let i = 0; i < count; i++) counters.packet_octets += caplen[i] ?? 0
    block.passedCount = count
  }

  /** The second half of `take`: decodes the frames that passed. */
  #decode(block: PacketBlock): void {
    const { passedCount, passed, flow } = block
    const packet = this.#packet
    const table = this.#tcpTable
    for (let k = 0; k < passedCount; k++) {
      if (flow !== undefined) {
        // A frame that only matters to a watched flow: one is watched from a frame before on, so this is asked in order.
        const hash = flow[k] ?? 0
        if (hash !== 0 && !table.isWatched(hash)) continue
      }
      const frame = passed[k] ?? 0
      this.#tcp.setFrame(frame, block.start[frame] ?? 0)
      this.#take(this.#wire.decodeFrame(block, frame, packet))
      while (this.#wire.hasMore) this.#take(this.#wire.decodeNext(packet))
    }
  }

  /** Takes the packet decoded last, of this protocol. */
  #take(protocol: number): void {
    if (protocol === PROTOCOL_TCP) this.#takeSegment()
    else if (protocol === PROTOCOL_UDP) this.#takeDatagram()
    else if (protocol > 0) this.#takeCarrier(protocol)
  }

  #takeSegment(): void {
    const packet = this.#packet
    const http = this.#http
    const tcp = this.#tcp
    const join = this.#join
    if (http !== undefined && http.take(packet) !== 0) this.#noteUserAgent(http)
    if (!this.#takeCarrier(PROTOCOL_TCP))
      for (let kind = tcp.take(packet); kind !== 0; kind = tcp.next()) {
        const { isAnswered } = tcp
        if (isAnswered) swapEnds(packet)
        this.#handOn(kind, tcp.message)
        if (isAnswered) swapEnds(packet)
      }
    if (join !== undefined && (packet.flags & (TCP_FIN | TCP_RST)) !== 0) join.takeEnd(packet)
  }

  #takeDatagram(): void {
    skipProxyHeader(this.#packet)
    const { bytes, payloadOff, payloadLen, srcPort, dstPort } = this.#packet
    const quic = this.#quic
    // The first byte of the payload tells which of the two goes on; nearly all other datagrams end there.
    this.#takeDtls()
    for (let kind = quic.take(this.#packet); kind !== 0; kind = quic.next())
      this.#handOn(kind, quic.message)
    if (isUnknownDatagram(bytes, payloadOff, payloadOff + payloadLen, srcPort, dstPort))
      this.#wire.undecoded.udpPorts.add(Math.min(srcPort, dstPort), 1)
    else this.#takeCarrier(PROTOCOL_UDP)
  }

  #takeDtls(): void {
    const dtls = this.#dtls
    for (let kind = dtls.take(this.#packet); kind !== 0; kind = dtls.next())
      this.#handOn(kind, dtls.message)
  }

  /** Takes a packet that may be of a protocol which carries TLS or DTLS in packets of its own. @returns whether it is */
  #takeCarrier(protocol: number): boolean {
    const carriers = this.#carriers
    const first = carriers.take(this.#packet, protocol)
    for (let kind = first; kind !== 0; kind = carriers.next()) {
      if (kind === DTLS_DATAGRAM) this.#takeDtls()
      else if (kind === CLIENT_HELLO) this.#sight(carriers.message)
    }
    return first !== 0
  }

  /** What was seen so far and not decoded. */
  get undecoded(): Undecoded {
    return this.#wire.undecoded.snapshot()
  }

  /** Gives what has waited too long for a server's answer at a time, microseconds since the Unix epoch. */
  expire(nowMicros: number): void {
    this.#giveHeld(nowMicros)
    this.#join?.expire(nowMicros)
  }

  /**
   * Shifts the time of all that is known by `micros`, since the clock of the frames that follow was set by so much: nothing
   * ages by that.
   */
  shiftTime(micros: number): void {
    const seconds = Math.round(micros / 1e6)
    this.#wire.shiftTime(micros)
    this.#tcp.shiftTime(seconds)
    this.#dtls.shiftTime(seconds)
    this.#quic.shiftTime(seconds)
    this.#carriers.shiftTime(seconds)
    this.#join?.shiftTime(micros)
  }

  /** Gives what waits for a server's answer, and counts what never became whole: no more frames come. */
  flush(): void {
    this.#giveHeld(Infinity)
    this.#counters.hello_unfinished +=
      this.#tcp.unfinished + this.#dtls.unfinished + this.#quic.pending + this.#carriers.unfinished
    this.#join?.flush()
  }

  /**
   * Forgets all flows, once flushed: the frames that follow have nothing to do with those before. For a folder of small
   * captures a pipeline for each would cost ten times what is in them.
   */
  forget(): void {
    this.#wire.clear()
    this.#tcp.clear()
    this.#dtls.clear()
    this.#quic.clear()
    this.#carriers.clear()
    this.#join?.clear()
  }

  #noteUserAgent({ userAgentOff, userAgentEnd }: HttpRequests): void {
    if (this.userAgents.length >= MAX_USER_AGENTS_AT_ONCE) {
      this.#counters.http_user_agents_dropped++
      return
    }
    const { bytes, srcAddrOff, ipVersion, timeMicros } = this.#packet
    const end = Math.min(userAgentEnd, userAgentOff + MAX_USER_AGENT_LEN)
    this.userAgents.push({
      ip: addressText(bytes, srcAddrOff, ipVersion),
      userAgent: latin1Text(bytes, userAgentOff, end),
      timeMicros,
    })
  }

  /** Gives hellos in doubt that nothing else came for. */
  #giveHeld(nowMicros: number): void {
    const tcp = this.#tcp
    while (tcp.takeHeld(nowMicros) !== 0) this.#sight(tcp.message, tcp.heldPacket)
  }

  #handOn(kind: number, message: HandshakeOctets): void {
    if (kind === CLIENT_HELLO) this.#sight(message)
    else if (kind === SERVER_HELLO) this.#join?.takeServer(this.#packet, message)
    else this.#join?.takeCertificate(this.#packet, message)
  }

  #sight(message: HandshakeOctets, packet = this.#packet): void {
    const hello = this.#hello
    const isJoined = JOINED.includes(message.transport)
    const join = isJoined ? this.#join : undefined
    if (join === undefined && this.#writer.writeKnown(packet, message, this.lines)) {
      this.#counters.hellos++
      return
    }
    const { bytes, off, end, transport } = message
    const parsed = message.sslv2
      ? parseSslv2ClientHello(bytes, off, end, hello)
      : parseClientHello(bytes, off, end, transport === 'dtls', hello)
    if (parsed < 0) {
      this.#counters.hello_malformed++
      return
    }
    this.#counters.hellos++
    if (join === undefined) {
      this.#writer.write(packet, message, hello, this.lines)
      return
    }
    const line = this.#line
    line.len = 0
    this.#writer.write(packet, message, hello, line)
    join.takeClient(packet, message, hello, line)
  }
}

/** Appends the hello with its secrets zeroed. */
function redact(hello: Hello, out: OctetWriter): void {
  const { bytes, off, end } = hello
  out.reserve(end - off)
  const written = redactHello(bytes, off, end, hello, out.bytes.subarray(out.len))
  if (written > 0) out.len += written
}

/** Passes over a PROXY header before the payload of a datagram. */
function skipProxyHeader(packet: Packet): void {
  const { bytes, payloadOff, payloadLen } = packet
  const skipped = proxyV2End(bytes, payloadOff, payloadOff + payloadLen) - payloadOff
  if (skipped <= 0 || skipped > payloadLen) return
  packet.payloadOff += skipped
  packet.payloadLen -= skipped
  packet.payloadWireLen -= skipped
}
