// One line for each handshake: the line of a ClientHello is pending until the server's messages were seen too.
//
//   ClientHello ──▶ unfinished line ──▶ pending ◀── ServerHello      TLS 1.3 or a resumed session: finished
//                                          │
//                                          └─────▶ pending ◀── Certificate (TLS 1.2 and before): finished
//
// After a timeout, which is shorter once the flow has ended, a line is finished without the missing members. Merged captures
// of two directions may show a ServerHello before its ClientHello: the ServerHello waits one round trip, and is joined only
// if it fits. A ServerHello that is not joined becomes a row of its own, for example on a tap of one direction.

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
import { DEFAULT_SIZES, type JoinSizes, PendingHandshakes } from './pending-handshakes.js'
import { PendingHandshake } from './pending-handshake.js'

/** Bytes at the end of a finished line: brace and newline. */
const LINE_END_LEN = 2

/** Appends the members of a server's own row up to `ja3s`. The packet is the server's. */
export type WriteServerFront = (packet: Packet, message: HandshakeBytes, out: ByteWriter) => void

/** Joins ClientHellos with the messages of their servers, within bounded memory. */
export class HandshakeJoin {
  readonly #pending: PendingHandshakes
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
   * @param out takes finished lines
   */
  constructor(
    seed: number,
    counters: Counters,
    out: ByteWriter,
    writeServerFront: WriteServerFront,
    sizes: JoinSizes = DEFAULT_SIZES,
  ) {
    this.#pending = new PendingHandshakes(seed, counters, out, sizes)
    this.#counters = counters
    this.#writeServerFront = writeServerFront
    this.#certificateText = new CertificateText(counters)
  }

  /** Bytes of pending lines and messages. */
  get bytes(): number {
    return this.#pending.bytes
  }

  /** Takes a ClientHello. @param line holds its finished line and nothing else */
  takeClient(packet: Packet, message: HandshakeBytes, hello: Hello, line: ByteWriter): void {
    const pending = this.#pending
    const now = packet.timeMicros
    pending.expire(now)
    const isSecond = (message.quality & QUALITY_HRR) !== 0
    const hash = pending.hash(packet, message.transport, message.connection)
    let entry = pending.find(hash, packet)
    if (entry < 0) entry = pending.open(hash, packet)
    const before = pending.at(entry)
    const isConflict = (message.quality & QUALITY_CONFLICT) !== 0
    if (isConflict && before?.awaits === 'certificate') {
      // The server has answered another reading of the same bytes.
      this.#counters.hello_unanswered++
      pending.write(line.bytes.subarray(0, line.len - LINE_END_LEN))
      return
    }
    const waiting = new PendingHandshake('server', message.transport, entry, now)
    waiting.isSecond = isSecond
    waiting.sessionId = {
      bytes: hello.bytes.slice(hello.sessionIdOff, hello.sessionIdOff + hello.sessionIdLen),
      sessionIdOff: 0,
      sessionIdLen: hello.sessionIdLen,
    }
    waiting.hasTicket = firstExtension(hello, SESSION_TICKET, isFilled) === true
    if (before?.awaits === 'server' && isSecond) {
      // The HelloRetryRequest was not seen, or comes later.
      waiting.first = before
      before.entry = -1
    } else if (before?.awaits === 'server' && isConflict && before.rivals < MAX_RIVAL_HELLOS) {
      waiting.rival = before
      waiting.rivals = before.rivals + 1
      before.entry = -1
    } else if (before !== undefined && before.awaits !== 'client') pending.finish(before)
    pending.add(waiting)
    pending.hold(waiting, 'line', line.bytes.slice(0, line.len - LINE_END_LEN))
    if (!message.sslv2)
      pending.hold(waiting, 'clientHello', message.bytes.slice(message.off, message.end))
    if (before?.awaits === 'client') this.#takeOvertaken(before, waiting, hello)
  }

