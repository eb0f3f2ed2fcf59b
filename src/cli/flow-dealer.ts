// Which of several workers looks at a frame: the one its flow belongs to. Both directions of a flow are one worker's,
// inside whatever tunnels, so that each worker knows all of its flows' history and nothing of the others'.

import { i32, u16, u8 } from '../base/bytes.js'
import { newCounters } from '../base/counters.js'
import type { PacketBlock } from '../model/packet-block.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, Packet } from '../model/packet.js'
import { FrameDecoder } from '../wire/frame-decoder.js'
import { LINKTYPE_ETHERNET } from '../wire/link-type.js'

/** In place of a worker's number: IP fragments, which all workers take. */
export const EVERYONE = 255

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE = 12
const IPV4 = 14
const TCP = IPV4 + 20
const VERSION_4_NO_OPTIONS = 0x45
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff
/** Octets that tell the flow of a TCP segment in IPv4 over Ethernet. */
const COMMON_LEN = TCP + 20

/** Tells the worker of each frame, and of each flow. */
export class FlowDealer {
  readonly #workers: number
  readonly #counters = newCounters()
  readonly #wire = new FrameDecoder(this.#counters)
  readonly #packet = new Packet()

  /** @param workers how many there are, 1 to 254 */
  constructor(workers: number) {
    this.#workers = workers
  }

  /** Writes to `owner` for each frame of the block the worker that takes it, or EVERYONE. */
  deal(block: PacketBlock, owner: Uint8Array): void {
    for (let i = 0; i < block.count; i++) owner[i] = this.#ownerOf(block, i)
  }

  /** The worker that takes the packet's flow. */
  workerOf(packet: Packet): number {
    const { bytes, srcAddrOff, dstAddrOff } = packet
    let word = 0
    const addrLen = packet.ipVersion === 6 ? 16 : 4
    for (let i = 0; i < addrLen; i += 4)
      word = spread(word ^ i32(bytes, srcAddrOff + i) ^ i32(bytes, dstAddrOff + i))
    return this.#share(word, packet.srcPort ^ packet.dstPort)
  }

  #ownerOf(block: PacketBlock, i: number): number {
    const { bytes } = block
    const off = block.start[i] ?? 0
    // What nearly every frame is, told by four reads: 10 ns where the decoder takes 30.
    if (
      block.linkType[i] === LINKTYPE_ETHERNET &&
      (block.caplen[i] ?? 0) >= COMMON_LEN &&
      u16(bytes, off + ETHERTYPE) === ETHERTYPE_IPV4 &&
      u8(bytes, off + IPV4) === VERSION_4_NO_OPTIONS &&
      u8(bytes, off + IPV4 + 9) === PROTOCOL_TCP &&
      (u16(bytes, off + IPV4 + 6) & MORE_FRAGMENTS_OR_OFFSET) === 0
    ) {
      const word = spread(i32(bytes, off + IPV4 + 12) ^ i32(bytes, off + IPV4 + 16))
      return this.#share(word, u16(bytes, off + TCP) ^ u16(bytes, off + TCP + 2))
    }
    const fragments = this.#counters.ip_fragments
    const protocol = this.#wire.decodeFrame(block, i, this.#packet)
    if (this.#counters.ip_fragments !== fragments) return EVERYONE
    // Whatever is no segment and no datagram is only counted.
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return 0
    return this.workerOf(this.#packet)
  }

  #share(addresses: number, ports: number): number {
    return ((spread(addresses ^ ports) >>> 16) * this.#workers) >>> 16
  }
}

/** Every bit of `word` into the high ones. */
function spread(word: number): number {
  const h = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d)
  return Math.imul(h ^ (h >>> 13), 0x297a2d39)
}
