// Hellos of which a receiver may have taken nothing (DOUBTFUL), as long as nothing else is known of their connection: each waits
// for the hello that shows it to be false, and is given with a mark where none comes.

import { HELD_HELLO_SECONDS, MAX_HELD_HELLOS } from '../base/limits.js'
import { MAX_ENCAPSULATIONS, Packet } from '../model/packet.js'

const ADDRESS_LEN = 16

/** Whose hello waits. */
export interface HeldHello {
  readonly entry: number
  /** Hash of its flow: the entry may be another's by now. */
  readonly hash: number
  /** Ends, tunnels and time of its last segment. */
  readonly packet: Packet
  /** Packet time of its first segment, microseconds. */
  sinceMicros: number
}

/** What waits, the oldest first, of a bounded number of flows. */
export class HeldHellos {
  private readonly held = new Map<number, HeldHello>()

  /** Takes note of a segment of a flow's hello. @returns whether another one had to go for it */
  note(entry: number, hash: number, packet: Packet): boolean {
    const before = this.held.get(entry)
    if (before?.hash === hash) {
      before.packet.timeMicros = packet.timeMicros
      return false
    }
    this.held.delete(entry)
    const isFull = this.held.size >= MAX_HELD_HELLOS
    const oldest = this.held.keys().next().value
    if (isFull && oldest !== undefined) this.held.delete(oldest)
    this.held.set(entry, { entry, hash, packet: endsOf(packet), sinceMicros: packet.timeMicros })
    return isFull
  }

  /** Takes out the first one that has waited long enough at a time, microseconds; undefined where none has. */
  due(nowMicros: number): HeldHello | undefined {
    if (this.held.size === 0) return undefined
    for (const one of this.held.values()) {
      if (Math.abs(nowMicros - one.sinceMicros) < HELD_HELLO_SECONDS * 1e6) return undefined
      this.held.delete(one.entry)
      return one
    }
    return undefined
  }

  /** Shifts the time of all by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    for (const one of this.held.values()) one.sinceMicros += seconds * 1e6
  }

  clear(): void {
    this.held.clear()
  }
}

/** A packet without payload that has the same ends, its addresses copied. */
function endsOf(packet: Packet): Packet {
  const { bytes, srcAddrOff, dstAddrOff } = packet
  const ends = new Packet()
  const length = packet.ipVersion === 6 ? ADDRESS_LEN : 4
  ends.bytes = new Uint8Array(2 * ADDRESS_LEN)
  ends.bytes.set(bytes.subarray(srcAddrOff, srcAddrOff + length), 0)
  ends.bytes.set(bytes.subarray(dstAddrOff, dstAddrOff + length), ADDRESS_LEN)
  ends.srcAddrOff = 0
  ends.dstAddrOff = ADDRESS_LEN
  ends.timeMicros = packet.timeMicros
  ends.ipVersion = packet.ipVersion
  ends.protocol = packet.protocol
  ends.srcPort = packet.srcPort
  ends.dstPort = packet.dstPort
  ends.vlan = packet.vlan
  ends.encapsulationCount = Math.min(packet.encapsulationCount, MAX_ENCAPSULATIONS)
  ends.encapsulation.set(packet.encapsulation)
  return ends
}
