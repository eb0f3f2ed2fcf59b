// The flow through all modules: frames go in by blocks, sightings come out as JSON lines.
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

/** One flow of frames, whole and in order: its own flow table, its own lines. */
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

  /** Sightings as JSON lines; their taker sets `len` to 0. */
  get lines(): ByteWriter {
    return this.#sightings.lines
  }

  /** What clients said in plain HTTP; its taker empties it. */
  get userAgents(): UserAgentSeen[] {
    return this.#messages.userAgents
  }

  /** What was seen so far and not decoded. */
  get undecoded(): Undecoded {
    return this.#wire.undecoded.snapshot()
  }

  /** Says where the frames that follow were seen. Flows go on: files of one ring buffer share a pipeline. */
  setOrigin(origin: { readonly file?: string; readonly interface?: string }): void {
    this.#sightings.setOrigin(origin)
  }

  /** Takes a block of frames; sightings that become whole in it are appended to `lines`. Keeps nothing of the block. */
  take(block: PacketBlock): void {
    const { count, timeMicros } = block
    if (count === 0) return
    this.#reject(block)
    this.#decode(block)
    this.#messages.tcp.endBlock()
    this.expire(timeMicros[count - 1] ?? 0)
  }

  /** The first half of `take`: counts the block's frames, and marks those worth decoding. */
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
      if (segmentOf !== undefined && segmentOf[k] !== 0 && messages.canRun) {
        k = messages.takeRun(block, k)
        if (k === passedCount) break
      }
      if (flow !== undefined) {
        // A frame that only matters to a watched flow: one is watched from a frame before on, so this is asked in order.
        const hash = flow[k] ?? 0
        if (hash !== 0 && !table.isWatched(hash)) continue
      }
      const frame = passed[k] ?? 0
      tcp.setFrame(frame, block.start[frame] ?? 0)
      messages.take(this.#wire.decodeFrame(block, frame, packet))
      while (this.#wire.hasMore) messages.take(this.#wire.decodeNext(packet))
    }
  }

  /** Gives what has waited too long for a server's answer at a time, microseconds since the Unix epoch. */
  expire(nowMicros: number): void {
    this.#messages.giveHeld(nowMicros)
    this.#sightings.expire(nowMicros)
  }

  /**
   * Shifts the time of all that is known by `micros`, since the clock of the frames that follow was set by so much: nothing
   * ages by that.
   */
  shiftTime(micros: number): void {
    this.#wire.shiftTime(micros)
    this.#messages.shiftTime(Math.round(micros / 1e6))
    this.#sightings.shiftTime(micros)
  }

  /** Gives what waits for a server's answer, and counts what never became whole: no more frames come. */
  flush(): void {
    this.#messages.giveHeld(Infinity)
    this.#counters.hello_unfinished += this.#messages.unfinished
    this.#sightings.flush()
  }

  /**
   * Forgets all flows, once flushed: the frames that follow have nothing to do with those before. For a folder of small
   * captures a pipeline for each would cost ten times what is in them.
   */
  forget(): void {
    this.#wire.clear()
    this.#messages.clear()
    this.#sightings.clear()
  }
}
