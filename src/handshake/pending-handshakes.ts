import type { Counters } from '../base/counters.js'
import { FlowTable, type FlowKey } from '../base/flow-table.js'
import { JOIN_HELLOS, JOIN_BYTES, JOIN_REST_SECONDS, JOIN_WAIT_SECONDS } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Transport } from '../model/handshake-bytes.js'
import { type Waiting, WaitingQueue } from './pending-handshake.js'

// Who waits, by flow and by age.
//
//   client ▶ server ──▶ entry ──▶ the one that waits
//
//   patient:  ClientHellos in order of their coming, JOIN_WAIT_SECONDS each
//   resting:  whatever has a round trip left,        JOIN_REST_SECONDS each, ClientHellos among them

/** Tells flows of one transport from those of another between the same ports. */
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

/** Bounds of what waits, smaller ones in tests. */
export interface JoinSizes {
  /** A power of two, at least 8. */
  readonly hellos: number
  readonly bytes: number
}

export const DEFAULT_SIZES: JoinSizes = { hellos: JOIN_HELLOS, bytes: JOIN_BYTES }

/** Bounded memory of handshakes that are not yet lines. */
export class WaitingRoom {
  readonly #table: FlowTable
  readonly #waiting: (Waiting | undefined)[]
  readonly #patient = new WaitingQueue()
  readonly #resting = new WaitingQueue()
  readonly #sizes: JoinSizes
  readonly #counters: Counters
  readonly #out: ByteWriter
  #bytes = 0

  constructor(seed: number, counters: Counters, out: ByteWriter, sizes: JoinSizes) {
    this.#table = new FlowTable(sizes.hellos, seed)
    // Filled at once: entries come in no order, and V8 would make a hash table of an array with holes.
    this.#waiting = new Array<Waiting | undefined>(sizes.hellos).fill(undefined)
    this.#sizes = sizes
    this.#counters = counters
    this.#out = out
  }

  /** Bytes of lines and messages that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Hash of a connection, from its client's side. */
  hash(flow: FlowKey, transport: Transport, connection: number): number {
    const hash =
      this.#table.hash(flow) ^ TRANSPORT_HASH[transport] ^ Math.imul(connection, 0x9e3779b1)
    return hash === 0 ? 1 : hash
  }

  /** The connection's entry, or -1. */
  find(hash: number, flow: FlowKey): number {
    return this.#table.find(hash, flow)
  }

  /** An entry for a connection that has none; the oldest of its bucket makes room. */
  open(hash: number, flow: FlowKey): number {
    const entry = this.#table.place(hash)
    const evicted = this.at(entry)
    if (evicted !== undefined) this.#evict(evicted)
    this.#table.set(entry, hash, flow)
    return entry
  }

  /** Who waits at an entry, if anybody. */
  at(entry: number): Waiting | undefined {
    return entry < 0 ? undefined : this.#waiting[entry]
  }

  /** Lets `waiting` wait at its entry, in the place of the one that did. */
  enter(waiting: Waiting): void {
    this.#waiting[waiting.entry] = waiting
    if (waiting.awaits === 'client') this.rest(waiting, waiting.timeMicros)
    else this.#patient.push(waiting)
    this.#makeRoom()
  }

  /** From `nowMicros` on `waiting` waits a round trip only. */
  rest(waiting: Waiting, nowMicros: number): void {
    if (waiting.isResting) return
    waiting.isResting = true
    waiting.restMicros = nowMicros
    this.#resting.push(waiting)
  }

  /** Lets `waiting` hold `bytes`; the oldest of all may have to go for it. */
  hold(
    waiting: Waiting,
    what: 'line' | 'clientHello' | 'serverHello' | 'certificate',
    bytes: Uint8Array,
  ): void {
    // An eviction may have ended it while it took the bytes before these.
    if (waiting.awaits === 'nothing') return
    this.#bytes += bytes.length - waiting[what].length
    waiting[what] = bytes
    this.#makeRoom()
  }

  /** Ends the waiting without a line. */
  leave(waiting: Waiting): void {
    if (this.at(waiting.entry) === waiting) this.#waiting[waiting.entry] = undefined
    this.#bytes -= waiting.bytes
    waiting.end()
  }

  /** Ends the waiting with what is known: the line as far as it goes, and `rest`. */
  give(waiting: Waiting, rest?: ByteWriter): void {
    const counters = this.#counters
    if (waiting.awaits === 'client') {
      counters.server_hello_unjoined++
      if (waiting.isCertified) counters.certificates++
    } else if (waiting.awaits === 'server') counters.hello_unanswered++
    this.write(waiting.line, rest)
    this.leave(waiting)
  }

  /** Gives a line that lacks `rest` and its end. */
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

  /** Gives whatever has waited long enough. Packet time may jump either way: far from it in either direction is long. */
  expire(nowMicros: number): void {
    const patience = JOIN_WAIT_SECONDS * 1e6
    const rest = JOIN_REST_SECONDS * 1e6
    for (let one = this.#patient.first(); one !== undefined; one = this.#patient.first()) {
      if (Math.abs(nowMicros - one.timeMicros) <= patience) break
      this.give(one)
    }
    for (let one = this.#resting.first(); one !== undefined; one = this.#resting.first()) {
      if (Math.abs(nowMicros - one.restMicros) <= rest) break
      this.give(one)
    }
  }

  /** Shifts the time of all that waits by `micros`, as the clock of the packets was. */
  shiftTime(micros: number): void {
    this.#patient.each((one) => (one.timeMicros += micros))
    this.#resting.each((one) => (one.restMicros += micros))
  }

  /** Gives all that waits. */
  flush(): void {
    for (const queue of [this.#patient, this.#resting])
      for (let one = queue.first(); one !== undefined; one = queue.first()) this.give(one)
  }

  /** Forgets the connections of those who waited, of whom none is left. */
  clear(): void {
    this.#table.clear()
  }

  #makeRoom(): void {
    const { hellos, bytes } = this.#sizes
    for (const queue of [this.#patient, this.#resting]) {
      while (queue.length > hellos) {
        const oldest = queue.first()
        // Those that wait no more were in the way, and are gone now.
        if (oldest === undefined || queue.length <= hellos) break
        this.#evict(oldest)
        queue.shift()
      }
    }
    while (this.#bytes > bytes) {
      const oldest = this.#patient.first() ?? this.#resting.first()
      if (oldest === undefined) return
      this.#evict(oldest)
    }
  }

  #evict(waiting: Waiting): void {
    this.#counters.hello_wait_evicted++
    this.give(waiting)
  }
}
