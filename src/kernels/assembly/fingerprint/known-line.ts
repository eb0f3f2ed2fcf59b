// Nearly every hello is like one before it. What is left to do for such a one is found here in one walk over its bytes, by
// the same rules as tls/hello-parser.ts and tls/located-lists.ts: whatever breaks one of them is left to those.

import { MAX_HELLO_LEN } from '../../../base/limits'
import { AT_FLOW, AT_HELLO, AT_LINE, FLOW_ECH, PIECE_SNI, SLACK } from '../../profile-layout'
import { bodyOf, count, sortedIndex, typeOf } from './extension-order'
import { putFlow, putPiece, putText } from './flow-text'
import { u16be } from './bytes'
import { find, shownLenOf, shownOf } from './profile-table'

const CLIENT_HELLO = 1
const MAX_LEN: u32 = MAX_HELLO_LEN
const MAX_SHIFT: u32 = SLACK
const HEADER_LEN: u32 = 4
const VERSION_AND_RANDOM_LEN: u32 = 34
const MAX_SESSION_ID_LEN: u32 = 32
const SERVER_NAME = 0
const ENCRYPTED_CLIENT_HELLO: u32 = 0xfe0d
const HOST_NAME = 0

const COMMA = 0x2c
const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c

let nameOff: u32 = 0
let nameLen: u32 = 0

/**
 * Writes the line of the ClientHello in [off, off + len), of TLS over TCP and of the flow at AT_FLOW, to AT_LINE, up to the
 * end of its profile. It begins less than eight bytes past AT_HELLO.
 *
 * @returns the line's length; 0 where its profile is not known, or anything about it is out of the ordinary
 */
export function knownLine(recordVersion: u32, off: u32, len: u32): u32 {
  if (off - AT_HELLO >= MAX_SHIFT || len > MAX_LEN) return 0
  const end = off + len
  if (len < HEADER_LEN + VERSION_AND_RANDOM_LEN + 1) return 0
  const header = bswap<u32>(load<u32>(off))
  if (header >> 24 != CLIENT_HELLO || (header & 0xffffff) != len - HEADER_LEN) return 0
  const version = u16be(off + HEADER_LEN)

  let at = off + HEADER_LEN + VERSION_AND_RANDOM_LEN
  const sessionIdLen: u32 = load<u8>(at)
  at += 1 + sessionIdLen
  if (sessionIdLen > MAX_SESSION_ID_LEN || at + 2 > end) return 0
  const ciphersLen = u16be(at)
  const ciphers = at + 2
  at = ciphers + ciphersLen
  if (ciphersLen < 2 || (ciphersLen & 1) != 0 || at + 1 > end) return 0
  const methodsLen: u32 = load<u8>(at)
  at += 1 + methodsLen
  if (methodsLen < 1 || at > end) return 0
  if (at < end) {
    if (end - at < 2 || u16be(at) != end - at - 2) return 0
    at += 2
  }

  const rest = end - ciphers
  const profile = find(0, recordVersion, 0, version, ciphers, rest, ciphersLen, at - ciphers, 0)
  if (profile < 0 || !readName()) return 0
  store<u32>(AT_FLOW + FLOW_ECH, isEch())
  at = putFlow(AT_LINE)
  if (nameLen > 0) {
    at = putText(nameOff, nameLen, putPiece(PIECE_SNI, at))
    store<u8>(at++, QUOTE)
  }
  store<u8>(at++, COMMA)
  return putText(shownOf(profile), shownLenOf(profile), at) - AT_LINE
}

/** Finds the server's name. @returns whether that can be shown as it is, or there is none */
function readName(): bool {
  nameLen = 0
  if (count == 0 || typeOf(sortedIndex(0)) != SERVER_NAME) return true
  const body = bodyOf(sortedIndex(0))
  const len = u16be(body - 2)
  if (len < 5 || u16be(body) != len - 2 || load<u8>(body + 2) != HOST_NAME) return false
  nameOff = body + 5
  nameLen = u16be(body + 3)
  if (nameLen != len - 5) return false
  for (let i: u32 = 0; i < nameLen; i++) if (!isPlain(load<u8>(nameOff + i))) return false
  return true
}

/** Whether the byte stands for itself in a JSON string: fingerprint/json-text.ts. */
function isPlain(byte: u32): bool {
  return byte >= 0x20 && byte <= 0x7e && byte != QUOTE && byte != BACKSLASH
}

/** Whether it offers Encrypted Client Hello, the last but few of the sorted types. */
function isEch(): bool {
  for (let i = count; i > 0; i--) {
    const type = typeOf(sortedIndex(i - 1))
    if (type <= ENCRYPTED_CLIENT_HELLO) return type == ENCRYPTED_CLIENT_HELLO
  }
  return false
}
