// What of a ClientHello tells one TLS implementation from another: a set of tokens, and the order of its extensions.
//
// A token is a number: its kind times 2^32, plus 32 bits of value. Values that belong to one connection (random, session
// id, server name, tickets, key material, padding) make no token, so that a client's hellos have one profile.

import { u16, u8 } from '../../base/bytes.js'
import { isGrease } from '../../base/grease.js'
import type { Hello } from '../../model/hello.js'
import type { HandshakeBytes, Transport } from '../../model/handshake-bytes.js'
import * as type from '../../tls/extension-type.js'
import { quicTokens } from './quic-tokens.js'
import { KIND, MISC, bytesHash } from './token.js'
import type { TokenSink } from './token.js'

/** What a hello's bytes do not show, or no longer show once its secrets are zeroed. */
export interface Circumstances {
  readonly proto: Transport
  /** Version of the first record; 0 where there is none or it is not known. */
  readonly recordVersion: number
  /** Whether it answers a HelloRetryRequest (RFC 8446 §4.1.4). */
  readonly retry: boolean
  /** Whether the X25519MLKEM768 share ends in the X25519 share; undefined where that is not known. */
  readonly x25519Shared?: boolean | undefined
}

/** The circumstances of a hello on the wire. */
export function circumstancesOf(message: HandshakeBytes): Circumstances {
  const { transport, recordVersion, firstMicros } = message
  return { proto: transport, recordVersion, retry: firstMicros >= 0 }
}

/** A stand-in for every GREASE value in lists. */
const GREASE = 0x0a0a
const X25519 = 29
const X25519_LEN = 32
const X25519MLKEM768 = 4588

/** Extensions that come and go with the connection, its server and its history. */
const OF_CONNECTION: ReadonlySet<number> = new Set([
  type.SERVER_NAME,
  type.PADDING,
  type.PRE_SHARED_KEY,
  type.EARLY_DATA,
  type.COOKIE,
])
/** Extensions whose whole body is configuration, the same in every hello of a client. */
const BODY_COUNTS: ReadonlySet<number> = new Set([
  type.MAX_FRAGMENT_LENGTH,
  type.STATUS_REQUEST,
  type.EC_POINT_FORMATS,
  17,
  type.HEARTBEAT,
  type.COMPRESS_CERTIFICATE,
  type.RECORD_SIZE_LIMIT,
  type.DELEGATED_CREDENTIAL,
  type.PSK_KEY_EXCHANGE_MODES,
  type.SIGNATURE_ALGORITHMS_CERT,
  type.TICKET_REQUEST,
  type.APPLICATION_SETTINGS,
  type.APPLICATION_SETTINGS_OLD,
])

/** Kinds of the tokens that a list of 16-bit values makes. */
interface ListKinds {
  readonly member: number
  readonly pair: number
  readonly whole: number
}
const CIPHERS = { member: KIND.cipher, pair: KIND.cipherPair, whole: KIND.cipherList }
const GROUPS = { member: KIND.group, pair: KIND.groupPair, whole: KIND.groupList }
const SCHEMES = { member: KIND.scheme, pair: KIND.schemePair, whole: KIND.schemeList }
const VERSIONS = { member: KIND.version, pair: KIND.versionPair, whole: KIND.versionList }

