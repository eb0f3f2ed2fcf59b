// One line a handshake: the line of a ClientHello waits until the server's side of it was seen too.
//
//   ClientHello ──▶ line, open ──▶ waits ◀── ServerHello      TLS 1.3, or a session that goes on: given at once
//                                    │
//                                    └─────▶ waits ◀── Certificate (TLS 1.2 and before)
//
// What waits too long, or too long after its flow's end, is given as it is. Captures of both directions put together may
// show an answer before its question: a ServerHello waits a round trip for its ClientHello, and is joined only if it fits.
// One that is not joined, as where a tap sees one direction alone, becomes a row of its own.

import { u16 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MAX_RIVAL_HELLOS } from '../base/limits.js'
import { ByteWriter } from '../base/byte-writer.js'
import { ReversedFlow } from '../base/reversed-flow.js'
import { QUALITY_CONFLICT, QUALITY_HRR, type HandshakeBytes } from '../model/handshake-bytes.js'
import { Hello } from '../model/hello.js'
import { type Packet, TCP_RST } from '../model/packet.js'
import { newCertificateList, parseCertificateList } from '../tls/certificate-list.js'
import { isResumed, isTls13 } from '../tls/server-hello.js'
import { SESSION_TICKET } from '../tls/extension-type.js'
import { firstExtension } from '../tls/hello-detail.js'
import { parseClientHello, parseServerHello } from '../tls/hello-parser.js'
import { isHelloRetryRequest } from '../tls/hello-retry-request.js'
import { CertificateText } from './certificate-text.js'
import { couldAnswer, isAnswer, sendsNoCertificate } from './fit.js'
import { ServerText } from './server-text.js'
import { DEFAULT_SIZES, type JoinSizes, WaitingRoom } from './pending-handshakes.js'
import { Waiting } from './pending-handshake.js'

/** Bytes at the end of a finished line: brace and newline. */
const LINE_END_LEN = 2

/** Appends the front of a server's own row, up to where its answer follows; the packet is the server's. */
export type WriteServerFront = (packet: Packet, message: HandshakeBytes, out: ByteWriter) => void

/** Joins ClientHellos with what their servers answer, within bounded memory. */
export class HandshakeJoin {
  readonly #room: WaitingRoom
  readonly #counters: Counters
  readonly #serverText = new ServerText()
  readonly #certificateText: CertificateText
  readonly #server = new Hello()
  readonly #client = new Hello()
  readonly #certificates = newCertificateList()
  readonly #members = new ByteWriter(1 << 12)
  readonly #reverse = new ReversedFlow()
  readonly #writeServerFront: WriteServerFront

  /**
   * @param seed secret of the flow table's hash, an integer from 0 to 2^48
   * @param out where finished lines go
   */
  constructor(
    seed: number,
    counters: Counters,
    out: ByteWriter,
    writeServerFront: WriteServerFront,
    sizes: JoinSizes = DEFAULT_SIZES,
  ) {
    this.#room = new WaitingRoom(seed, counters, out, sizes)
    this.#counters = counters
    this.#writeServerFront = writeServerFront
    this.#certificateText = new CertificateText(counters)
  }

  /** Bytes of lines and messages that wait. */
  get bytes(): number {
    return this.#room.bytes
  }

  /** Takes a ClientHello and its finished line, which is all that `line` holds. */
  takeClient(packet: Packet, message: HandshakeBytes, hello: Hello, line: ByteWriter): void {
    const room = this.#room
    const now = packet.timeMicros
    room.expire(now)
    const isSecond = (message.quality & QUALITY_HRR) !== 0
    const hash = room.hash(packet, message.transport, message.connection)
    let entry = room.find(hash, packet)
    if (entry < 0) entry = room.open(hash, packet)
    const before = room.at(entry)
    const isConflict = (message.quality & QUALITY_CONFLICT) !== 0
    if (isConflict && before?.awaits === 'certificate') {
      // The server answered the other reading.
      this.#counters.hello_unanswered++
      room.write(line.bytes.subarray(0, line.len - LINE_END_LEN))
      return
    }
    const waiting = new Waiting('server', message.transport, entry, now)
    waiting.isSecond = isSecond
    waiting.sessionId = {
      bytes: hello.bytes.slice(hello.sessionIdOff, hello.sessionIdOff + hello.sessionIdLen),
      sessionIdOff: 0,
      sessionIdLen: hello.sessionIdLen,
    }
    waiting.hasTicket = firstExtension(hello, SESSION_TICKET, isFilled) === true
    if (before?.awaits === 'server' && isSecond) {
      // What made the client ask again was not seen, or is still to come.
      waiting.first = before
      before.entry = -1
    } else if (before?.awaits === 'server' && isConflict && before.rivals < MAX_RIVAL_HELLOS) {
      waiting.rival = before
      waiting.rivals = before.rivals + 1
      before.entry = -1
    } else if (before !== undefined && before.awaits !== 'client') room.give(before)
    room.enter(waiting)
    room.hold(waiting, 'line', line.bytes.slice(0, line.len - LINE_END_LEN))
    if (!message.sslv2)
      room.hold(waiting, 'clientHello', message.bytes.slice(message.off, message.end))
    if (before?.awaits === 'client') this.#takeOvertaken(before, waiting, hello)
  }

