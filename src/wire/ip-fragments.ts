// Reassembly of IP fragments, RFC 791 §3.2 and RFC 8200 §4.5.
//
// A datagram being put together has a slot: its key, a bit for each 8 bytes held, and a buffer of its own, which
// begins with the addresses. Bytes that came first stay (an overlap is counted). Slots are found by going over all
// of them: 256 comparisons are 0.2 µs, and no choice of addresses makes it worse, as a hash table's buckets could be.

import { u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, NEED_MORE, TRUNCATED } from '../base/fault.js'
import { MAX_FRAGMENTED_DATAGRAMS, MAX_FRAGMENT_AGE_SECONDS } from '../base/limits.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { LAYER_IP_PROTOCOL } from './layer.js'

/** Where the buffer of a datagram holds the addresses and the payload. */
const SRC_ADDR = 0
const DST_ADDR = 16
const PAYLOAD = 32
/** Bytes after the IP header at most: the 16 bits of Total Length less the shortest header; IPv6 Payload Length counts none. */
const MAX_PAYLOAD_IPV4 = 65_515
const MAX_PAYLOAD_IPV6 = 65_535
const MIN_BUFFER_LEN = 4096
const MAX_BUFFER_LEN = PAYLOAD + 65_536
const HELD_BYTES = 8192 >> 3
const MAX_AGE_MICROS = MAX_FRAGMENT_AGE_SECONDS * 1_000_000
const NO_BYTES = new Uint8Array(0)

/** One datagram being put together. */
class Slot {
  isUsed = false
  hash = 0
  ipVersion = 0
  id = 0
  /** Protocol inside; part of the key in IPv4, the first fragment's word in IPv6 (RFC 8200 §4.5), -1 until then. */
  protocol = 0
  vlan = 0
  encapsulationCount = 0
  firstMicros = 0
  /** Bytes of the payload, -1 until the last fragment came. */
  total = -1
  /** Offset just past the farthest byte held. */
  farthest = 0
  /** Blocks of 8 bytes held. */
  blocks = 0
  /** A bit a block. */
  readonly held = new Uint8Array(HELD_BYTES)
  bytes: Uint8Array = NO_BYTES
}

/** Fragmented datagrams of one stream of frames; bounded in number, size and packet time. */
export class IpFragments {
  /** The last datagram made whole; its bytes stay until the next is. */
  bytes: Uint8Array = NO_BYTES
  readonly #counters: Counters
  readonly #slots: Slot[] = []

  constructor(counters: Counters) {
    this.#counters = counters
  }

  /** Forgets all datagrams that are not whole; nothing is counted. */
  clear(): void {
    for (const slot of this.#slots) slot.isUsed = false
  }

  /** Shifts the time of all that is held by `micros`, as the clock of the packets was. */
  shiftTime(micros: number): void {
    for (const slot of this.#slots) slot.firstMicros += micros
  }

  /**
   * Takes the fragment at `off`, which `cursor` describes and whose addresses `packet` tells.
   *
   * When it makes its datagram whole, `packet.bytes` and `this.bytes` are the datagram, and cursor and addresses
   * are offsets into it.
   *
   * @returns the offset of the datagram's payload; NEED_MORE, or a Fault, both already counted
   */
  take(bytes: Uint8Array, off: number, cursor: Cursor, packet: Packet): OffsetOrFault {
    const counters = this.#counters
    counters.ip_fragments++
    const length = cursor.wireEnd - off
    const start = cursor.fragmentOffset
    if (cursor.end < cursor.wireEnd) {
      counters.ip_fragments_truncated++
      return TRUNCATED
    }
    // All but the last are multiples of 8 bytes, and none may end past what a length field can tell (ping of death).
    const maxPayload = packet.ipVersion === 4 ? MAX_PAYLOAD_IPV4 : MAX_PAYLOAD_IPV6
    const isUneven = cursor.moreFragments && (length & 7) !== 0
    if (length <= 0 || isUneven || start + length > maxPayload) {
      counters.ip_fragments_malformed++
      return MALFORMED
    }
    const slot = this.#slotOf(bytes, cursor, packet)
    if (!accept(slot, start, length, cursor)) {
      counters.ip_fragments_malformed++
      return MALFORMED
    }
    if (hold(slot, bytes, off, start, length)) counters.ip_fragments_overlapping++
    if (slot.total < 0 || slot.blocks < (slot.total + 7) >> 3) return NEED_MORE

    counters.ip_datagrams_reassembled++
    return this.#deliver(slot, cursor, packet)
  }

  /** Gives a whole datagram out; its slot gets the buffer given out before, so that both stay apart. */
  #deliver(slot: Slot, cursor: Cursor, packet: Packet): number {
    const whole = slot.bytes
    slot.bytes = this.bytes
    slot.isUsed = false
    this.bytes = whole
    packet.bytes = whole
    packet.ipOff = -1
    packet.srcAddrOff = SRC_ADDR
    packet.dstAddrOff = DST_ADDR
    cursor.wireEnd = PAYLOAD + slot.total
    cursor.end = cursor.wireEnd
    cursor.jumboOff = -1
    cursor.next = LAYER_IP_PROTOCOL + slot.protocol
    return PAYLOAD
  }

  /** The slot of the fragment's datagram; a free, an expired or the oldest one where it has none yet. */
  #slotOf(bytes: Uint8Array, cursor: Cursor, packet: Packet): Slot {
    const slots = this.#slots
    const now = packet.timeMicros
    const hash = keyHash(bytes, cursor, packet)
    let free: Slot | undefined
    let oldest: Slot | undefined
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]
      if (slot === undefined) break
      if (!slot.isUsed) {
        free = slot
        continue
      }
      if (slot.hash === hash && isKeyOf(slot, bytes, cursor, packet)) {
        if (ageOf(slot, now) <= MAX_AGE_MICROS) return slot
        this.#counters.ip_datagrams_expired++
        return open(slot, hash, bytes, cursor, packet)
      }
      if (oldest === undefined || ageOf(slot, now) > ageOf(oldest, now)) oldest = slot
    }
    if (free === undefined && slots.length < MAX_FRAGMENTED_DATAGRAMS) {
      free = new Slot()
      slots.push(free)
    }
    if (free === undefined && oldest !== undefined) {
      if (ageOf(oldest, now) > MAX_AGE_MICROS) this.#counters.ip_datagrams_expired++
      else this.#counters.ip_datagrams_evicted++
      free = oldest
    }
    return open(free ?? new Slot(), hash, bytes, cursor, packet)
  }
}

