// Which of several workers looks at a frame: the one its flow belongs to. Both directions of a flow are one worker's,
// inside whatever tunnels, so that each worker knows all of its flows' history and nothing of the others'.

import { i32 } from '../base/bytes.js'
import { newCounters } from '../base/counters.js'
import type { PacketBlock } from '../model/packet-block.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, Packet } from '../model/packet.js'
import { FrameDecoder } from '../wire/frame-decoder.js'
import { EVERYONE, UNDEALT } from '../kernels/prefilter-layout.js'

/** Tells the worker of each frame, and of each flow. */
export class FlowDealer {
  readonly #workers: number
  readonly #counters = newCounters()
  readonly #wire = new FrameDecoder(this.#counters)
  readonly #packet = new Packet()

  /** @param workers how many there are, 1 to 253 */
  constructor(workers: number) {
    this.#workers = workers
  }

  /** Writes to `owner`, for each frame kept of the block where that is UNDEALT, the worker that takes it, or EVERYONE. */
  deal(block: PacketBlock, owner: Uint8Array): void {
    for (let k = 0; k < block.keptCount; k++)
      if (owner[k] === UNDEALT) owner[k] = this.#ownerOf(block, block.kept[k] ?? 0)
  }

  /** The worker that takes the packet's flow. */
  workerOf(packet: Packet): number {
    const { bytes, srcAddrOff, dstAddrOff } = packet
    let word = 0
    const addrLen = packet.ipVersion === 6 ? 16 : 4
    for (let i = 0; i < addrLen; i += 4)
      word = spread(word ^ i32(bytes, srcAddrOff + i) ^ i32(bytes, dstAddrOff + i))
    return ((spread(word ^ packet.srcPort ^ packet.dstPort) >>> 16) * this.#workers) >>> 16
  }

  #ownerOf(block: PacketBlock, i: number): number {
    const fragments = this.#counters.ip_fragments
    const protocol = this.#wire.decodeFrame(block, i, this.#packet)
    if (this.#counters.ip_fragments !== fragments) return EVERYONE
    // Whatever is no segment and no datagram is only counted.
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return 0
    return this.workerOf(this.#packet)
  }
}

/** Every bit of `word` into the high ones. */
function spread(word: number): number {
  const h = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d)
  return Math.imul(h ^ (h >>> 13), 0x297a2d39)
}
