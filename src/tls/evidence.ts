// Properties that distinguish TLS implementations and are lost when secrets are zeroed or only fingerprints are kept.
//
// One text of at most 120 bytes, version first, then what there is to say, a space before each:
//
//   1 x25519_shared=0 g=abcddef k=1,1216,32 ech=1,1,32,208 sid=32 pad=0 ta=186 psk=1,0 rec=1790 syn=64,64240,1460,7,mstnw,df
//
//   x25519_shared  whether the X25519 half of a hybrid share is the X25519 share beside it
//   g              GREASE values by place: cipher, first and second extension, group, key share, version, signature
//                  algorithm; equal values have the same letter, a place without GREASE has "-"
//   k              bytes of each key share        ech   kdf, aead, bytes of enc, bytes of payload
//   sid            bytes of session_id            pad   bytes of padding      ta    bytes of trust_anchors
//   psk            pre-shared keys of an earlier session, external ones
//   rec            bytes of the first record      syn   TTL, window, MSS, scale, order of options, df
//
// Options of a SYN: n no-operation, m MSS, w window scale, s SACK permitted, t timestamps, f Fast Open, 5 MD5, e end of list,
// p Multipath TCP, u user timeout, o other.

import { u16, u32, u8 } from '../base/bytes.js'
import { isGrease } from '../base/grease.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import {
  ENCRYPTED_CLIENT_HELLO,
  KEY_SHARE,
  PADDING,
  PRE_SHARED_KEY,
  TRUST_ANCHORS,
} from './extension-type.js'

/** Bytes of an evidence text at most: what does not fit is left out, the last items first. */
export const MAX_EVIDENCE_LEN = 120
const VERSION = '1'

const X25519 = 29
const X25519_LEN = 32
/** X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem §4.1): the X25519 share stands last. */
const X25519_MLKEM768 = 4588
/** X25519Kyber768Draft00 (draft-tls-westerbaan-xyber768d00 §3): the X25519 share stands first. */
const X25519_KYBER768 = 25497
const HYBRID_LEN = 1216
/** Key shares whose lengths are given. */
const MAX_SHARES = 8

const PLACES = 7
const ABSENT = 0
const LETTER_A = 0x61
const DASH = 0x2d

// Scratch, one hello at a time.
const grease = new Uint16Array(PLACES)
const shareLen = new Uint16Array(MAX_SHARES)

/** Appends the evidence of a hello as it was on the wire. Nothing in it is secret or names a session. */
export function writeEvidence(message: HandshakeBytes, hello: Hello, out: ByteWriter): void {
  const start = out.len
  out.ascii(VERSION)
  writeShares(hello, out, start)
  writeEch(hello, out, start)
  if (hello.sessionIdLen > 0) item(' sid=', hello.sessionIdLen, out, start)
  writeBodyLen(hello, PADDING, ' pad=', out, start)
  writeBodyLen(hello, TRUST_ANCHORS, ' ta=', out, start)
  writePsk(hello, out, start)
  if (message.firstRecordLen > 0) item(' rec=', message.firstRecordLen, out, start)
  if (message.transport === 'tcp' && message.synWindow >= 0) writeSyn(message, out, start)
}

/** Removes the text written since `at` if the whole text exceeds its maximum length. */
function bound(at: number, out: ByteWriter, start: number): void {
  if (out.len - start > MAX_EVIDENCE_LEN) out.len = at
}

function item(name: string, value: number, out: ByteWriter, start: number): void {
  const at = out.len
  out.ascii(name)
  out.decimal(value)
  bound(at, out, start)
}

/** Index of the first extension of a type, or -1. */
function indexOf(hello: Hello, type: number): number {
  for (let i = 0; i < hello.extensionCount; i++) if (hello.extensionType[i] === type) return i
  return -1
}

function writeBodyLen(
  hello: Hello,
  type: number,
  name: string,
  out: ByteWriter,
  start: number,
): void {
  const index = indexOf(hello, type)
  if (index >= 0) item(name, hello.extensionLen[index] ?? 0, out, start)
}

/**
 * x25519_shared, GREASE and the lengths of key shares: one walk over key_share finds all three. A key_share whose lengths do
 * not fill it says nothing: once its secrets are zeroed nothing of it is left.
 */
function writeShares(hello: Hello, out: ByteWriter, start: number): void {
  const { bytes } = hello
  const index = indexOf(hello, KEY_SHARE)
  let count = 0
  let shareGrease = ABSENT
  let plainOff = -1
  let hybridOff = -1
  if (index >= 0) {
    const end = (hello.extensionOff[index] ?? 0) + (hello.extensionLen[index] ?? 0)
    let at = (hello.extensionOff[index] ?? 0) + 2
    const isWhole = at <= end && u16(bytes, at - 2) === end - at
    while (isWhole && end - at >= 4 && u16(bytes, at + 2) <= end - at - 4) {
      const group = u16(bytes, at)
      const length = u16(bytes, at + 2)
      const key = at + 4
      if (group === X25519 && length === X25519_LEN) plainOff = key
      else if (group === X25519_MLKEM768 && length === HYBRID_LEN)
        hybridOff = key + length - X25519_LEN
      else if (group === X25519_KYBER768 && length === HYBRID_LEN) hybridOff = key
      if (shareGrease === ABSENT && isGrease(group)) shareGrease = group
      if (count < MAX_SHARES) shareLen[count++] = length
      at = key + length
    }
    if (at !== end) {
      count = 0
      shareGrease = ABSENT
      plainOff = -1
    }
  }
  if (plainOff >= 0 && hybridOff >= 0) writeShared(bytes, plainOff, hybridOff, out)
  writeGrease(hello, shareGrease, out)
  if (count === 0) return
  const at = out.len
  out.ascii(' k=')
  for (let i = 0; i < count; i++) {
    if (i > 0) out.ascii(',')
    out.decimal(shareLen[i] ?? 0)
  }
  bound(at, out, start)
}

