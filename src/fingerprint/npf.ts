// Network Protocol Fingerprints of Cisco's Mercury (github.com/cisco/mercury, doc/npf.md, BSD-3-Clause):
//
//   tls/(version)(ciphers)((extension)(extension)…)      wire order: `npf`; dtls/ the same
//   tls/1/(version)(ciphers)[(extension)(extension)…]    sorted: `npf1`; dtls/1/ the same
//   quic/(QUIC version)(version)(ciphers)[(extension)…]  sorted; transport parameters as a sorted list of ids
//   tls_server/(version)(cipher)((extension)…)           of a ServerHello, wire order: `npf_server`
//
// in hex. GREASE stays, every value as 0a0a. An extension is its type alone, but in whole for the types that tell
// implementations apart. The document calls the version the record's, yet all published fingerprints have the hello's
// legacy_version, so that is what stands here. `quic/1/` drops extensions and is not made.

import { u16, u8 } from '../base/bytes.js'
import { MAX_LISTED_BYTES, MAX_LISTED_EXTENSIONS } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { HandshakeBytes, Transport } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import type { ExtensionOrder } from './extension-order.js'
import { degrease, listedLen, putHex16, putHex8 } from './text.js'
import { isTransportParameters, TransportParameterIds } from './transport-parameter-ids.js'

const SUPPORTED_GROUPS = 0x000a
const SUPPORTED_VERSIONS = 0x002b
const OPEN = 0x28
const CLOSE = 0x29

// TLS_EXT_FIXED of the document; 0x5500 is token binding's old number.
/** Types of extensions that a fingerprint holds with length and body. */
export const TYPES_IN_WHOLE = [
  0x01, 0x05, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0d, 0x0f, 0x10, 0x11, 0x18, 0x1b, 0x1c, 0x2b, 0x2d,
  0x32, 0x5500,
]
const IN_WHOLE = new Uint8Array(0x10000)
for (const type of TYPES_IN_WHOLE) IN_WHOLE[type] = 1

/** Whether a fingerprint holds the extension with length and body. */
export function isInWhole(type: number): boolean {
  return u8(IN_WHOLE, type) === 1
}

/** In place of such an offset: past any body. */
export const NO_GREASE = 0x10000

/**
 * Offset within an extension's body from where its 16-bit values may be GREASE: behind the list's own length in
 * supported_groups and supported_versions; past the body in all others.
 */
export function greaseFrom(type: number): number {
  if (type === SUPPORTED_GROUPS) return 2
  return type === SUPPORTED_VERSIONS ? 1 : NO_GREASE
}

/** Bytes the extensions of `hello` take at most, parentheses included. */
export function npfExtensionsMax(hello: Hello): number {
  return 2 * (hello.end - hello.off) + 2 * hello.extensionCount
}

/** Writes one extension with its parentheses; the list has no separator. */
export function putNpfExtension(
  hello: Hello,
  index: number,
  type: number,
  into: Uint8Array,
  start: number,
  grease = greaseFrom(type),
): number {
  let at = start
  into[at++] = OPEN
  at = putHex16(into, at, type)
  if (isInWhole(type)) {
    const len = hello.extensionLen[index] ?? 0
    const off = hello.extensionOff[index] ?? 0
    at = putHex16(into, at, len)
    const bytes = hello.bytes
    const end = off + Math.min(len, MAX_LISTED_BYTES)
    let from = off
    const plainEnd = Math.min(off + grease, end)
    while (from < plainEnd) at = putHex8(into, at, u8(bytes, from++))
    for (; from + 2 <= end; from += 2) at = putHex16(into, at, degrease(u16(bytes, from)))
    if (from < end) at = putHex8(into, at, u8(bytes, from))
  }
  into[at++] = CLOSE
  return at
}

/** Appends `tls/(0303)(ciphers)`, or `tls/1/…`, `dtls/…`, `quic/…`. */
export function writeNpfHead(
  message: HandshakeBytes,
  hello: Hello,
  format: 'wire' | 'sorted',
  out: ByteWriter,
): void {
  out.ascii(PROTOCOL[message.transport])
  if (message.transport === 'quic') {
    out.ascii('(')
    out.hex16(message.quicVersion >>> 16)
    out.hex16(message.quicVersion & 0xffff)
    out.ascii(')')
  } else if (format === 'sorted') out.ascii('1/')
  out.ascii('(')
  out.hex16(hello.legacyVersion)
  out.ascii(')(')
  for (let i = 0; i + 2 <= listedLen(hello.cipherSuitesLen); i += 2) {
    out.hex16(degrease(u16(hello.bytes, hello.cipherSuitesOff + i)))
  }
  out.ascii(')')
}