  /** Takes a ServerHello or HelloRetryRequest. */
  takeServer(packet: Packet, message: HandshakeBytes): void {
    const room = this.#room
    const server = this.#server
    const now = packet.timeMicros
    const { bytes, off, end, transport } = message
    room.expire(now)
    if (parseServerHello(bytes, off, end, transport === 'dtls', server) < 0) {
      this.#counters.server_hello_malformed++
      return
    }
    const flow = this.#reverse.of(packet)
    const hash = room.hash(flow, transport, message.connection)
    let entry = room.find(hash, flow)
    const waiting = room.at(entry)
    if (waiting?.awaits === 'server') {
      const asked = this.#askedOf(waiting)
      if (asked !== undefined) this.#answer(asked, now)
      else {
        // Nobody is asked twice to try again.
        this.#counters.server_hello_unjoined++
        room.write(this.#ownLine(packet, message))
      }
      return
    }
    if (waiting !== undefined) room.give(waiting)
    if (entry < 0) entry = room.open(hash, flow)
    const early = new Waiting('client', transport, entry, now)
    room.enter(early)
    room.hold(early, 'line', this.#ownLine(packet, message))
    room.hold(early, 'serverHello', bytes.slice(off, end))
  }

  /**
   * The hello that `this.#server` answers. Of several readings of one connection that is the only one it fits, and the others
   * are given without an answer; where it fits several, the first one: none of them is confirmed then.
   */
  #askedOf(last: Waiting): Waiting | undefined {
    const server = this.#server
    const isRetry = isHelloRetryRequest(server)
    if (last.rival === undefined) {
      const asked = last.isSecond && isRetry ? last.first : last
      if (asked?.awaits !== 'server') return undefined
      asked.isConfirmed = this.#fits(asked)
      return asked
    }
    let first = last
    let asked: Waiting | undefined
    let fitting = 0
    for (let one: Waiting | undefined = last; one !== undefined; one = one.rival) {
      if (one.awaits !== 'server') continue
      first = one
      if (!this.#fits(one)) continue
      // A server of DTLS answers the hello with its cookie, which is the last (RFC 6347 §4.2.1).
      if (asked === undefined || one.transport !== 'dtls') asked = one
      fitting++
    }
    asked ??= first
    asked.isConfirmed = fitting === 1 || (fitting > 1 && asked.transport === 'dtls')
    for (let one: Waiting | undefined = last; one !== undefined;) {
      const { rival }: Waiting = one
      if (one !== asked && one.awaits === 'server') this.#room.give(one)
      one = rival
    }
    asked.rival = undefined
    return asked
  }

  /** Whether `this.#server` can be the answer to a hello. */
  #fits({ clientHello, transport }: Waiting): boolean {
    const client = this.#client
    const isDtls = transport === 'dtls'
    const parsed = parseClientHello(clientHello, 0, clientHello.length, isDtls, client)
    return parsed >= 0 && isAnswer(this.#server, client)
  }

  /** The row of `this.#server` for itself. */
  #ownLine(packet: Packet, message: HandshakeBytes): Uint8Array {
    const members = this.#members
    members.len = 0
    this.#writeServerFront(packet, message, members)
    this.#serverText.write(this.#server, message.transport, members)
    const resumed = isResumed(this.#server, undefined)
    // Without the client a session_id may be a new one, and a ticket may have been taken.
    if (resumed !== undefined && isTls13(this.#server)) members.ascii(`,"resumed":${resumed}`)
    return members.bytes.slice(0, members.len)
  }

  /** Takes the Certificate of a server of TLS 1.2 or before. */
  takeCertificate(packet: Packet, message: HandshakeBytes): void {
    const room = this.#room
    room.expire(packet.timeMicros)
    const flow = this.#reverse.of(packet)
    const waiting = room.at(room.find(room.hash(flow, message.transport, message.connection), flow))
    if (waiting?.awaits === 'certificate')
      this.#certify(waiting, message.bytes, message.off, message.end)
    else if (waiting?.awaits === 'client' && waiting.certificate.length === 0)
      this.#holdCertificate(waiting, message)
  }

  /** Keeps the certificate of a server whose client was not seen yet, and what it says in the server's own row. */
  #holdCertificate(waiting: Waiting, { bytes, off, end }: HandshakeBytes): void {
    const room = this.#room
    const members = this.#members
    members.len = 0
    members.copy(waiting.line, 0, waiting.line.length)
    waiting.isCertified = this.#writeCertificate(bytes, off, end)
    if (waiting.isCertified) room.hold(waiting, 'line', members.bytes.slice(0, members.len))
    room.hold(waiting, 'certificate', bytes.slice(off, end))
  }

  /** Takes note of a TCP segment with FIN or RST: what is not there within a round trip does not come. */
  takeEnd(packet: Packet): void {
    const room = this.#room
    const flow = this.#reverse.of(packet)
    const asServer = room.at(room.find(room.hash(flow, 'tcp', 0), flow))
    if (asServer !== undefined) room.rest(asServer, packet.timeMicros)
    // A client that has no more to say may still be answered.
    if ((packet.flags & TCP_RST) === 0) return
    const asClient = room.at(room.find(room.hash(packet, 'tcp', 0), packet))
    if (asClient !== undefined) room.rest(asClient, packet.timeMicros)
  }

  /** Gives what has waited long enough at a time, microseconds. */
  expire(nowMicros: number): void {
    this.#room.expire(nowMicros)
  }

  /** Gives all that waits: no more packets come. */
  flush(): void {
    this.#room.flush()
  }

  /** Forgets all connections, once flushed. */
  clear(): void {
    this.#room.clear()
  }

  /** Shifts the time of all that waits by `micros`, as the clock of the packets was. */
  shiftTime(micros: number): void {
    this.#room.shiftTime(micros)
  }

  /** Joins `this.#server` to the hello it answers. */
  #answer(waiting: Waiting, nowMicros: number): void {
    const room = this.#room
    const server = this.#server
    const members = this.#members
    const isRetry = isHelloRetryRequest(server)
    members.len = 0
    if (waiting.isConfirmed) members.ascii(',"confirmed":true')
    this.#serverText.write(server, waiting.transport, members)
    const resumed = isResumed(server, waiting.sessionId)
    // A server that takes a ticket need not send a session_id (RFC 5077 §3.4); one that does not sends a certificate.
    waiting.isUndecided = resumed === false && !isTls13(server) && waiting.hasTicket
    if (resumed !== undefined && !waiting.isUndecided) members.ascii(`,"resumed":${resumed}`)
    this.#counters.server_hellos++
    const { first } = waiting
    if (first?.awaits === 'server') room.give(first)
    const hasCertificate =
      waiting.transport !== 'quic' &&
      !isTls13(server) &&
      !isRetry &&
      resumed !== true &&
      !sendsNoCertificate(u16(server.bytes, server.cipherSuitesOff))
    if (!hasCertificate) {
      waiting.awaits = 'nothing'
      room.give(waiting, members)
      return
    }
    waiting.awaits = 'certificate'
    room.rest(waiting, nowMicros)
    const line = new Uint8Array(waiting.line.length + members.len)
    line.set(waiting.line)
    line.set(members.bytes.subarray(0, members.len), waiting.line.length)
    room.hold(waiting, 'line', line)
  }

  /** Joins a server's hello that came before the client's, if it fits. */
  #takeOvertaken(early: Waiting, waiting: Waiting, client: Hello): void {
    const { serverHello, certificate } = early
    const room = this.#room
    const isDtls = waiting.transport === 'dtls'
    parseServerHello(serverHello, 0, serverHello.length, isDtls, this.#server)
    if (room.at(waiting.entry) !== waiting || !couldAnswer(this.#server, client)) {
      room.give(early)
      return
    }
    room.leave(early)
    waiting.isConfirmed = isAnswer(this.#server, client)
    this.#answer(waiting, waiting.timeMicros)
    if (room.at(waiting.entry) === waiting && certificate.length > 0)
      this.#certify(waiting, certificate, 0, certificate.length)
  }

  #certify(waiting: Waiting, bytes: Uint8Array, off: number, end: number): void {
    const members = this.#members
    members.len = 0
    if (waiting.isUndecided) members.ascii(',"resumed":false')
    if (this.#writeCertificate(bytes, off, end)) this.#counters.certificates++
    waiting.awaits = 'nothing'
    this.#room.give(waiting, members)
  }

  /** Appends to `this.#members` what the Certificate message in `bytes[off, end)` says. @returns whether it has a certificate */
  #writeCertificate(bytes: Uint8Array, off: number, end: number): boolean {
    const list = this.#certificates
    if (parseCertificateList(bytes, off, end, list) < 0) {
      this.#counters.certificate_malformed++
      return false
    }
    if (list.count === 0) return false
    const text = this.#certificateText.of(bytes, list.leafOff, list.leafLen)
    this.#members.copy(text, 0, text.length)
    return true
  }
}

function isFilled(_bytes: Uint8Array, off: number, end: number): boolean {
  return end > off
}
