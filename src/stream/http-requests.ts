import { u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MAX_HTTP_FIELDS, MAX_REQUEST_LINE_LEN } from '../base/limits.js'
import type { Packet } from '../model/packet.js'

// The head of a plain HTTP/1 request (RFC 9112 §3, §5), as far as it lies in the segment it begins in:
//
//   method SP target SP HTTP/1.x CRLF  ( name ":" OWS value OWS CRLF )*  CRLF
//
// Nothing is remembered and nothing put together: a head that goes on in the next segment has said its User-Agent by then,
// or is left.

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const DEL = 0x7f
/** `GET / HTTP/1.1` and its line's end. */
const MIN_REQUEST_LEN = 16
const MAX_METHOD_LEN = 16
const NAME = bytesOf('user-agent')
const VERSION = bytesOf(' HTTP/1.')
const FOUND = 1
const NOTHING = 0

/** Finds User-Agents in TCP segments to given ports. */
export class HttpRequests {
  /** The User-Agent that `take` found, until the next call: `bytes[userAgentOff, userAgentEnd)` of the packet. */
  userAgentOff = 0
  userAgentEnd = 0
  private readonly counters: Counters
  private readonly isPort = new Uint8Array(65_536)

  constructor(ports: ReadonlySet<number>, counters: Counters) {
    this.counters = counters
    for (const port of ports) this.isPort[port & 0xffff] = 1
  }

  /** Takes one segment. @returns 1 where it begins with a request that says its User-Agent, else 0 */
  take(packet: Packet): number {
    if (packet.payloadLen < MIN_REQUEST_LEN || this.isPort[packet.dstPort] === 0) return NOTHING
    const { bytes, payloadOff } = packet
    const end = payloadOff + packet.payloadLen
    const fields = requestLineEnd(bytes, payloadOff, end)
    if (fields < 0) return NOTHING
    this.counters.http_requests++
    return this.findUserAgent(bytes, fields, end)
  }

  private findUserAgent(bytes: Uint8Array, off: number, end: number): number {
    let at = off
    for (let fields = 0; fields < MAX_HTTP_FIELDS; fields++) {
      const lineEnd = lineEndOf(bytes, at, end)
      if (lineEnd < 0) break
      if (isFieldName(bytes, at, lineEnd))
        return this.takeValue(bytes, at + NAME.length + 1, lineEnd)
      const isLast = u8(bytes, at) === LF || u8(bytes, at) === CR
      if (isLast) return NOTHING
      at = lineEnd + 1
    }
    this.counters.http_requests_cut++
    return NOTHING
  }

  private takeValue(bytes: Uint8Array, off: number, lineEnd: number): number {
    let from = off
    let to = lineEnd
    while (from < to && isBlank(u8(bytes, from))) from++
    while (to > from && (isBlank(u8(bytes, to - 1)) || u8(bytes, to - 1) === CR)) to--
    if (from === to) return NOTHING
    for (let at = from; at < to; at++) {
      const byte = u8(bytes, at)
      if ((byte < SPACE && byte !== TAB) || byte === DEL) return NOTHING
    }
    this.userAgentOff = from
    this.userAgentEnd = to
    this.counters.http_user_agents++
    return FOUND
  }
}

/** Offset past the request line at `off`, or -1 where there is none, or not all of one. */
function requestLineEnd(bytes: Uint8Array, off: number, end: number): number {
  let at = off
  while (at < end && at - off <= MAX_METHOD_LEN && isCapital(u8(bytes, at))) at++
  const methodLen = at - off
  if (methodLen < 3 || methodLen > MAX_METHOD_LEN || at >= end || u8(bytes, at) !== SPACE) return -1
  const lineEnd = lineEndOf(bytes, at, Math.min(end, off + MAX_REQUEST_LINE_LEN))
  if (lineEnd < 0) return -1
  // behind the target: SP HTTP/1.x, one digit, and CR where the line ends as it should
  const versionEnd = u8(bytes, lineEnd - 1) === CR ? lineEnd - 1 : lineEnd
  const version = versionEnd - 1 - VERSION.length
  if (version <= at + 1) return -1
  for (let i = 0; i < VERSION.length; i++) if (u8(bytes, version + i) !== VERSION[i]) return -1
  return lineEnd + 1
}

/** Offset of the LF that ends the line at `off`, or -1. */
function lineEndOf(bytes: Uint8Array, off: number, end: number): number {
  for (let at = off; at < end; at++) if (u8(bytes, at) === LF) return at
  return -1
}

/** Whether the line at `off` is a User-Agent field: names are the same in either case. */
function isFieldName(bytes: Uint8Array, off: number, lineEnd: number): boolean {
  if (lineEnd - off <= NAME.length || u8(bytes, off + NAME.length) !== COLON) return false
  for (let i = 0; i < NAME.length; i++) {
    const byte = u8(bytes, off + i)
    if ((isCapital(byte) ? byte | 0x20 : byte) !== NAME[i]) return false
  }
  return true
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}