/** Appends `tls_server/(0303)(1301)((002b00020304)(0033))` of a ServerHello over TCP. */
export function writeNpfServer(server: Hello, out: ByteWriter): void {
  out.ascii('tls_server/(')
  out.hex16(server.legacyVersion)
  out.ascii(')(')
  out.hex16(u16(server.bytes, server.cipherSuitesOff))
  out.ascii(')(')
  out.reserve(npfExtensionsMax(server) + 1)
  for (let i = 0; i < Math.min(server.extensionCount, MAX_LISTED_EXTENSIONS); i++) {
    const type = degrease(server.extensionType[i] ?? 0)
    // A server's supported_versions is one version (RFC 8446 §4.2.1), no list with a length.
    const grease = type === SUPPORTED_VERSIONS ? 0 : greaseFrom(type)
    out.len = putNpfExtension(server, i, type, out.bytes, out.len, grease)
  }
  out.ascii(')')
}

const PROTOCOL: Readonly<Record<Transport, string>> = {
  tcp: 'tls/',
  dtls: 'dtls/',
  quic: 'quic/',
  eap: 'tls/',
  openvpn: 'tls/',
  'tls/sctp': 'tls/',
  'tls/rdpudp': 'tls/',
}
const ids = new TransportParameterIds()

/** Appends the sorted form: `tls/1/…`, `dtls/1/…` or `quic/…`. */
export function writeNpfSorted(
  message: HandshakeBytes,
  hello: Hello,
  order: ExtensionOrder,
  out: ByteWriter,
): void {
  writeNpfHead(message, hello, 'sorted', out)
  out.ascii('[')
  out.reserve(npfExtensionsMax(hello) + 1)
  for (let i = 0; i < order.count;) {
    const type = order.sorted[i] ?? 0
    let next = i + 1
    while (next < order.count && order.sorted[next] === type) next++
    const indexes = order.sortedIndex.subarray(i, next)
    // Several of one type break RFC 8446 §4.2 and are seen for GREASE only, whose bodies do not count.
    if (indexes.length > 1 && isInWhole(type)) {
      for (const index of indexes.toSorted((a, b) => compareBodies(hello, a, b))) {
        out.len = putNpfExtension(hello, index, type, out.bytes, out.len)
      }
    } else {
      for (const index of indexes) {
        if (message.transport === 'quic' && isTransportParameters(type)) {
          writeTransportParameters(hello, index, type, out)
        } else out.len = putNpfExtension(hello, index, type, out.bytes, out.len)
      }
    }
    i = next
  }
  out.ascii(']')
}

function writeTransportParameters(
  hello: Hello,
  index: number,
  type: number,
  out: ByteWriter,
): void {
  const off = hello.extensionOff[index] ?? 0
  ids.fill(hello.bytes, off, off + (hello.extensionLen[index] ?? 0))
  out.ascii('((')
  out.hex16(type)
  out.ascii(')[')
  for (let i = 0; i < ids.count; i++) {
    out.ascii('(')
    const len = ids.len[i] ?? 0
    for (let byte = 0; byte < len; byte++) out.hex8(ids.byte(i, byte))
    out.ascii(')')
  }
  out.ascii('])')
}

/** Order of two extensions of one type in hex: by length, then by body. */
function compareBodies(hello: Hello, a: number, b: number): number {
  const len = hello.extensionLen[a] ?? 0
  const byLength = len - (hello.extensionLen[b] ?? 0)
  if (byLength !== 0) return byLength
  const offA = hello.extensionOff[a] ?? 0
  const offB = hello.extensionOff[b] ?? 0
  for (let i = 0; i < len; i++) {
    const difference = u8(hello.bytes, offA + i) - u8(hello.bytes, offB + i)
    if (difference !== 0) return difference
  }
  return 0
}