  /** Takes a ServerHello or HelloRetryRequest. */
  takeServer(packet: Packet, message: HandshakeBytes): void {
    const pending = this.#pending
    const server = this.#server
    const now = packet.timeMicros
    const { bytes, off, end, transport } = message
    pending.expire(now)
    if (parseServerHello(bytes, off, end, transport === 'dtls', server) < 0) {
      this.#counters.server_hello_malformed++
      return
    }
    const flow = this.#reverse.of(packet)
    const hash = pending.hash(flow, transport, message.connection)
    let entry = pending.find(hash, flow)
    const waiting = pending.at(entry)
    if (waiting?.awaits === 'server') {
      const asked = this.#askedOf(waiting)
      if (asked !== undefined) this.#answer(asked, now)
      else {
        // A second HelloRetryRequest is illegal (RFC 8446 §4.1.4).
        this.#counters.server_hello_unjoined++
        pending.write(this.#ownLine(packet, message))
      }
      return
    }
    if (waiting !== undefined) pending.finish(waiting)
    if (entry < 0) entry = pending.open(hash, flow)
    const early = new PendingHandshake('client', transport, entry, now)
    pending.add(early)
    pending.hold(early, 'line', this.#ownLine(packet, message))
    pending.hold(early, 'serverHello', bytes.slice(off, end))
  }

  /**
   * The hello that `this.#server` answers. Among several readings of one connection it is the only one that the ServerHello
   * fits; the others are finished without an answer. If the ServerHello fits several, the first is taken and none is confirmed.
   */
  #askedOf(last: PendingHandshake): PendingHandshake | undefined {
    const server = this.#server
    const isRetry = isHelloRetryRequest(server)
    if (last.rival === undefined) {
      const asked = last.isSecond && isRetry ? last.first : last
      if (asked?.awaits !== 'server') return undefined
      asked.isConfirmed = this.#fits(asked)
      return asked
    }
    let first = last
    let asked: PendingHandshake | undefined
    let fitting = 0
    for (let one: PendingHandshake | undefined = last; one !== undefined; one = one.rival) {
      if (one.awaits !== 'server') continue
      first = one
      if (!this.#fits(one)) continue
      // A server of DTLS answers the hello with its cookie, which is the last (RFC 6347 §4.2.1).
      if (asked === undefined || one.transport !== 'dtls') asked = one
      fitting++
    }
    asked ??= first
    asked.isConfirmed = fitting === 1 || (fitting > 1 && asked.transport === 'dtls')
    for (let one: PendingHandshake | undefined = last; one !== undefined;) {
      const { rival }: PendingHandshake = one
      if (one !== asked && one.awaits === 'server') this.#pending.finish(one)
      one = rival
    }
    asked.rival = undefined
    return asked
  }

  /** Whether `this.#server` can be the answer to a hello. */
  #fits({ clientHello, transport }: PendingHandshake): boolean {
    const client = this.#client
    const isDtls = transport === 'dtls'
    const parsed = parseClientHello(clientHello, 0, clientHello.length, isDtls, client)
    return parsed >= 0 && isAnswer(this.#server, client)
  }

  /** The row of its own of `this.#server`. */
  #ownLine(packet: Packet, message: HandshakeBytes): Uint8Array {
    const members = this.#members
    members.len = 0
    this.#writeServerFront(packet, message, members)
    this.#serverText.write(this.#server, message.transport, members)
    const resumed = isResumed(this.#server, undefined)
    // Without the client's session_id, resumption is unknown before TLS 1.3.
    if (resumed !== undefined && isTls13(this.#server)) members.ascii(`,"resumed":${resumed}`)
    return members.bytes.slice(0, members.len)
  }

  /** Takes the Certificate of a server of TLS 1.2 or before. */
  takeCertificate(packet: Packet, message: HandshakeBytes): void {
    const pending = this.#pending
    pending.expire(packet.timeMicros)
    const flow = this.#reverse.of(packet)
    const waiting = pending.at(
      pending.find(pending.hash(flow, message.transport, message.connection), flow),
    )
    if (waiting?.awaits === 'certificate')
      this.#certify(waiting, message.bytes, message.off, message.end)
    else if (waiting?.awaits === 'client' && waiting.certificate.length === 0)
      this.#holdCertificate(waiting, message)
  }

  /** Keeps the certificate of a server whose client was not seen yet, and adds its members to the server's own row. */
  #holdCertificate(waiting: PendingHandshake, { bytes, off, end }: HandshakeBytes): void {
    const pending = this.#pending
    const members = this.#members
    members.len = 0
    members.copy(waiting.line, 0, waiting.line.length)
    waiting.isCertified = this.#writeCertificate(bytes, off, end)
    if (waiting.isCertified) pending.hold(waiting, 'line', members.bytes.slice(0, members.len))
    pending.hold(waiting, 'certificate', bytes.slice(off, end))
  }

  /** Takes a TCP segment with FIN or RST: the rest of the handshake comes within a round trip or never. */
  takeEnd(packet: Packet): void {
    const pending = this.#pending
    const flow = this.#reverse.of(packet)
    const asServer = pending.at(pending.find(pending.hash(flow, 'tcp', 0), flow))
    if (asServer !== undefined) pending.shortenWait(asServer, packet.timeMicros)
    // After a FIN of the client the server may still answer.
    if ((packet.flags & TCP_RST) === 0) return
    const asClient = pending.at(pending.find(pending.hash(packet, 'tcp', 0), packet))
    if (asClient !== undefined) pending.shortenWait(asClient, packet.timeMicros)
  }

  /** Finishes lines whose time is over. @param nowMicros packet time, microseconds since the epoch */
  expire(nowMicros: number): void {
    this.#pending.expire(nowMicros)
  }

  /** Finishes all pending lines: no more packets come. */
  flush(): void {
    this.#pending.flush()
  }

  /** Forgets all connections. Call `flush` first. */
  clear(): void {
    this.#pending.clear()
  }

  /** Shifts all remembered times by `micros`: the clock of the packets was set by that much. */
  shiftTime(micros: number): void {
    this.#pending.shiftTime(micros)
  }

  /** Joins `this.#server` to the hello it answers. */
  #answer(waiting: PendingHandshake, nowMicros: number): void {
    const pending = this.#pending
    const server = this.#server
    const members = this.#members
    const isRetry = isHelloRetryRequest(server)
    members.len = 0
    if (waiting.isConfirmed) members.ascii(',"confirmed":true')
    this.#serverText.write(server, waiting.transport, members)
    const resumed = isResumed(server, waiting.sessionId)
    // A server that accepts a ticket may omit the session_id (RFC 5077 §3.4); a server that rejects it sends a certificate.
    waiting.isUndecided = resumed === false && !isTls13(server) && waiting.hasTicket
    if (resumed !== undefined && !waiting.isUndecided) members.ascii(`,"resumed":${resumed}`)
    this.#counters.server_hellos++
    const { first } = waiting
    if (first?.awaits === 'server') pending.finish(first)
    const hasCertificate =
      waiting.transport !== 'quic' &&
      !isTls13(server) &&
      !isRetry &&
      resumed !== true &&
      !sendsNoCertificate(u16(server.bytes, server.cipherSuitesOff))
    if (!hasCertificate) {
      waiting.awaits = 'nothing'
      pending.finish(waiting, members)
      return
    }
    waiting.awaits = 'certificate'
    pending.shortenWait(waiting, nowMicros)
    const line = new Uint8Array(waiting.line.length + members.len)
    line.set(waiting.line)
    line.set(members.bytes.subarray(0, members.len), waiting.line.length)
    pending.hold(waiting, 'line', line)
  }

  /** Joins a ServerHello that came before its ClientHello, if it fits. */
  #takeOvertaken(early: PendingHandshake, waiting: PendingHandshake, client: Hello): void {
    const { serverHello, certificate } = early
    const pending = this.#pending
    const isDtls = waiting.transport === 'dtls'
    parseServerHello(serverHello, 0, serverHello.length, isDtls, this.#server)
    if (pending.at(waiting.entry) !== waiting || !couldAnswer(this.#server, client)) {
      pending.finish(early)
      return
    }
    pending.remove(early)
    waiting.isConfirmed = isAnswer(this.#server, client)
    this.#answer(waiting, waiting.timeMicros)
    if (pending.at(waiting.entry) === waiting && certificate.length > 0)
      this.#certify(waiting, certificate, 0, certificate.length)
  }

  #certify(waiting: PendingHandshake, bytes: Uint8Array, off: number, end: number): void {
    const members = this.#members
    members.len = 0
    if (waiting.isUndecided) members.ascii(',"resumed":false')
    if (this.#writeCertificate(bytes, off, end)) this.#counters.certificates++
    waiting.awaits = 'nothing'
    this.#pending.finish(waiting, members)
  }

  /** Appends the members of the Certificate message in `bytes[off, end)` to `#members`. @returns whether it has a certificate */
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
