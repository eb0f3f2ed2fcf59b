// From packets to handshake messages, over TCP, DTLS, QUIC and the protocols that carry TLS or DTLS.

import type { Counters } from '../base/counters.js'
import { ByteWriter } from '../base/byte-writer.js'
import { MAX_USER_AGENT_LEN, MAX_USER_AGENTS_AT_ONCE } from '../base/limits.js'
import { proxyV2End } from '../base/proxy-header.js'
import { CarrierHellos } from '../carrier/carrier-hellos.js'
import { CLIENT_HELLO, DTLS_DATAGRAM, HELD } from '../carrier/given.js'
import { isUnknownDatagram } from '../carrier/starts.js'
import { NO_FRAMES, framesAt, mayBeFramesAt } from '../carrier/tcp-frames.js'
import { addressText, latin1Text } from '../fingerprint/address-text.js'
import type { PacketBlock } from '../model/packet-block.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, type Packet, swapEnds } from '../model/packet.js'
import type { UndecodedTraffic } from '../model/undecoded.js'
import type { UserAgentSeen } from '../model/user-agent-seen.js'
import { QuicHellos } from '../quic/quic-hellos.js'
import { DtlsHellos } from '../stream/dtls-hellos.js'
import { HttpRequests } from '../stream/http-requests.js'
import type { StreamRun } from '../stream/stream-heads.js'
import { TcpHellos } from '../stream/tcp-hellos.js'
import type { PipelineOptions } from './options.js'
import type { Sightings } from './sightings.js'

const FRAMES = {
  areAt: (bytes: Uint8Array, off: number, end: number) => framesAt(bytes, off, end) !== NO_FRAMES,
  mayBeAt: mayBeFramesAt,
}

