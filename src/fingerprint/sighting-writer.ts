// A hello becomes its line: one JSON object with the keys of model/sighting.ts, in that order, and a newline.

import { MAX_HELLO_LEN } from '../base/limits.js'
import { ByteWriter } from '../base/byte-writer.js'
import { QUALITY_NAMES } from '../model/handshake-bytes.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import type { Packet } from '../model/packet.js'
import { FINGERPRINTS } from '../model/sighting.js'
import type { FingerprintName } from '../model/sighting.js'
import { COMMUNITY_ID_LEN, writeCommunityId } from './community-id.js'
import { ProfileMemory } from './compiled.js'
import { ExtensionOrder } from './extension-order.js'
import { FlowText } from './flow-text.js'
import type { Origin } from './flow-text.js'
import { writeBase64, writeJsonPrintable } from './json-text.js'
import { writeEvidence } from '../tls/evidence.js'
import { AT_FLOW, AT_LINE, FLOW_ECH } from '../kernels/profile-layout.js'
import { ProfileTable } from './profile-table.js'
import { ProfileText } from './profile-text.js'
import { LineMarks, RowHead } from './row-head.js'
import { SIGHTING_ID_LEN, writeSightingId } from './sighting-id.js'
import { putDecimal, putBytes } from './text.js'

/** Appends what a hello, carried by a message, shows beside its fingerprints: members of a JSON object, each after a comma. */
export type IdentifyHello = (message: HandshakeBytes, hello: Hello, out: ByteWriter) => void

/** What a line holds. */
export interface SightingOptions {
  /** Fingerprints to give; `tls_fp` and `iana` come with `sha3_384`. */
  readonly fingerprints: ReadonlySet<FingerprintName> | 'all'
  readonly communityId: boolean
  /** Whether each line holds the id of its sighting: the same hello seen twice has one. */
  readonly sightingId?: boolean
  /** Appends the hello's bytes with its secrets zeroed; with it, each line holds them in base64, and the evidence. */
  readonly redact?: (hello: Hello, out: ByteWriter) => void
  /** False where the bytes are wanted in the heads of rows alone. */
  readonly helloText?: boolean
  /** Appends the members about the hello's implementation, each with a comma in front. */
  readonly identify?: IdentifyHello
  /** Names of the values in Packet.encapsulation. */
  readonly encapsulationNames: readonly string[]
  readonly sensor?: string
  /** Writes rows (model/row.ts): before each line a head of keys. Asks for `redact`. */
  readonly rows?: boolean
}

const ENCODER = new TextEncoder()
const SNI = ENCODER.encode(',"sni":"')
const ID = ENCODER.encode(',"id":"')
const COMMUNITY_ID = ENCODER.encode(',"community_id":"')
const ECH = ENCODER.encode(',"ech":true')
const HELLO_LEN = ENCODER.encode(',"hello_len":')
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d
const NEWLINE = 0x0a
/** Bytes of the members after the fingerprints but hello and quality, at most. */
const REST_MAX = 96 + COMMUNITY_ID_LEN + SIGHTING_ID_LEN

/**
 * Writes sightings. One instance a thread: it remembers profiles, so that a hello like one before costs little.
 *
 * Of every hello, whatever its bytes, comes one line of valid JSON.
 */
export class SightingWriter {
  readonly #options: SightingOptions
  readonly #memory = new ProfileMemory()
  readonly #flow: FlowText
  readonly #order = new ExtensionOrder()
  readonly #profiles = new ProfileTable(this.#memory)
  readonly #profileText: ProfileText
  readonly #redacted = new ByteWriter()
  readonly #rowHead = new RowHead()
  readonly #marks = new LineMarks()

