// Segments that overtook the one that begins their hello or opens their connection, as captures of several queues or taps show
// them: nothing can be told of them yet. They are remembered as offsets into the block they lie in, and forgotten with it.

import { u16 } from '../base/bytes.js'
import { DROPPED_CELLS } from '../base/block-layout.js'
import { MAX_EARLIER_FRAMES, MAX_EARLY_SEGMENTS, MAX_HELLO_SPAN } from '../base/limits.js'
import { Packet } from '../model/packet.js'

const WORDS = 13
/** Of an Ethernet frame. */
const ETHERTYPE = 12
const EARLY_MICROS = 1e6

/** The segments of one block that belong to no watched flow and begin no hello. */
export class EarlySegments {
  /** Number of the last one of each cell of hashes, plus one, and of the one before each: as the prefilter's kernel has them. */
  private readonly last = new Uint16Array(DROPPED_CELLS)
  private readonly before = new Uint16Array(MAX_EARLY_SEGMENTS)
  private readonly hashes = new Int32Array(MAX_EARLY_SEGMENTS)
  private readonly words = new Int32Array(WORDS * MAX_EARLY_SEGMENTS)
  private readonly frames = new Int32Array(MAX_EARLY_SEGMENTS)
  private readonly micros = new Float64Array(MAX_EARLY_SEGMENTS)
  private readonly packet = new Packet()
  private bytes: Uint8Array | undefined
  /** How many there were in this block. */
  size = 0
  /** Number of the frame at hand in its block, and where it begins. */
  frame = 0
  frameOff = 0
  private at = -1
  private atFrame = 0
  private wrap = 0

  /**
   * Remembers a segment with payload until the end of its block, none that was put together from IP fragments. The hash of
   * its flow is a word of an array, so that no number has to be allocated for it.
   */
  add(packet: Packet, hashes: Int32Array, hashAt: number): void {
    const hash = hashes[hashAt] ?? 0
    if (packet.ipOff < 0 || (this.size > 0 && packet.bytes !== this.bytes)) return
    const number = this.size++ & (MAX_EARLY_SEGMENTS - 1)
    this.bytes = packet.bytes
    const cell = hash & (DROPPED_CELLS - 1)
    this.before[number] = this.last[cell] ?? 0
    this.last[cell] = number + 1
    this.hashes[number] = hash
    this.frames[number] = this.frame
    this.micros[number] = packet.timeMicros
    const { words } = this
    const at = WORDS * number
    words[at] = packet.seq
    words[at + 1] = packet.flags
    words[at + 2] = packet.payloadOff
    words[at + 3] = packet.payloadLen
    words[at + 4] = packet.payloadWireLen
    words[at + 5] = packet.tcpOff
    words[at + 6] = packet.ipOff
    words[at + 7] = packet.srcAddrOff
    words[at + 8] = packet.dstAddrOff
    words[at + 9] = packet.ipVersion
    words[at + 10] = packet.srcPort
    words[at + 11] = packet.dstPort
    words[at + 12] = wrapOf(packet, this.frameOff)
  }

  /** Looks for segments that an opening one lets be placed: `next` gives them. */
  seek(opening: Packet, hash: number): void {
    const isOfBlock = opening.ipOff >= 0 && opening.bytes === this.bytes
    this.at = isOfBlock ? (this.last[hash & (DROPPED_CELLS - 1)] ?? 0) - 1 : -1
    this.atFrame = this.frame
    this.wrap = wrapOf(opening, this.frameOff)
  }

  /**
   * Gives the next segment, the latest first, that follows `opening` by less than a hello, was seen a second from it at most and
   * behind the same headers, and whose flow has the same hash, and forgets it; undefined where there is none left. Two flows
   * may have one hash. It is one instance, overwritten, its time the opening's.
   */
  next(opening: Packet, hash: number): Packet | undefined {
    while (this.at >= 0) {
      const number = this.at
      const frame = this.frames[number] ?? 0
      // Others took the places of what is too old.
      if (frame > this.atFrame || frame < this.frame - MAX_EARLIER_FRAMES) break
      this.atFrame = frame
      this.at = (this.before[number] ?? 0) - 1
      const ahead = ((this.words[WORDS * number] ?? 0) - opening.seq) | 0
      const isNear = Math.abs(opening.timeMicros - (this.micros[number] ?? 0)) <= EARLY_MICROS
      const isAlike = this.hashes[number] === hash && this.words[WORDS * number + 12] === this.wrap
      if (isAlike && isNear && ahead > 0 && ahead <= MAX_HELLO_SPAN) {
        this.hashes[number] = 0
        const { packet } = this
        packet.timeMicros = opening.timeMicros
        this.fill(packet, WORDS * number)
        return packet
      }
    }
    this.at = -1
    return undefined
  }

  /** Forgets all: the block is over. */
  clear(): void {
    if (this.size === 0) return
    this.size = 0
    this.bytes = undefined
    this.last.fill(0)
  }

  private fill(packet: Packet, at: number): void {
    const { words } = this
    packet.bytes = this.bytes ?? packet.bytes
    packet.seq = (words[at] ?? 0) >>> 0
    packet.flags = words[at + 1] ?? 0
    packet.payloadOff = words[at + 2] ?? 0
    packet.payloadLen = words[at + 3] ?? 0
    packet.payloadWireLen = words[at + 4] ?? 0
    packet.tcpOff = words[at + 5] ?? 0
    packet.ipOff = words[at + 6] ?? 0
    packet.srcAddrOff = words[at + 7] ?? 0
    packet.dstAddrOff = words[at + 8] ?? 0
    packet.ipVersion = words[at + 9] ?? 4
    packet.srcPort = words[at + 10] ?? 0
    packet.dstPort = words[at + 11] ?? 0
  }
}

/** Tells headers around segments apart: their length, and what an Ethernet frame says is in it. */
function wrapOf({ bytes, ipOff, tcpOff }: Packet, frameOff: number): number {
  const type = frameOff + ETHERTYPE + 2 <= bytes.length ? u16(bytes, frameOff + ETHERTYPE) : 0
  return (type << 16) ^ ((ipOff - frameOff) << 6) ^ (tcpOff - ipOff)
}
