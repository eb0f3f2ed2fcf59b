// The way through all modules: blocks of frames go in, sightings come out as JSON lines.
//
//   PacketBlock ─▶ wire ─┬▶ stream ─┬▶ tls ─▶ fingerprint ─▶ lines
//                        └▶ quic ───┘                 └▶ handshake ─▶┘   with the server's side

import type { Counters } from './base/counters.js'
import type { ByteWriter } from './base/byte-writer.js'
import type { PacketBlock } from './model/packet-block.js'
import { Packet } from './model/packet.js'
import { isAnyPort } from './model/ports.js'
import type { Undecoded } from './model/undecoded.js'
import type { UserAgentSeen } from './model/user-agent-seen.js'
import { Messages } from './pipeline/messages.js'
import type { PipelineOptions } from './pipeline/options.js'
import { newPrefilter } from './pipeline/prefilter.js'
import { Sightings } from './pipeline/sightings.js'
import { FrameDecoder } from './wire/frame-decoder.js'
import type { Prefilter } from './wire/prefilter.js'
import { TunnelPorts } from './wire/udp-tunnel.js'

/** Turns the frames of one source, in order, into lines. It has its own flow table. */
export class Pipeline {
  readonly #counters: Counters
  readonly #prefilter: Prefilter
  readonly #wire: FrameDecoder
  readonly #messages: Messages
  readonly #sightings: Sightings
  readonly #packet = new Packet()

  constructor(options: PipelineOptions, counters: Counters) {
    this.#counters = counters
    const ports =
      options.ports === undefined || isAnyPort(options.ports) ? undefined : options.ports
    const tunnelPorts = new TunnelPorts(options.tunnelPorts)
    this.#wire = new FrameDecoder(counters, tunnelPorts, options.undecoded)
    this.#sightings = new Sightings(options, counters)
    this.#messages = new Messages(
      { ...options, ports },
      counters,
      this.#packet,
      this.#wire.undecoded,
      this.#sightings,
    )
    this.#prefilter = newPrefilter({ ...options, ports }, tunnelPorts, this.#messages.tcp.table)
  }

  /** Sightings as JSON lines or rows. The caller sets `len` to 0 after reading them. */
  get lines(): ByteWriter {
    return this.#sightings.lines
  }

  /** User-Agents seen in plain HTTP. The caller empties the array. */
  get userAgents(): UserAgentSeen[] {
    return this.#messages.userAgents
  }

  /** Counts of traffic that was not decoded so far. */
  get undecoded(): Undecoded {
    return this.#wire.undecoded.snapshot()
  }

  /** Sets the origin of the following frames. Flows continue: the files of one ring buffer share a pipeline. */
  setOrigin(origin: { readonly file?: string; readonly interface?: string }): void {
    this.#sightings.setOrigin(origin)
  }

  /** Takes a block of frames and appends finished sightings to `lines`. Keeps no reference to the block. */
  take(block: PacketBlock): void {
    const { count, timeMicros } = block
    if (count === 0) return
    this.#reject(block)
    this.#decode(block)
    this.#messages.tcp.endBlock()
    this.expire(timeMicros[count - 1] ?? 0)
  }

  /** The first half of `take`: counts the block's frames and runs the prefilter. */
  #reject(block: PacketBlock): void {
    const { count, caplen } = block
    const counters = this.#counters
    counters.packets += count
    if (this.#prefilter.apply(block)) {
      counters.packet_bytes += this.#prefilter.bytes
      counters.tcp_syn_acks += this.#prefilter.synAcks
      for (let i = 0; i < this.#prefilter.unknownDatagrams; i++)
        this.#wire.undecoded.udpPorts.add(this.#prefilter.unknownPort(block, i), 1)
      return
    }
    for (let i = 0; i < count; i++) counters.packet_bytes += caplen[i] ?? 0
    block.passedCount = count
  }

  /** The second half of `take`: decodes the frames that passed. */
  #decode(block: PacketBlock): void {
    const { passedCount, passed, flow, segmentOf } = block
    const packet = this.#packet
    const messages = this.#messages
    const { tcp } = messages
    const { table } = tcp
    tcp.run.begin(block)
    for (let k = 0; k < passedCount; k++) {
      if (segmentOf !== undefined && segmentOf[k] !== 0) {
        k = messages.takeSegments(block, k)
        if (k === passedCount) break
      }
      if (flow !== undefined) {
        // The frame matters only to a watched flow. An earlier frame of this block may have started to watch it.
        const hash = flow[k] ?? 0
        if (hash !== 0 && !table.isWatched(hash)) continue
      }
      const frame = passed[k] ?? 0
      tcp.setFrame(frame, block.start[frame] ?? 0)
      messages.take(this.#wire.decodeFrame(block, frame, packet))
      while (this.#wire.hasMore) messages.take(this.#wire.decodeNext(packet))
    }
  }

  /** Finishes lines whose server has not answered in time. @param nowMicros microseconds since the epoch */
  expire(nowMicros: number): void {
    this.#messages.giveHeld(nowMicros)
    this.#sightings.expire(nowMicros)
  }

  /** Shifts all remembered times by `micros`: the clock of the following frames was set by that much, and no flow ages by it. */
  shiftTime(micros: number): void {
    this.#wire.shiftTime(micros)
    this.#messages.shiftTime(Math.round(micros / 1e6))
    this.#sightings.shiftTime(micros)
  }

  /** Finishes all pending lines and counts unfinished hellos: no more frames come. */
  flush(): void {
    this.#messages.giveHeld(Infinity)
    this.#counters.hello_unfinished += this.#messages.unfinished
    this.#sightings.flush()
  }

  /**
   * Forgets all flows. Call `flush` first. A folder of small captures uses one pipeline, since building one costs ten times
   * as much as reading such a capture.
   */
  forget(): void {
    this.#wire.clear()
    this.#messages.clear()
    this.#sightings.clear()
  }
}
