import { u16, u32, u8 } from '../base/bytes.js'
import { MAX_PREAMBLE_LEN } from '../base/limits.js'
import { proxyV2End } from '../base/proxy-header.js'

// What a client may say in the clear before its hello. Most of them wait for the server's go-ahead, so that the hello
// begins a segment of its own and is known by its content: SMTP, LMTP, IMAP, POP3, FTP, NNTP, XMPP, Sieve, LDAP, RDP.
// Only what may share a segment with the hello is read here.

/** Preambles one segment may hold one behind the other, as PROXY before CONNECT. */
const MAX_PREAMBLES = 4

const CR = 0x0d
const LF = 0x0a
const PROXY_V1_MAX_LEN = 107
const MYSQL_SSL_REQUEST_LEN = 36
const SOCKS5_METHODS_MAX = 15
const TDS_HEADER_LEN = 8
const TDS_PRELOGIN = 0x12
const RECORD_HEADER_LEN = 5

/** What preambles begin with: a first byte, and the least and the greatest that may stand behind it. */
export const PREAMBLE_BYTES: readonly (readonly [first: number, min: number, max: number])[] = [
  [0x50, 0x52, 0x52], // PROXY
  [0x43, 0x4f, 0x4f], // CONNECT
  [CR, LF, LF],
  [0x00, 0x00, 0x00],
  [0x04, 0x01, 0x01],
  [0x05, 1, SOCKS5_METHODS_MAX],
  // Bits of a TDS packet's Status (MS-TDS §2.2.3.1.2)
  [TDS_PRELOGIN, 0, 0x1f],
  [0x20, 0x00, 0x00],
]

/** Offset past the preambles at `off`; `off` where there is none that ends before `end`. */
export function skipPreambles(bytes: Uint8Array, off: number, end: number): number {
  let at = off
  for (let i = 0; i < MAX_PREAMBLES && at < end; i++) {
    const next = skipPreamble(bytes, at, end)
    if (next === at) break
    at = next
  }
  return at
}

function skipPreamble(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < 8) return off
  const next = endOf(bytes, off, end)
  return next < 0 || next >= end ? off : next
}

function endOf(bytes: Uint8Array, off: number, end: number): number {
  switch (u8(bytes, off)) {
    case 0x50:
      return proxyV1End(bytes, off, end)
    case CR:
      return proxyV2End(bytes, off, end)
    case 0x43:
      return connectEnd(bytes, off, end)
    case 0x04:
      return socks4End(bytes, off, end)
    case 0x05:
      return socks5End(bytes, off, end)
    case 0x00:
      return postgresEnd(bytes, off)
    case 0x20:
      return mysqlEnd(bytes, off, end)
    case TDS_PRELOGIN:
      return tdsEnd(bytes, off, end)
    default:
      return -1
  }
}

/** "PROXY TCP4 … CR LF", at most 107 bytes (HAProxy PROXY protocol §2.1). */
function proxyV1End(bytes: Uint8Array, off: number, end: number): number {
  if (u32(bytes, off) !== 0x50524f58 || u16(bytes, off + 4) !== 0x5920) return -1
  const stop = Math.min(end, off + PROXY_V1_MAX_LEN)
  for (let at = off + 6; at + 1 < stop; at++) {
    if (u8(bytes, at) === CR && u8(bytes, at + 1) === LF) return at + 2
  }
  return -1
}

/** "CONNECT host:port HTTP/1.1" and its header fields up to the empty line (RFC 9110 §9.3.6). */
function connectEnd(bytes: Uint8Array, off: number, end: number): number {
  if (u32(bytes, off) !== 0x434f4e4e || u32(bytes, off + 4) !== 0x45435420) return -1
  const stop = Math.min(end, off + MAX_PREAMBLE_LEN)
  for (let at = off + 8; at + 3 < stop; at++) {
    if (u8(bytes, at) === CR && u32(bytes, at) === 0x0d0a0d0a) return at + 4
  }
  return -1
}

/** SOCKS 4 CONNECT: 4, 1, port, address, user NUL; 4a with address 0.0.0.x adds host NUL. */
function socks4End(bytes: Uint8Array, off: number, end: number): number {
  if (u8(bytes, off + 1) !== 1 || end - off < 9) return -1
  const address = u32(bytes, off + 4)
  const userEnd = pastNul(bytes, off + 8, end)
  return userEnd > 0 && address !== 0 && address < 256 ? pastNul(bytes, userEnd, end) : userEnd
}

function pastNul(bytes: Uint8Array, off: number, end: number): number {
  const stop = Math.min(end, off + 256)
  for (let at = off; at < stop; at++) if (u8(bytes, at) === 0) return at + 1
  return -1
}

/** SOCKS 5 (RFC 1928 §3-4): a method greeting, a CONNECT request, or one behind the other. */
function socks5End(bytes: Uint8Array, off: number, end: number): number {
  if (u16(bytes, off) === 0x0501 && u8(bytes, off + 2) === 0) {
    const type = u8(bytes, off + 3)
    if (type === 1) return off + 10
    if (type === 4) return off + 22
    if (type === 3) return off + 7 + u8(bytes, off + 4)
  }
  const methods = u8(bytes, off + 1)
  return methods > 0 && methods <= SOCKS5_METHODS_MAX && off + 2 + methods < end
    ? off + 2 + methods
    : -1
}

/** SSLRequest: length 8, code 80877103 (PostgreSQL "Message Formats"). */
function postgresEnd(bytes: Uint8Array, off: number): number {
  return u32(bytes, off) === 8 && u32(bytes, off + 4) === 0x04d2162f ? off + 8 : -1
}

/** SSLRequest: packet of 32 bytes with number 1, capability CLIENT_SSL, 23 zeros (MySQL protocol, Connection Phase). */
function mysqlEnd(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < MYSQL_SSL_REQUEST_LEN || u32(bytes, off) !== 0x20000001) return -1
  if ((u8(bytes, off + 5) & 0x08) === 0) return -1
  for (let at = off + 13; at < off + MYSQL_SSL_REQUEST_LEN; at++) {
    // MariaDB clients put capabilities into the last four.
    if (at < off + 32 && u8(bytes, at) !== 0) return -1
  }
  return off + MYSQL_SSL_REQUEST_LEN
}

/** The header of a TDS packet that holds one TLS record and all of it (MS-TDS §2.2.3, §2.2.6.5). */
function tdsEnd(bytes: Uint8Array, off: number, end: number): number {
  const record = off + TDS_HEADER_LEN
  if (end - record < RECORD_HEADER_LEN || u8(bytes, record) !== 22) return -1
  // Farther packets' headers would stand within the hello.
  return TDS_HEADER_LEN + RECORD_HEADER_LEN + u16(bytes, record + 3) <= u16(bytes, off + 2)
    ? record
    : -1
}