/** Members, pairs of neighbours, the whole list, and where GREASE stands in it. */
function listTokens(
  bytes: Uint8Array,
  off: number,
  len: number,
  kinds: ListKinds,
  into: TokenSink,
): void {
  let before = 0
  let hash = 0x811c9dc5
  const end = off + len - 1
  for (let at = off; at < end; at += 2) {
    const wire = u16(bytes, at)
    const value = isGrease(wire) ? GREASE : wire
    if (value === GREASE) {
      const place = at === off ? 1 : at + 2 >= end ? 2 : 3
      into.add(KIND.grease, kinds.member * 4 + place)
    } else {
      into.add(kinds.member, value)
      into.add(kinds.pair, before * 0x10000 + value)
      before = value
    }
    hash = Math.imul(hash ^ value, 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  }
  into.add(kinds.pair, before * 0x10000)
  into.add(kinds.whole, hash)
}

/**
 * Gives the tokens of a parsed ClientHello to `into`, and its extension types in wire order, without GREASE and those of
 * one connection, to `order`. Reads `hello.bytes`, keeps nothing of it.
 */
export function takeProfile(
  hello: Hello,
  circumstances: Circumstances,
  into: TokenSink,
  order: number[],
): void {
  const { bytes, compressionMethodsOff: methodsOff } = hello
  listTokens(bytes, hello.cipherSuitesOff, hello.cipherSuitesLen, CIPHERS, into)
  listTokens(bytes, hello.supportedGroupsOff, hello.supportedGroupsLen, GROUPS, into)
  listTokens(bytes, hello.signatureAlgorithmsOff, hello.signatureAlgorithmsLen, SCHEMES, into)
  listTokens(bytes, hello.supportedVersionsOff, hello.supportedVersionsLen, VERSIONS, into)
  into.add(KIND.compression, bytesHash(bytes, methodsOff, methodsOff + hello.compressionMethodsLen))
  alpnTokens(hello, into)
  extensionTokens(hello, into, order)
  miscTokens(hello, circumstances, into)
}

function alpnTokens({ bytes, alpnOff, alpnLen }: Hello, into: TokenSink): void {
  const end = alpnOff + alpnLen
  for (let at = alpnOff; at >= 0 && at < end; at += 1 + u8(bytes, at)) {
    const nameEnd = Math.min(end, at + 1 + u8(bytes, at))
    const isOfGrease = nameEnd - at === 3 && isGrease(u16(bytes, at + 1))
    into.add(KIND.alpn, isOfGrease ? GREASE : bytesHash(bytes, at + 1, nameEnd))
  }
}

function extensionTokens(hello: Hello, into: TokenSink, order: number[]): void {
  const { bytes, extensionCount } = hello
  order.length = 0
  for (let i = 0; i < extensionCount; i++) {
    const id = hello.extensionType[i] ?? 0
    const off = hello.extensionOff[i] ?? 0
    const end = off + (hello.extensionLen[i] ?? 0)
    if (isGrease(id)) {
      const place = i === 0 ? 1 : i === extensionCount - 1 ? 2 : 3
      into.add(KIND.grease, KIND.extension * 4 + place)
      into.add(KIND.greaseBody, Math.min(end - off, 255))
      continue
    }
    if (OF_CONNECTION.has(id)) continue
    order.push(id)
    into.add(KIND.extension, id)
    if (BODY_COUNTS.has(id)) into.add(KIND.body, bytesHash(bytes, off, end, id))
    else if (id === type.KEY_SHARE) keyShareTokens(bytes, off, end, into)
    else if (id === type.QUIC_TRANSPORT_PARAMETERS) quicTokens(bytes, off, end, into)
    else if (id === type.ENCRYPTED_CLIENT_HELLO) echTokens(bytes, off, end, into)
    else if (id === type.RENEGOTIATION_INFO) into.add(KIND.bodyLen, id * 0x10000 + end - off)
  }
}

/** Groups of key_share (RFC 8446 §4.2.8) with the length of each share. */
function keyShareTokens(bytes: Uint8Array, off: number, end: number, into: TokenSink): void {
  let at = off + 2
  let before = 0
  let count = 0
  while (at + 4 <= end) {
    const wire = u16(bytes, at)
    const len = u16(bytes, at + 2)
    if (isGrease(wire)) {
      into.add(KIND.grease, KIND.keyShare * 4 + (count === 0 ? 1 : 3))
      into.add(KIND.greaseBody, 256 + Math.min(len, 255))
    } else {
      into.add(KIND.keyShare, wire * 0x10000 + len)
      into.add(KIND.keySharePair, before * 0x10000 + wire)
      before = wire
    }
    count++
    at += 4 + len
  }
  into.add(KIND.misc, MISC.keyShares * 0x10000 + Math.min(count, 255))
}

/** encrypted_client_hello (RFC 9849 §5): suite and length of enc; the payload's length varies by name and client. */
function echTokens(bytes: Uint8Array, off: number, end: number, into: TokenSink): void {
  if (end - off < 10) return
  into.add(KIND.ech, u16(bytes, off + 1) * 0x10000 + u16(bytes, off + 3))
  into.add(KIND.echEnc, u16(bytes, off + 6))
}

function miscTokens(hello: Hello, circumstances: Circumstances, into: TokenSink): void {
  const { proto, recordVersion, retry } = circumstances
  const misc = (name: number, value: number): void => {
    into.add(KIND.misc, name * 0x10000 + value)
  }
  misc(MISC.proto, proto === 'tcp' ? 0 : proto === 'quic' ? 1 : 2)
  misc(MISC.legacyVersion, hello.legacyVersion)
  if (recordVersion !== 0 && !retry) misc(MISC.recordVersion, recordVersion)
  if (hello.supportedVersionsLen > 0) misc(MISC.sessionIdLen, hello.sessionIdLen === 0 ? 0 : 1)
  const shared = circumstances.x25519Shared ?? x25519Shared(hello)
  if (shared !== undefined) misc(MISC.x25519Shared, shared ? 1 : 0)
  misc(MISC.scsvPlace, scsvPlace(hello))
}

const SCSV = 0x00ff

/** Where TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3) stands: 0 nowhere, 1 first, 2 last, 3 elsewhere. */
function scsvPlace({ bytes, cipherSuitesOff: off, cipherSuitesLen: len }: Hello): number {
  for (let at = 0; at < len; at += 2)
    if (u16(bytes, off + at) === SCSV) return at === 0 ? 1 : at === len - 2 ? 2 : 3
  return 0
}

/**
 * Whether the last 32 bytes of an X25519MLKEM768 share are those of the X25519 share; undefined where one of them is
 * missing or was zeroed.
 */
export function x25519Shared(hello: Hello): boolean | undefined {
  const { bytes } = hello
  for (let i = 0; i < hello.extensionCount; i++) {
    if (hello.extensionType[i] !== type.KEY_SHARE) continue
    const off = hello.extensionOff[i] ?? 0
    const end = off + (hello.extensionLen[i] ?? 0)
    let hybridEnd = 0
    let x25519Off = 0
    for (let at = off + 2; at + 4 <= end;) {
      const group = u16(bytes, at)
      const len = u16(bytes, at + 2)
      if (at + 4 + len > end) return undefined
      if (group === X25519MLKEM768 && len >= X25519_LEN) hybridEnd = at + 4 + len
      if (group === X25519 && len === X25519_LEN) x25519Off = at + 4
      at += 4 + len
    }
    if (hybridEnd === 0 || x25519Off === 0) return undefined
    let any = 0
    let differ = 0
    for (let k = 0; k < X25519_LEN; k++) {
      const byte = u8(bytes, x25519Off + k)
      any |= byte
      differ |= byte ^ u8(bytes, hybridEnd - X25519_LEN + k)
    }
    return any === 0 ? undefined : differ === 0
  }
  return undefined
}
