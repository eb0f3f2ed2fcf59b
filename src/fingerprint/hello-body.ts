// A redacted hello in two parts, so that a store keeps what clients have in common once: the *body*, the same for every
// hello of one client program, and the *delta*, the few bytes that one connection chose.
//
// Body: where cipher suites begin and end and extensions begin, u16 each, then the hello with GREASE values as 0x0a0a,
// extensions sorted by type, and without what a connection chooses: the server's name, the zeros of padding and session
// ticket, QUIC transport parameters, ECH's config_id.
// Delta: mode (0: the body is the hello as it is), then count and nibbles of the GREASE values in the body's order, then
// count and places of the extensions in the hello's order, then what was taken out, in the body's order.

import { u16, u8 } from '../base/bytes.js'
import { isGrease } from '../base/grease.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Hello } from '../model/hello.js'
import {
  ENCRYPTED_CLIENT_HELLO,
  KEY_SHARE,
  PADDING,
  QUIC_TRANSPORT_PARAMETERS,
  SERVER_NAME,
  SESSION_TICKET,
  SIGNATURE_ALGORITHMS,
  SUPPORTED_GROUPS,
  SUPPORTED_VERSIONS,
} from '../tls/extension-type.js'

const RAW = 0
const SPLIT = 1
/** With SPLIT: the server's name was taken out of its extension. */
const NAMELESS = 2
const GREASE = 0x0a0a
const MAX_SPLIT_EXTENSIONS = 255
const MAX_GREASE = 255
/** Bytes of server_name before the name: list length, type, name length (RFC 6066 §3). */
const NAME_HEAD = 5
const EXTENSION_HEAD = 4
/** Handshake type and length, legacy_version (RFC 8446 §4.1.2): where the random is in all but DTLS as sent. */
const RANDOM_OFF = 6
const FRONT_LEN = 6
/** Outer type, cipher suite (RFC 9849 §5). */
const ECH_CONFIG_ID = 5
const MAX_TAKEN = 512

const order = new Uint16Array(MAX_SPLIT_EXTENSIONS)
const nibbles = new Uint8Array(MAX_GREASE)

/**
 * Appends delta and body of a hello, whose redacted bytes `redacted[0, len)` lie as in `hello.bytes[hello.off, …)`.
 *
 * @returns bytes of the delta, the rest of what was appended is the body
 */
export function splitHello(
  redacted: Uint8Array,
  len: number,
  hello: Hello,
  out: ByteWriter,
): number {
  const start = out.len
  const { off, extensionCount } = hello
  const blockOff = extensionCount === 0 ? 0 : (hello.extensionOff[0] ?? 0) - off - EXTENSION_HEAD
  if (extensionCount === 0 || extensionCount > MAX_SPLIT_EXTENSIONS || !isWhole(hello, len))
    return appendRaw(redacted, len, start, out)
  const room = 3 + MAX_GREASE + 3 * extensionCount + 2 * MAX_TAKEN
  out.reserve(room + FRONT_LEN + len)
  const isNamed = isPlainName(redacted, hello)
  // a name that is not plain stays in the hello: the code that hides names looks there
  if (!isNamed && hasServerName(hello)) return appendRaw(redacted, len, start, out)
  sortExtensions(hello)

  // the body is written behind the room that the delta may need, and moved
  const bodyOff = start + room
  const bytes = out.bytes
  let at = bodyOff
  let greased = 0
  const taken: number[] = []
  const put16 = (value: number) => {
    bytes[at++] = value >> 8
    bytes[at++] = value
  }
  const maybeGrease = (value: number) => {
    if (!isGrease(value)) {
      put16(value)
      return
    }
    nibbles[greased++ % MAX_GREASE] = value >> 12
    put16(GREASE)
  }
  const copy = (from: number, end: number) => {
    for (let i = from; i < end; i++) bytes[at++] = u8(redacted, i)
  }
  const greaseList = (from: number, end: number) => {
    let i = from
    for (; i + 1 < end; i += 2) maybeGrease(u16(redacted, i))
    copy(i, end)
  }

  const ciphersOff = hello.cipherSuitesOff - off
  const ciphersEnd = ciphersOff + hello.cipherSuitesLen
  put16(ciphersOff)
  put16(ciphersEnd)
  put16(blockOff)
  copy(0, ciphersOff)
  greaseList(ciphersOff, ciphersEnd)
  copy(ciphersEnd, blockOff)
  // the lengths of the message and of its extensions are made again
  bytes.fill(0, bodyOff + FRONT_LEN + 1, bodyOff + FRONT_LEN + 4)
  bytes.fill(0, at - 2, at)
  for (let k = 0; k < extensionCount; k++) {
    const i = order[k] ?? 0
    const type = hello.extensionType[i] ?? 0
    const from = (hello.extensionOff[i] ?? 0) - off
    const end = from + (hello.extensionLen[i] ?? 0)
    maybeGrease(type)
    if (isSized(type) && isZero(redacted, from, end)) {
      taken.push((end - from) >> 8, end - from)
      put16(0)
    } else if (isTaken(type, end - from)) {
      taken.push((end - from) >> 8, end - from)
      for (let i = from; i < end; i++) taken.push(u8(redacted, i))
      put16(0)
    } else if (type === SERVER_NAME && isNamed) put16(0)
    else if (type === ENCRYPTED_CLIENT_HELLO && end - from > ECH_CONFIG_ID) {
      put16(end - from)
      copy(from, end)
      taken.push(u8(redacted, from + ECH_CONFIG_ID))
      bytes[at - (end - from) + ECH_CONFIG_ID] = 0
    } else {
      put16(end - from)
      switch (type) {
        case SUPPORTED_GROUPS:
        case SIGNATURE_ALGORITHMS:
          copy(from, Math.min(end, from + 2))
          greaseList(from + 2, end)
          break
        case SUPPORTED_VERSIONS:
          copy(from, Math.min(end, from + 1))
          greaseList(from + 1, end)
          break
        case KEY_SHARE:
          greaseShares(redacted, from, end, copy, maybeGrease)
          break
        default:
          copy(from, end)
      }
    }
  }
  if (greased > MAX_GREASE || taken.length > 2 * MAX_TAKEN)
    return appendRaw(redacted, len, start, out)
  const bodyEnd = at
  at = start
  bytes[at++] = SPLIT | (isNamed ? NAMELESS : 0)
  bytes[at++] = greased
  for (let i = 0; i < greased; i += 2)
    bytes[at++] = ((nibbles[i] ?? 0) << 4) | (i + 1 < greased ? (nibbles[i + 1] ?? 0) : 0)
  bytes[at++] = extensionCount
  const placesOff = at
  for (let k = 0; k < extensionCount; k++) bytes[placesOff + (order[k] ?? 0)] = k
  at += extensionCount
  for (const byte of taken) bytes[at++] = byte
  const deltaLen = at - start
  bytes.copyWithin(at, bodyOff, bodyEnd)
  out.len = at + bodyEnd - bodyOff
  return deltaLen
}

