import type { Transport } from '../model/handshake-bytes.js'
import type { SessionId } from '../tls/server-hello.js'

const NO_BYTES = new Uint8Array(0)

/** The message that a handshake waits for: ServerHello, Certificate, a ClientHello that comes late, or none. */
export type Awaited = 'server' | 'certificate' | 'client' | 'nothing'

/** A handshake whose line is not finished. */
export class PendingHandshake {
  awaits: Awaited
  readonly transport: Transport
  /** Entry of the flow table, or -1 if a later hello of the flow replaced it. */
  entry: number
  /** Packet time of the hello, microseconds since the epoch. */
  timeMicros: number
  /** Whether it waits one round trip only, and since when. */
  hasShortWait = false
  shortWaitMicros = 0
  /** The unfinished line, without its closing brace. While a ClientHello is awaited it is the server's own row. */
  line: Uint8Array = NO_BYTES
  sessionId: SessionId = { bytes: NO_BYTES, sessionIdOff: 0, sessionIdLen: 0 }
  /** Whether the client offered a session ticket (RFC 5077 §3.2). */
  hasTicket = false
  /** Whether the hello follows a HelloRetryRequest; and the first hello, if it is still pending. */
  isSecond = false
  first: PendingHandshake | undefined
  /** The ClientHello, which the ServerHello must fit. */
  clientHello: Uint8Array = NO_BYTES
  /** Whether the server answered this very hello. */
  isConfirmed = false
  /** Another reading of the same bytes of the connection, and the number of such readings. */
  rival: PendingHandshake | undefined
  rivals = 0
  /** The server's messages that came before the ClientHello. */
  serverHello: Uint8Array = NO_BYTES
  certificate: Uint8Array = NO_BYTES
  /** Whether resumption is open: a certificate will show that the session is new. */
  isUndecided = false
  /** Whether the server's own row has the members of its certificate. */
  isCertified = false

  constructor(awaits: Awaited, transport: Transport, entry: number, timeMicros: number) {
    this.awaits = awaits
    this.transport = transport
    this.entry = entry
    this.timeMicros = timeMicros
  }

  /** Bytes held. */
  get bytes(): number {
    const { line, clientHello, serverHello, certificate } = this
    return line.length + clientHello.length + serverHello.length + certificate.length
  }

  /** Marks the handshake as finished and releases its bytes. */
  end(): void {
    this.awaits = 'nothing'
    this.line = this.clientHello = this.serverHello = this.certificate = NO_BYTES
    this.first = this.rival = undefined
  }
}

/** Empty places at the front of a queue from which on the rest is moved. */
const MOVED_FROM = 1024

/** A first-in, first-out queue that skips finished handshakes. */
export class TimeoutQueue {
  #items: (PendingHandshake | undefined)[] = []
  #head = 0

  /** Places in use, finished handshakes included. */
  get length(): number {
    return this.#items.length - this.#head
  }

  push(waiting: PendingHandshake): void {
    this.#items.push(waiting)
  }

  /** The first that is not finished. */
  first(): PendingHandshake | undefined {
    for (;;) {
      const waiting = this.#items[this.#head]
      if (waiting === undefined || waiting.awaits !== 'nothing') return waiting
      this.shift()
    }
  }

  each(change: (waiting: PendingHandshake) => void): void {
    for (const waiting of this.#items) if (waiting !== undefined) change(waiting)
  }

  shift(): void {
    this.#items[this.#head++] = undefined
    if (this.#head < MOVED_FROM || this.#head * 2 < this.#items.length) return
    // At least half is empty: the rest moves to the front, each item once on average.
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
