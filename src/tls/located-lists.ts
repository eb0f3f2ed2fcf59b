// The lists inside extensions that the parser notes in the hello. A malformed one leaves Off -1 and Len 0.
//
//   server_name            RFC 6066 §3      length 2 · { name_type 1 · length 2 · name }
//   supported_groups       RFC 8446 §4.2.7  length 2 · group 2 each
//   ec_point_formats       RFC 8422 §5.1.2  length 1 · format 1 each
//   signature_algorithms   RFC 8446 §4.2.3  length 2 · scheme 2 each
//   ALPN                   RFC 7301 §3.1    length 2 · { length 1 · name }
//   supported_versions     RFC 8446 §4.2.1  length 1 · version 2 each; in a ServerHello version 2

import { u16, u8 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'

const HOST_NAME = 0
const CLIENT_HELLO = 1

/** Notes the first host_name of a server_name body. An entry of another type is skipped by its length. */
export function locateServerName(bytes: Uint8Array, off: number, end: number, hello: Hello): void {
  if (end - off < 2 || u16(bytes, off) !== end - off - 2) return
  let at = off + 2
  let nameOff = -1
  let nameLen = 0
  while (at < end) {
    if (end - at < 3) return
    const length = u16(bytes, at + 1)
    if (length === 0 || length > end - at - 3) return
    if (nameOff < 0 && u8(bytes, at) === HOST_NAME) {
      nameOff = at + 3
      nameLen = length
    }
    at += 3 + length
  }
  hello.serverNameOff = nameOff
  hello.serverNameLen = nameLen
}

/** Notes the groups of a supported_groups body. */
export function locateSupportedGroups(
  bytes: Uint8Array,
  off: number,
  end: number,
  hello: Hello,
): void {
  if (!isU16List(bytes, off, end)) return
  hello.supportedGroupsOff = off + 2
  hello.supportedGroupsLen = end - off - 2
}

/** Notes the formats of an ec_point_formats body. */
export function locateEcPointFormats(
  bytes: Uint8Array,
  off: number,
  end: number,
  hello: Hello,
): void {
  if (end - off < 2 || u8(bytes, off) !== end - off - 1) return
  hello.ecPointFormatsOff = off + 1
  hello.ecPointFormatsLen = end - off - 1
}

/** Notes the schemes of a signature_algorithms body. */
export function locateSignatureAlgorithms(
  bytes: Uint8Array,
  off: number,
  end: number,
  hello: Hello,
): void {
  if (!isU16List(bytes, off, end)) return
  hello.signatureAlgorithmsOff = off + 2
  hello.signatureAlgorithmsLen = end - off - 2
}

/** Notes the protocol names of an ALPN body. */
export function locateAlpn(bytes: Uint8Array, off: number, end: number, hello: Hello): void {
  if (!isProtocolNameList(bytes, off, end)) return
  hello.alpnOff = off + 2
  hello.alpnLen = end - off - 2
}

/** Notes the versions of a supported_versions body, in a ServerHello the one chosen. */
export function locateSupportedVersions(
  bytes: Uint8Array,
  off: number,
  end: number,
  hello: Hello,
): void {
  const versionsOff = hello.handshakeType === CLIENT_HELLO ? off + 1 : off
  const length = end - versionsOff
  if (hello.handshakeType === CLIENT_HELLO) {
    if (length < 2 || (length & 1) !== 0 || u8(bytes, off) !== length) return
  } else if (length !== 2) return
  hello.supportedVersionsOff = versionsOff
  hello.supportedVersionsLen = length
}

/** Whether [off, end) is a list of 16-bit values, two bytes of length in front, at least one value. */
export function isU16List(bytes: Uint8Array, off: number, end: number): boolean {
  const length = end - off - 2
  return length >= 2 && (length & 1) === 0 && u16(bytes, off) === length
}

/** Whether [off, end) is a ProtocolNameList (RFC 7301 §3.1): at least one name, none of them empty. */
export function isProtocolNameList(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off < 4 || u16(bytes, off) !== end - off - 2) return false
  let at = off + 2
  while (at < end) {
    const length = u8(bytes, at)
    if (length === 0) return false
    at += 1 + length
  }
  return at === end
}
