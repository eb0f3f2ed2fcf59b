import type { Transport } from '../model/handshake-bytes.js'
import type { SessionId } from '../tls/server-hello.js'

const NO_BYTES = new Uint8Array(0)

/** What a hello waits for: the server's hello; the server's certificate; the client's hello, which it overtook; nothing. */
export type Awaited = 'server' | 'certificate' | 'client' | 'nothing'

/** A handshake that is not yet a line. */
export class Waiting {
  awaits: Awaited
  readonly transport: Transport
  /** Entry of the flow table, or -1 where a later hello of the flow took its place. */
  entry: number
  /** Packet time of the hello, and from when on it waits a round trip only. */
  timeMicros: number
  isResting = false
  restMicros = 0
  /** The line as far as it is known, its closing brace left out: of a server's hello that overtook the client's, its own. */
  line: Uint8Array = NO_BYTES
  sessionId: SessionId = { bytes: NO_BYTES, sessionIdOff: 0, sessionIdLen: 0 }
  /** Whether the client offered a session by its ticket (RFC 5077 §3.2). */
  hasTicket = false
  /** Whether the hello answers a HelloRetryRequest, and the first one where that still waits. */
  isSecond = false
  first: Waiting | undefined
  /** The client's hello: what its server answers has to fit it. */
  clientHello: Uint8Array = NO_BYTES
  /** Whether the server answered this very hello. */
  isConfirmed = false
  /** Another hello of the same connection, where it can be read in several ways, and how many there are in a row. */
  rival: Waiting | undefined
  rivals = 0
  /** The server's messages that overtook the client's hello. */
  serverHello: Uint8Array = NO_BYTES
  certificate: Uint8Array = NO_BYTES
  /** Whether the certificate will tell that no former session goes on. */
  isUndecided = false

  /** Whether the line of a server's own says what its certificate does. */
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

  /** Ends the waiting and lets go of the bytes. */
  end(): void {
    this.awaits = 'nothing'
    this.line = this.clientHello = this.serverHello = this.certificate = NO_BYTES
    this.first = this.rival = undefined
  }
}

/** Empty places in front of a queue before it is worth moving the rest. */
const MOVED_FROM = 1024

/** First in, first out; those that wait no more are passed over. */
export class WaitingQueue {
  #items: (Waiting | undefined)[] = []
  #head = 0

  /** Places taken, also by those that wait no more. */
  get length(): number {
    return this.#items.length - this.#head
  }

  push(waiting: Waiting): void {
    this.#items.push(waiting)
  }

  /** The first that still waits. */
  first(): Waiting | undefined {
    for (;;) {
      const waiting = this.#items[this.#head]
      if (waiting === undefined || waiting.awaits !== 'nothing') return waiting
      this.shift()
    }
  }

  each(change: (waiting: Waiting) => void): void {
    for (const waiting of this.#items) if (waiting !== undefined) change(waiting)
  }

  shift(): void {
    this.#items[this.#head++] = undefined
    if (this.#head < MOVED_FROM || this.#head * 2 < this.#items.length) return
    // Half of it is empty: what is left moves to the front, each item once on average.
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