/** Finds handshake messages in decoded packets and passes them to the sightings. */
export class Messages {
  readonly tcp: TcpHellos
  /** User-Agents seen in plain HTTP. The caller empties the array. */
  readonly userAgents: UserAgentSeen[] = []
  readonly #dtls: DtlsHellos
  readonly #quic: QuicHellos
  readonly #carriers: CarrierHellos
  readonly #http: HttpRequests | undefined
  readonly #counters: Counters
  readonly #packet: Packet
  readonly #run = new ByteWriter(1 << 12)
  readonly #undecoded: UndecodedTraffic
  readonly #sightings: Sightings
  readonly #onHello = () => {
    this.#sightings.takeClient(this.#packet, this.tcp.message)
  }

  /** @param packet the packet of each `take`, overwritten from packet to packet */
  constructor(
    options: Pick<PipelineOptions, 'ports' | 'httpPorts' | 'seed' | 'server'>,
    counters: Counters,
    packet: Packet,
    undecoded: UndecodedTraffic,
    sightings: Sightings,
  ) {
    const { ports, httpPorts, seed, server = false } = options
    this.#counters = counters
    this.#packet = packet
    this.#undecoded = undecoded
    this.#sightings = sightings
    this.tcp = new TcpHellos({ ports, seed, server, frames: FRAMES }, counters)
    this.#dtls = new DtlsHellos({ ports, seed, server }, counters)
    this.#quic = new QuicHellos({ ports, seed, server }, counters)
    this.#carriers = new CarrierHellos({ ports, seed, table: this.tcp.table }, counters)
    this.#http = httpPorts === undefined ? undefined : new HttpRequests(httpPorts, counters)
  }

  /** Messages that began and are incomplete. */
  get unfinished(): number {
    return (
      this.tcp.unfinished + this.#dtls.unfinished + this.#quic.pending + this.#carriers.unfinished
    )
  }

  /**
   * Takes written segments of a block from passed frame `from` on, whose segment is one.
   *
   * @returns the first passed frame that is to be decoded
   */
  takeSegments(block: PacketBlock, from: number): number {
    // Segments that came early wait for these: TcpHellos.
    if (this.tcp.hasEarly) return from
    const { pendingFlows } = this.#carriers
    return this.tcp.run.take(block, from, pendingFlows, this.#packet, this.#onHello)
  }

  /** Takes the packet. @param protocol IP protocol number, or ≤ 0 if the packet could not be decoded */
  take(protocol: number): void {
    if (protocol === PROTOCOL_TCP) this.#takeSegment()
    else if (protocol === PROTOCOL_UDP) this.#takeDatagram()
    else if (protocol > 0) this.#takeCarrier(protocol)
  }

  /** Passes on hellos whose bytes may still be contradicted, if no contradiction came until `nowMicros`. */
  giveHeld(nowMicros: number): void {
    const tcp = this.tcp
    while (tcp.takeHeld(nowMicros) !== 0)
      this.#sightings.takeClient(tcp.heldPacket ?? this.#packet, tcp.message)
  }

  /** Shifts all remembered times by `seconds`: the clock of the packets was set by that much. */
  shiftTime(seconds: number): void {
    this.tcp.shiftTime(seconds)
    this.#dtls.shiftTime(seconds)
    this.#quic.shiftTime(seconds)
    this.#carriers.shiftTime(seconds)
  }

  /** Forgets all flows without counting them. */
  clear(): void {
    this.tcp.clear()
    this.#dtls.clear()
    this.#quic.clear()
    this.#carriers.clear()
  }

  #takeSegment(): void {
    const packet = this.#packet
    const http = this.#http
    const tcp = this.tcp
    if (http !== undefined && http.take(packet) !== 0) this.#noteUserAgent(http)
    const carried = this.#takeCarrier(PROTOCOL_TCP)
    if (carried === 0)
      for (let kind = tcp.take(packet); kind !== 0; kind = tcp.next()) {
        const { isAnswered } = tcp
        if (isAnswered) swapEnds(packet)
        this.#sightings.take(kind, packet, tcp.message)
        if (isAnswered) swapEnds(packet)
      }
    this.#sightings.takeSegment(packet)
    if (tcp.framed !== undefined && carried === 0) this.#takeRun(tcp.framed)
    else if (carried === HELD) this.#takeAhead(packet)
  }

  /** Takes bytes that overtook those of a frame at hand. */
  #takeAhead(packet: Packet): void {
    const end = (packet.seq + packet.payloadWireLen) | 0
    const ahead = this.tcp.aheadAt(packet, end)
    if (ahead !== undefined) this.#takeRun(ahead)
  }

  /** Takes bytes of the packet's stream as if it were a segment. */
  #takeRun({ bytes, off, end, seq }: StreamRun): void {
    const packet = this.#packet
    const addressLen = packet.ipVersion === 4 ? 4 : 16
    const run = this.#run
    run.len = 0
    run.copy(packet.bytes, packet.srcAddrOff, packet.srcAddrOff + addressLen)
    run.copy(packet.bytes, packet.dstAddrOff, packet.dstAddrOff + addressLen)
    packet.payloadOff = run.len
    run.copy(bytes, off, end)
    packet.bytes = run.bytes
    packet.srcAddrOff = 0
    packet.dstAddrOff = addressLen
    packet.seq = seq >>> 0
    packet.payloadLen = packet.payloadWireLen = end - off
    this.#takeCarrier(PROTOCOL_TCP)
  }

  #takeDatagram(): void {
    skipProxyHeader(this.#packet)
    const { bytes, payloadOff, payloadLen, srcPort, dstPort } = this.#packet
    const quic = this.#quic
    // DTLS and QUIC both check the first byte of the payload, which rejects nearly all other datagrams.
    this.#takeDtls()
    for (let kind = quic.take(this.#packet); kind !== 0; kind = quic.next())
      this.#sightings.take(kind, this.#packet, quic.message)
    if (isUnknownDatagram(bytes, payloadOff, payloadOff + payloadLen, srcPort, dstPort))
      this.#undecoded.udpPorts.add(Math.min(srcPort, dstPort), 1)
    else this.#takeCarrier(PROTOCOL_UDP)
  }

  #takeDtls(): void {
    const dtls = this.#dtls
    for (let kind = dtls.take(this.#packet); kind !== 0; kind = dtls.next())
      this.#sightings.take(kind, this.#packet, dtls.message)
  }

  /** Takes a packet of a protocol that carries TLS or DTLS, such as OpenVPN. @returns as CarrierHellos.take: NOTHING where it is none */
  #takeCarrier(protocol: number): number {
    const carriers = this.#carriers
    const first = carriers.take(this.#packet, protocol)
    for (let kind = first; kind !== 0; kind = carriers.next()) {
      if (kind === DTLS_DATAGRAM) this.#takeDtls()
      else if (kind === CLIENT_HELLO) this.#sightings.takeClient(this.#packet, carriers.message)
    }
    return first
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
}

/** Skips a PROXY header (version 2) in front of the payload. */
function skipProxyHeader(packet: Packet): void {
  const { bytes, payloadOff, payloadLen } = packet
  const skipped = proxyV2End(bytes, payloadOff, payloadOff + payloadLen) - payloadOff
  if (skipped <= 0 || skipped > payloadLen) return
  packet.payloadOff += skipped
  packet.payloadLen -= skipped
  packet.payloadWireLen -= skipped
}