/** Packet time may jump either way: far from it in either direction is old. */
function ageOf(slot: Slot, nowMicros: number): number {
  return Math.abs(nowMicros - slot.firstMicros)
}

/** Starts a datagram in `slot`. */
function open(slot: Slot, hash: number, bytes: Uint8Array, cursor: Cursor, packet: Packet): Slot {
  slot.isUsed = true
  slot.hash = hash
  slot.ipVersion = packet.ipVersion
  slot.id = cursor.fragmentId
  slot.protocol = packet.ipVersion === 4 ? cursor.fragmentProtocol : -1
  slot.vlan = packet.vlan
  slot.encapsulationCount = packet.encapsulationCount
  slot.firstMicros = packet.timeMicros
  slot.total = -1
  slot.farthest = 0
  slot.blocks = 0
  slot.held.fill(0)
  if (slot.bytes.length === 0) slot.bytes = new Uint8Array(MIN_BUFFER_LEN)
  const addrLen = packet.ipVersion === 4 ? 4 : 16
  for (let i = 0; i < addrLen; i++) {
    slot.bytes[SRC_ADDR + i] = u8(bytes, packet.srcAddrOff + i)
    slot.bytes[DST_ADDR + i] = u8(bytes, packet.dstAddrOff + i)
  }
  return slot
}

/** Whether the fragment agrees with what its datagram's other fragments said of the end; if so, notes what it says. */
function accept(slot: Slot, start: number, length: number, cursor: Cursor): boolean {
  const stop = start + length
  if (cursor.moreFragments) {
    if (slot.total >= 0 && stop > slot.total) return false
  } else {
    if (slot.total >= 0 ? stop !== slot.total : stop < slot.farthest) return false
    slot.total = stop
  }
  if (stop > slot.farthest) slot.farthest = stop
  if (start === 0 && slot.protocol < 0) slot.protocol = cursor.fragmentProtocol
  return true
}

/** Copies the blocks not held yet. @returns whether it overlaps what is held otherwise than as its exact duplicate */
function hold(slot: Slot, from: Uint8Array, off: number, start: number, length: number): boolean {
  reserve(slot, PAYLOAD + start + length)
  const into = slot.bytes
  const held = slot.held
  let isNew = false
  let isHeld = false
  let differs = false
  for (let at = 0; at < length; at += 8) {
    const block = (start + at) >> 3
    const bit = 1 << (block & 7)
    const bits = u8(held, block >> 3)
    const stop = Math.min(at + 8, length)
    if ((bits & bit) === 0) {
      held[block >> 3] = bits | bit
      slot.blocks++
      isNew = true
      for (let i = at; i < stop; i++) into[PAYLOAD + start + i] = u8(from, off + i)
    } else {
      isHeld = true
      for (let i = at; i < stop; i++) {
        if (u8(into, PAYLOAD + start + i) !== u8(from, off + i)) differs = true
      }
    }
  }
  return isHeld && (isNew || differs)
}

/** Makes the slot's buffer at least `length` bytes, doubling up to the longest datagram. */
function reserve(slot: Slot, length: number): void {
  if (slot.bytes.length >= length) return
  let capacity = slot.bytes.length
  while (capacity < length) capacity *= 2
  const grown = new Uint8Array(Math.min(capacity, MAX_BUFFER_LEN))
  grown.set(slot.bytes)
  slot.bytes = grown
}

/** A 32-bit number of addresses, identification and version: equal for equal keys. */
function keyHash(bytes: Uint8Array, cursor: Cursor, packet: Packet): number {
  let hash = Math.imul(cursor.fragmentId ^ packet.ipVersion, 0x9e3779b1)
  const addrLen = packet.ipVersion === 4 ? 4 : 16
  for (let i = 0; i < addrLen; i++) {
    hash = Math.imul(hash ^ u8(bytes, packet.srcAddrOff + i), 0x01000193)
    hash = Math.imul(hash ^ u8(bytes, packet.dstAddrOff + i), 0x01000193)
  }
  return hash
}

function isKeyOf(slot: Slot, bytes: Uint8Array, cursor: Cursor, packet: Packet): boolean {
  if (slot.id !== cursor.fragmentId || slot.ipVersion !== packet.ipVersion) return false
  if (slot.vlan !== packet.vlan || slot.encapsulationCount !== packet.encapsulationCount)
    return false
  if (packet.ipVersion === 4 && slot.protocol !== cursor.fragmentProtocol) return false
  const addrLen = packet.ipVersion === 4 ? 4 : 16
  for (let i = 0; i < addrLen; i++) {
    if (u8(slot.bytes, SRC_ADDR + i) !== u8(bytes, packet.srcAddrOff + i)) return false
    if (u8(slot.bytes, DST_ADDR + i) !== u8(bytes, packet.dstAddrOff + i)) return false
  }
  return true
}