/** Shares that are all zeros were zeroed: whether they were equal is not known any more. */
function writeShared(
  bytes: Uint8Array,
  plainOff: number,
  hybridOff: number,
  out: ByteWriter,
): void {
  let differing = 0
  let set = 0
  for (let i = 0; i < X25519_LEN; i++) {
    differing |= u8(bytes, plainOff + i) ^ u8(bytes, hybridOff + i)
    set |= u8(bytes, plainOff + i)
  }
  if (set !== 0) out.ascii(differing === 0 ? ' x25519_shared=1' : ' x25519_shared=0')
}

function writeGrease(hello: Hello, shareGrease: number, out: ByteWriter): void {
  const { bytes } = hello
  grease[0] = firstGrease(bytes, hello.cipherSuitesOff, hello.cipherSuitesLen)
  grease[1] = grease[2] = ABSENT
  for (let i = 0; i < hello.extensionCount && grease[2] === ABSENT; i++) {
    const type = hello.extensionType[i] ?? 0
    if (isGrease(type)) grease[grease[1] === ABSENT ? 1 : 2] = type
  }
  grease[3] = firstGrease(bytes, hello.supportedGroupsOff, hello.supportedGroupsLen)
  grease[4] = shareGrease
  grease[5] = firstGrease(bytes, hello.supportedVersionsOff, hello.supportedVersionsLen)
  grease[6] = firstGrease(bytes, hello.signatureAlgorithmsOff, hello.signatureAlgorithmsLen)
  let last = PLACES
  while (last > 0 && grease[last - 1] === ABSENT) last--
  if (last === 0) return
  out.ascii(' g=')
  let letters = 0
  const at = out.len
  out.reserve(last)
  for (let place = 0; place < last; place++) {
    const value = grease[place] ?? ABSENT
    let letter = value === ABSENT ? DASH : LETTER_A + letters++
    for (let before = 0; before < place && value !== ABSENT; before++) {
      if (grease[before] !== value) continue
      letter = out.bytes[at + before] ?? 0
      letters--
      break
    }
    out.byte(letter)
  }
}

/** Letters of option kinds by their code in HandshakeBytes.synOptions; others have "o". */
const OPTION_LETTERS = '-nmwstf5epu'

/** `ttl,win,mss,scale,options,df`; of an option that is absent the value is empty. */
function writeSyn(message: HandshakeBytes, out: ByteWriter, start: number): void {
  const at = out.len
  out.ascii(' syn=')
  out.decimal(message.synTtl)
  out.ascii(',')
  out.decimal(message.synWindow)
  out.ascii(',')
  if (message.synMss > 0) out.decimal(message.synMss)
  out.ascii(',')
  if (message.synWindowScale >= 0) out.decimal(message.synWindowScale)
  out.ascii(',')
  for (let codes = message.synOptions; codes !== 0; codes >>>= 4)
    out.ascii(OPTION_LETTERS[codes & 15] ?? 'o')
  out.ascii(message.synDontFragment ? ',df' : ',')
  bound(at, out, start)
}

/** The first GREASE value of a list of 16-bit values, or ABSENT. */
function firstGrease(bytes: Uint8Array, off: number, len: number): number {
  for (let at = off; at < off + len; at += 2) if (isGrease(u16(bytes, at))) return u16(bytes, at)
  return ABSENT
}

/** An outer encrypted_client_hello (RFC 9849 §5) whose lengths fill it; its payload is not empty. */
function writeEch(hello: Hello, out: ByteWriter, start: number): void {
  const index = indexOf(hello, ENCRYPTED_CLIENT_HELLO)
  if (index < 0) return
  const { bytes } = hello
  const off = hello.extensionOff[index] ?? 0
  const end = off + (hello.extensionLen[index] ?? 0)
  if (end - off < 10 || u8(bytes, off) !== 0) return
  const encLen = u16(bytes, off + 6)
  const payloadOff = off + 8 + encLen + 2
  if (payloadOff >= end || u16(bytes, payloadOff - 2) !== end - payloadOff) return
  const at = out.len
  out.ascii(' ech=')
  out.decimal(u16(bytes, off + 1))
  out.ascii(',')
  out.decimal(u16(bytes, off + 3))
  out.ascii(',')
  out.decimal(encLen)
  out.ascii(',')
  out.decimal(end - payloadOff)
  bound(at, out, start)
}

/** How many identities of pre_shared_key are tickets, and how many were agreed outside TLS: their age is zero (RFC 8446 §4.2.11). */
function writePsk(hello: Hello, out: ByteWriter, start: number): void {
  const index = indexOf(hello, PRE_SHARED_KEY)
  if (index < 0) return
  const { bytes } = hello
  const off = hello.extensionOff[index] ?? 0
  const end = off + (hello.extensionLen[index] ?? 0)
  if (end - off < 2) return
  const identitiesEnd = Math.min(end, off + 2 + u16(bytes, off))
  let resumption = 0
  let external = 0
  let at = off + 2
  while (identitiesEnd - at >= 6 && u16(bytes, at) <= identitiesEnd - at - 6) {
    at += 2 + u16(bytes, at)
    if (u32(bytes, at) === 0) external++
    else resumption++
    at += 4
  }
  const itemOff = out.len
  out.ascii(' psk=')
  out.decimal(resumption)
  out.ascii(',')
  out.decimal(external)
  bound(itemOff, out, start)
}