/**
 * Appends the redacted hello that was split into `delta` and `body`.
 *
 * @param name the server's name, where there was one
 * @returns whether there is one: both come from a store
 */
export function joinHello(
  delta: Uint8Array,
  body: Uint8Array,
  name: Uint8Array,
  out: ByteWriter,
): boolean {
  const mode = delta[0] ?? RAW
  if (mode === RAW) {
    out.copy(body, 0, body.length)
    return body.length > 0
  }
  const start = out.len
  const greased = delta[1] ?? 0
  const countOff = 2 + ((greased + 1) >> 1)
  const count = delta[countOff] ?? 0
  const placesOff = countOff + 1
  let takenOff = placesOff + count
  let used = 0
  const grease = (value: number): number => {
    if (value !== GREASE || used >= greased) return value
    const pair = delta[2 + (used >> 1)] ?? 0
    const nibble = (used++ & 1) === 0 ? pair >> 4 : pair & 15
    return (nibble * 0x1010 + GREASE) & 0xffff
  }
  if (body.length < FRONT_LEN) return false
  const blockOff = u16(body, 4)
  if (blockOff < RANDOM_OFF || body.length - FRONT_LEN < blockOff) return false

  // first the extensions in the body's order, then in the hello's
  const parts: Uint8Array[] = []
  // copies, by no Buffer's slice: that would be a view
  const head = Uint8Array.from(body.subarray(FRONT_LEN, FRONT_LEN + blockOff))
  greaseList(head, u16(body, 0), Math.min(u16(body, 2), blockOff), grease)
  let at = FRONT_LEN + blockOff
  let total = 0
  while (parts.length < count) {
    if (body.length - at < EXTENSION_HEAD) return false
    const stored = u16(body, at)
    const type = grease(stored)
    const len = u16(body, at + 2)
    if (body.length - at - EXTENSION_HEAD < len) return false
    let part = Uint8Array.from(body.subarray(at, at + EXTENSION_HEAD + len))
    const isOut = len === 0
    if (isOut && isSized(type)) {
      part = new Uint8Array(EXTENSION_HEAD + sizeIn(delta, takenOff))
      takenOff += 2
    } else if (isOut && type === QUIC_TRANSPORT_PARAMETERS) {
      const end = takenOff + 2 + sizeIn(delta, takenOff)
      part = new Uint8Array(EXTENSION_HEAD + end - takenOff - 2)
      part.set(delta.subarray(takenOff + 2, end), EXTENSION_HEAD)
      takenOff = end
    } else if (type === ENCRYPTED_CLIENT_HELLO && len > ECH_CONFIG_ID) {
      part[EXTENSION_HEAD + ECH_CONFIG_ID] = delta[takenOff++] ?? 0
    } else if (type === SERVER_NAME && (mode & NAMELESS) !== 0 && len === 0) {
      part = new Uint8Array(EXTENSION_HEAD + NAME_HEAD + name.length)
      put(part, EXTENSION_HEAD, name.length + 3)
      put(part, EXTENSION_HEAD + 3, name.length)
      part.set(name, EXTENSION_HEAD + NAME_HEAD)
    } else restoreGrease(type, part, grease)
    put(part, 0, type)
    put(part, 2, part.length - EXTENSION_HEAD)
    parts.push(part)
    total += part.length
    at += EXTENSION_HEAD + len
  }
  put(head, head.length - 2, total)
  const len = head.length + total - 4
  head[1] = len >> 16
  put(head, 2, len & 0xffff)
  out.copy(head, 0, head.length)
  for (let i = 0; i < count; i++) {
    const part = parts[delta[placesOff + i] ?? 0]
    if (part === undefined) {
      out.len = start
      return false
    }
    out.copy(part, 0, part.length)
  }
  return true
}