  constructor(options: SightingOptions) {
    this.#options = options
    this.#flow = new FlowText(this.#memory, options.encapsulationNames, options.sensor)
    this.#profileText = new ProfileText(
      options.fingerprints === 'all' ? new Set(FINGERPRINTS) : options.fingerprints,
    )
  }

  /** Says where the hellos that follow were seen: a file or an interface. */
  setOrigin(origin: Origin): void {
    this.#flow.setOrigin(origin)
  }

  /**
   * Appends the line of a ClientHello that is like one before, without its being parsed.
   *
   * @returns whether it is; else it is to be parsed, and written by `write`
   */
  writeKnown(packet: Packet, message: HandshakeBytes, out: ByteWriter): boolean {
    const { bytes, off, end, transport, recordVersion, sslv2 } = message
    const len = end - off
    if (transport !== 'tcp' || sslv2 || len > MAX_HELLO_LEN) return false
    if (this.#options.redact !== undefined || this.#options.identify !== undefined) return false
    const memory = this.#memory
    this.#flow.setFlow(packet, transport)
    const start = memory.copyHello(bytes, off, end)
    const lineLen = memory.compiled.knownLine(recordVersion, start, len)
    if (lineLen === 0) return false
    out.reserve(lineLen + REST_MAX)
    out.bytes.set(memory.bytes.subarray(AT_LINE, AT_LINE + lineLen), out.len)
    out.len += lineLen
    this.#writeRest(
      packet,
      message,
      memory.words[(AT_FLOW + FLOW_ECH) >> 2] !== 0,
      undefined,
      out,
      out.len,
    )
    return true
  }

  /** Appends the line of one ClientHello, which became whole with `packet`. */
  write(packet: Packet, message: HandshakeBytes, hello: Hello, out: ByteWriter): void {
    if (this.#options.rows === true) this.#writeRowHead(packet, message, hello, out)
    const marks = this.#marks
    const start = out.len
    this.#flow.write(packet, message.transport, out)
    if (this.#options.rows !== true) writeStation(message, out)
    marks.sni = 0
    marks.sniEnd = 0
    if (hello.serverNameLen > 0) {
      out.copy(SNI, 0, SNI.length)
      marks.sni = out.len - start
      writeJsonPrintable(hello.bytes, hello.serverNameOff, hello.serverNameLen, out)
      marks.sniEnd = out.len - start
      out.byte(QUOTE)
    }

    const shown = this.#profile(message, hello)
    out.reserve(1 + shown.length + REST_MAX)
    marks.profile = out.len - start
    out.bytes[out.len] = COMMA
    out.bytes.set(shown, out.len + 1)
    out.len += 1 + shown.length
    marks.profileEnd = out.len - start
    this.#writeRest(packet, message, hello.echIndex >= 0, hello, out, start)
    if (this.#options.rows === true) this.#rowHead.mark(marks, this.#options.communityId, out)
  }

  /**
   * Appends the front of a row of a server's own, up to where its answer follows: `side`, `id` and what the flow tells.
   *
   * @param packet the one with which the ServerHello became whole, its ends swapped: the client is the source
   */
  writeServerFront(packet: Packet, message: HandshakeBytes, out: ByteWriter): void {
    const { rows = false, sightingId = false, communityId } = this.#options
    if (rows) this.#rowHead.writeBare(this.#flow.originLen, out)
    this.#flow.write(packet, message.transport, out)
    out.ascii(',"side":"server"')
    if (sightingId) {
      out.ascii(',"id":"')
      writeSightingId(packet, message, out)
      out.byte(QUOTE)
    }
    if (communityId) {
      out.ascii(',"community_id":"')
      writeCommunityId(packet, out)
      out.byte(QUOTE)
    }
    out.ascii(',"hello_len":')
    out.decimal(message.end - message.off)
    if (message.quality !== 0) writeQuality(message.quality, out)
  }

  #writeRowHead(packet: Packet, message: HandshakeBytes, hello: Hello, out: ByteWriter): void {
    const redacted = this.#redacted
    redacted.len = 0
    this.#options.redact?.(hello, redacted)
    const { bytes, len } = redacted
    this.#rowHead.write(packet, message, hello, bytes, len, this.#flow.originLen, out)
  }

  /** Appends the members from `alpn` to `iana`, which the hello decides, as a JSON object. */
  writeProfile(message: HandshakeBytes, hello: Hello, out: ByteWriter): void {
    const shown = this.#profile(message, hello)
    out.byte(OPEN)
    out.copy(shown, 0, shown.length)
    out.byte(CLOSE)
  }

  /** What stands in a line from `alpn` to `iana`. */
  #profile(message: HandshakeBytes, hello: Hello): Uint8Array {
    const known = this.#profiles.find(message, hello)
    if (known !== undefined) return known
    this.#order.fill(hello)
    const marks = this.#profileText.write(message, hello, this.#order)
    return this.#profiles.add(this.#profileText.out, marks)
  }

  /** Appends what stands behind the fingerprints; REST_MAX bytes are reserved. */
  #writeRest(
    packet: Packet,
    message: HandshakeBytes,
    isEch: boolean,
    hello: Hello | undefined,
    out: ByteWriter,
    start: number,
  ): void {
    if (this.#options.sightingId === true) {
      out.len = putBytes(out.bytes, out.len, ID)
      writeSightingId(packet, message, out)
      out.byte(QUOTE)
    }
    if (this.#options.communityId && packet.ipVersion !== 0) {
      out.len = putBytes(out.bytes, out.len, COMMUNITY_ID)
      writeCommunityId(packet, out)
      out.byte(QUOTE)
    }
    const into = out.bytes
    let at = out.len
    if (isEch) at = putBytes(into, at, ECH)
    at = putBytes(into, at, HELLO_LEN)
    out.len = putDecimal(into, at, message.end - message.off)
    const marks = this.#marks
    const { identify, rows = false } = this.#options
    if (hello !== undefined && !rows) identify?.(message, hello, out)
    marks.evidence = out.len - start
    if (hello !== undefined) this.#writeHello(message, hello, out, start)
    marks.rest = out.len - start
    // a row keeps together what its store cannot make of the hello
    if (hello !== undefined && rows) identify?.(message, hello, out)
    if (rows) writeStation(message, out)
    if (message.quality !== 0) writeQuality(message.quality, out)
    if (message.firstMicros >= 0) this.#writeFirst(message.firstMicros, out)
    out.byte(CLOSE)
    out.byte(NEWLINE)
  }

  /** Appends the time of the first hello of the connection: that in its own line. */
  #writeFirst(firstMicros: number, out: ByteWriter): void {
    out.ascii(',"hrr_of":"')
    this.#flow.writeTime(firstMicros, out)
    out.byte(QUOTE)
  }

  #writeHello(message: HandshakeBytes, hello: Hello, out: ByteWriter, start: number): void {
    const { redact } = this.#options
    if (redact === undefined) return
    const redacted = this.#redacted
    // the head of a row has it already
    if (this.#options.rows !== true) {
      redacted.len = 0
      redact(hello, redacted)
    }
    if (redacted.len === 0) return
    if (this.#options.helloText !== false) {
      out.ascii(',"hello":"')
      writeBase64(redacted.bytes, 0, redacted.len, out)
      out.byte(QUOTE)
    }
    this.#marks.evidence = out.len - start
    out.ascii(',"evidence":"')
    writeEvidence(message, hello, out)
    out.byte(QUOTE)
  }
}

/** Appends which station of a RADIUS conversation sent the hello. */
function writeStation(message: HandshakeBytes, out: ByteWriter): void {
  if (message.stationLen === 0) return
  out.ascii(',"calling_station_id":"')
  writeJsonPrintable(message.stationBytes, message.stationOff, message.stationLen, out)
  out.byte(QUOTE)
}

function writeQuality(quality: number, out: ByteWriter): void {
  let first = true
  for (let bit = 0; bit < QUALITY_NAMES.length; bit++) {
    if ((quality & (1 << bit)) === 0) continue
    out.ascii(first ? ',"quality":["' : ',"')
    out.ascii(QUALITY_NAMES[bit] ?? '')
    out.byte(QUOTE)
    first = false
  }
  if (!first) out.ascii(']')
}
