import type { Counters } from '../base/counters.js'
import { FlowTable, type FlowKey } from '../base/flow-table.js'
import { JOIN_HELLOS, JOIN_BYTES, JOIN_REST_SECONDS, JOIN_WAIT_SECONDS } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Transport } from '../model/handshake-bytes.js'
import { type PendingHandshake, TimeoutQueue } from './pending-handshake.js'

// Pending handshakes, by flow and by age.
//
//   client ▶ server ──▶ entry of the flow table ──▶ pending handshake
//
//   longWait:   ClientHellos in order of arrival,        JOIN_WAIT_SECONDS each
//   shortWait:  handshakes with one round trip left,     JOIN_REST_SECONDS each; also ClientHellos of longWait

/** Keeps flows of different transports between the same ports apart. */
const TRANSPORT_HASH: Readonly<Record<Transport, number>> = {
  tcp: 0,
  quic: 0x3c6ef372,
  dtls: 0x1f83d9ab,
  eap: 0x5be0cd19,
  openvpn: 0x510e527f,
  'tls/sctp': 0x6a09e667,
  'tls/rdpudp': 0x3b67ae85,
}
const CLOSE = 0x7d
const NEWLINE = 0x0a

/** Bounds on pending handshakes. */
export interface JoinSizes {
  /** A power of two, at least 8. */
  readonly hellos: number
  readonly bytes: number
}

export const DEFAULT_SIZES: JoinSizes = { hellos: JOIN_HELLOS, bytes: JOIN_BYTES }

/** Bounded memory of pending handshakes. */
export class PendingHandshakes {
  readonly #table: FlowTable
  readonly #waiting: (PendingHandshake | undefined)[]
  readonly #longWait = new TimeoutQueue()
  readonly #shortWait = new TimeoutQueue()
  readonly #sizes: JoinSizes
  readonly #counters: Counters
  readonly #out: ByteWriter
  #bytes = 0

  constructor(seed: number, counters: Counters, out: ByteWriter, sizes: JoinSizes) {
    this.#table = new FlowTable(sizes.hellos, seed)
    // Filled here, since V8 turns an array with holes into a hash table.
    this.#waiting = new Array<PendingHandshake | undefined>(sizes.hellos).fill(undefined)
    this.#sizes = sizes
    this.#counters = counters
    this.#out = out
  }

  /** Bytes of pending lines and messages. */
  get bytes(): number {
    return this.#bytes
  }

  /** Hash of a connection. @param flow the direction from client to server */
  hash(flow: FlowKey, transport: Transport, connection: number): number {
    const hash =
      this.#table.hash(flow) ^ TRANSPORT_HASH[transport] ^ Math.imul(connection, 0x9e3779b1)
    return hash === 0 ? 1 : hash
  }

  /** The connection's entry, or -1. */
  find(hash: number, flow: FlowKey): number {
    return this.#table.find(hash, flow)
  }

  /** A new entry for a connection; the oldest of a full bucket is evicted. */
  open(hash: number, flow: FlowKey): number {
    const entry = this.#table.place(hash)
    const evicted = this.at(entry)
    if (evicted !== undefined) this.#evict(evicted)
    this.#table.set(entry, hash, flow)
    return entry
  }

  /** The pending handshake at an entry. */
  at(entry: number): PendingHandshake | undefined {
    return entry < 0 ? undefined : this.#waiting[entry]
  }

  /** Adds a handshake at its entry, replacing the former one. */
  add(waiting: PendingHandshake): void {
    this.#waiting[waiting.entry] = waiting
    if (waiting.awaits === 'client') this.shortenWait(waiting, waiting.timeMicros)
    else this.#longWait.push(waiting)
    this.#evictExcess()
  }

  /** From `nowMicros` on, `waiting` waits one round trip only. */
  shortenWait(waiting: PendingHandshake, nowMicros: number): void {
    if (waiting.hasShortWait) return
    waiting.hasShortWait = true
    waiting.shortWaitMicros = nowMicros
    this.#shortWait.push(waiting)
  }

  /** Stores bytes of a handshake; beyond the bound of bytes, the oldest handshakes are evicted. */
  hold(
    waiting: PendingHandshake,
    what: 'line' | 'clientHello' | 'serverHello' | 'certificate',
    bytes: Uint8Array,
  ): void {
    // Storing earlier bytes may have evicted this handshake itself.
    if (waiting.awaits === 'nothing') return
    this.#bytes += bytes.length - waiting[what].length
    waiting[what] = bytes
    this.#evictExcess()
  }

  /** Removes a handshake without a line. */
  remove(waiting: PendingHandshake): void {
    if (this.at(waiting.entry) === waiting) this.#waiting[waiting.entry] = undefined
    this.#bytes -= waiting.bytes
    waiting.end()
  }

  /** Finishes a handshake: writes its line, with the members in `rest`. */
  finish(waiting: PendingHandshake, rest?: ByteWriter): void {
    const counters = this.#counters
    if (waiting.awaits === 'client') {
      counters.server_hello_unjoined++
      if (waiting.isCertified) counters.certificates++
    } else if (waiting.awaits === 'server') counters.hello_unanswered++
    this.write(waiting.line, rest)
    this.remove(waiting)
  }

  /** Writes a line, then `rest`, brace and newline. */
  write(line: Uint8Array, rest?: ByteWriter): void {
    const out = this.#out
    const restLen = rest?.len ?? 0
    out.reserve(line.length + restLen + 2)
    out.bytes.set(line, out.len)
    out.len += line.length
    if (rest !== undefined) out.copy(rest.bytes, 0, restLen)
    out.byte(CLOSE)
    out.byte(NEWLINE)
  }

  /** Finishes handshakes whose time is over. Packet time may jump: a distance in either direction counts. */
  expire(nowMicros: number): void {
    const longMicros = JOIN_WAIT_SECONDS * 1e6
    const shortMicros = JOIN_REST_SECONDS * 1e6
    for (let one = this.#longWait.first(); one !== undefined; one = this.#longWait.first()) {
      if (Math.abs(nowMicros - one.timeMicros) <= longMicros) break
      this.finish(one)
    }
    for (let one = this.#shortWait.first(); one !== undefined; one = this.#shortWait.first()) {
      if (Math.abs(nowMicros - one.shortWaitMicros) <= shortMicros) break
      this.finish(one)
    }
  }

  /** Shifts all remembered times by `micros`: the clock of the packets was set by that much. */
  shiftTime(micros: number): void {
    this.#longWait.each((one) => (one.timeMicros += micros))
    this.#shortWait.each((one) => (one.shortWaitMicros += micros))
  }

  /** Finishes all. */
  flush(): void {
    for (const queue of [this.#longWait, this.#shortWait])
      for (let one = queue.first(); one !== undefined; one = queue.first()) this.finish(one)
  }

  /** Forgets all connections. Call `flush` first. */
  clear(): void {
    this.#table.clear()
  }

  #evictExcess(): void {
    const { hellos, bytes } = this.#sizes
    for (const queue of [this.#longWait, this.#shortWait]) {
      while (queue.length > hellos) {
        const oldest = queue.first()
        // `first` has removed finished handshakes, so the queue may have become short enough.
        if (oldest === undefined || queue.length <= hellos) break
        this.#evict(oldest)
        queue.shift()
      }
    }
    while (this.#bytes > bytes) {
      const oldest = this.#longWait.first() ?? this.#shortWait.first()
      if (oldest === undefined) return
      this.#evict(oldest)
    }
  }

  #evict(waiting: PendingHandshake): void {
    this.#counters.hello_wait_evicted++
    this.finish(waiting)
  }
}