function appendRaw(redacted: Uint8Array, len: number, start: number, out: ByteWriter): number {
  out.len = start
  out.byte(RAW)
  out.copy(redacted, 0, len)
  return 1
}

/** Whether extensions follow one another from the first to the end, and nothing else does. */
function isWhole(hello: Hello, len: number): boolean {
  if (hello.randomOff - hello.off !== RANDOM_OFF) return false
  let at = hello.extensionOff[0] ?? 0
  for (let i = 0; i < hello.extensionCount; i++) {
    if (hello.extensionOff[i] !== at) return false
    at += (hello.extensionLen[i] ?? 0) + EXTENSION_HEAD
  }
  return at - EXTENSION_HEAD === hello.off + len
}

/** Whether server_name holds one name that stands in the line as it is (no byte of it escaped). */
function isPlainName(redacted: Uint8Array, hello: Hello): boolean {
  const { serverNameOff, serverNameLen, off } = hello
  if (serverNameLen === 0) return false
  let found = 0
  for (let i = 0; i < hello.extensionCount; i++) {
    if (hello.extensionType[i] !== SERVER_NAME) continue
    found++
    const from = (hello.extensionOff[i] ?? 0) - off
    if (hello.extensionLen[i] !== serverNameLen + NAME_HEAD) return false
    if (serverNameOff - off !== from + NAME_HEAD || u16(redacted, from) !== serverNameLen + 3)
      return false
    if (u8(redacted, from + 2) !== 0) return false
  }
  if (found !== 1) return false
  for (let i = 0; i < serverNameLen; i++) {
    const byte = u8(redacted, serverNameOff - off + i)
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false
  }
  return true
}

function hasServerName({ extensionType, extensionCount }: Hello): boolean {
  for (let i = 0; i < extensionCount; i++) if (extensionType[i] === SERVER_NAME) return true
  return false
}

/** Fills `order` with the extensions by type, GREASE as 0x0a0a, those of one type in the hello's order. */
function sortExtensions(hello: Hello): void {
  const { extensionCount, extensionType } = hello
  const key = (i: number) => {
    const type = extensionType[i] ?? 0
    return isGrease(type) ? GREASE : type
  }
  for (let i = 0; i < extensionCount; i++) {
    const own = key(i)
    let at = i
    while (at > 0 && key(order[at - 1] ?? 0) > own) {
      order[at] = order[at - 1] ?? 0
      at--
    }
    order[at] = i
  }
}

function greaseShares(
  redacted: Uint8Array,
  from: number,
  end: number,
  copy: (from: number, end: number) => void,
  maybeGrease: (value: number) => void,
): void {
  copy(from, Math.min(end, from + 2))
  let at = from + 2
  while (end - at >= 4 && end - at - 4 >= u16(redacted, at + 2)) {
    maybeGrease(u16(redacted, at))
    const shareEnd = at + 4 + u16(redacted, at + 2)
    copy(at + 2, shareEnd)
    at = shareEnd
  }
  copy(at, end)
}

function restoreGrease(type: number, part: Uint8Array, grease: (value: number) => number): void {
  if (type === SUPPORTED_GROUPS || type === SIGNATURE_ALGORITHMS)
    greaseList(part, EXTENSION_HEAD + 2, part.length, grease)
  else if (type === SUPPORTED_VERSIONS) greaseList(part, EXTENSION_HEAD + 1, part.length, grease)
  else if (type === KEY_SHARE) {
    let at = EXTENSION_HEAD + 2
    while (part.length - at >= 4 && part.length - at - 4 >= u16(part, at + 2)) {
      const len = u16(part, at + 2)
      put(part, at, grease(u16(part, at)))
      at += 4 + len
    }
  }
}

function greaseList(
  bytes: Uint8Array,
  from: number,
  end: number,
  grease: (value: number) => number,
): void {
  for (let i = from; i + 1 < end; i += 2) put(bytes, i, grease(u16(bytes, i)))
}

/** A length in the delta, 0 behind its end. */
function sizeIn(delta: Uint8Array, off: number): number {
  return ((delta[off] ?? 0) << 8) | (delta[off + 1] ?? 0)
}

/** Zeros but for their number. */
function isSized(type: number): boolean {
  return type === PADDING || type === SESSION_TICKET
}

/** Chosen by each connection, and short. What was taken out has a length of 0 in the body; what was not and is empty, too. */
function isTaken(type: number, len: number): boolean {
  return type === QUIC_TRANSPORT_PARAMETERS && len <= MAX_TAKEN
}

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

function isZero(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (u8(bytes, i) !== 0) return false
  return true
}
