// The middle of a sighting's line, from `alpn` to `iana`: all of it that hellos of one profile share.

import { u8 } from '../base/bytes.js'
import { OctetWriter } from '../base/octet-writer.js'
import type { HandshakeOctets } from '../model/handshake-octets.js'
import type { Hello } from '../model/hello.js'
import type { FingerprintName } from '../model/sighting.js'
import { IANA_SNAPSHOT } from '../tls/registry.js'
import {
  CLASSIC_EXTENSION_LEN,
  putClassicExtensions,
  SHA3_384_LEN,
  sha3Hash,
  writeClassicHead,
  writeClassicTail,
  writeStableJson,
} from './classic.js'
import type { ExtensionOrder } from './extension-order.js'
import {
  JA3_EXTENSION_LEN,
  putJa3Extensions,
  writeJa3Head,
  writeJa3String,
  writeJa3Tail,
} from './ja3.js'
import {
  JA4_EMPTY_HASH,
  JA4_EXTENSION_LEN,
  ja4Hash,
  putJa4Extensions,
  writeJa4Ciphers,
  writeJa4Head,
  writeJa4SignatureAlgorithms,
  writeJa4SortedExtensions,
} from './ja4.js'
import { writeJsonPrintable } from './json-text.js'
import { MD5_HEX_LEN, md5Hex } from './md5.js'
import { npfExtensionsMax, putNpfExtensions, writeNpfHead, writeNpfSorted } from './npf.js'
import { newProfileMarks } from './profile.js'
import type { ProfileMarks } from './profile.js'
import { offeredVersion, versionText } from './version-text.js'

const scratch = new OctetWriter(4096)

/**
 * Appends the fingerprints of a hello to the empty `out`, hashes over the order of extensions still nought.
 * @returns where those and the extensions stand
 */
export function writeProfileText(
  message: HandshakeOctets,
  hello: Hello,
  order: ExtensionOrder,
  wanted: ReadonlySet<FingerprintName>,
  out: OctetWriter,
): ProfileMarks {
  const marks = newProfileMarks()
  writeAlpn(hello, out)
  if (message.recordVersion !== 0)
    writeMember('record_version', versionText(message.recordVersion), out)
  writeMember('client_hello_version', versionText(hello.legacyVersion), out)
  writeMember('tls_version', versionText(offeredVersion(hello, message.transport === 'dtls')), out)
  if (wanted.has('sha3_384')) marks.sha3 = writeHole('sha3_384', SHA3_384_LEN, out)
  if (wanted.has('sha3_384_stable')) {
    scratch.len = 0
    writeStableJson(hello, order.sorted, scratch)
    writeMember('sha3_384_stable', sha3Hash(written(scratch)), out)
  }
  writeJa3Members(hello, order, wanted, marks, out)
  writeJa4Members(message, hello, order, wanted, marks, out)
  writeNpfMembers(message, hello, order, wanted, marks, out)
  if (wanted.has('sha3_384')) {
    openMember('tls_fp', out)
    marks.tlsFp = out.len
    writeClassicHead(hello, out)
    marks.tlsFpExtensions = out.len
    out.reserve(order.count * CLASSIC_EXTENSION_LEN)
    out.len = putClassicExtensions(order.wire, order.count, out.bytes, out.len)
    writeClassicTail(message, hello, out)
    marks.tlsFpEnd = out.len
    out.ascii(',')
    writeMember('iana', IANA_SNAPSHOT, out)
  }
  // Every member ended with a comma.
  out.len--
  marks.shownEnd = out.len
  if (wanted.has('ja3') && !wanted.has('ja3_string')) writeJa3Preimage(hello, order, marks, out)
  if (wanted.has('ja4_o') && !wanted.has('ja4_ro')) writeJa4Preimage(hello, order, marks, out)
  return marks
}

function writeAlpn(hello: Hello, out: OctetWriter): void {
  const end = hello.alpnOff + hello.alpnLen
  let any = false
  for (let at = hello.alpnOff; at < end;) {
    const len = u8(hello.bytes, at)
    if (len === 0 || at + 1 + len > end) break
    out.ascii(any ? ',"' : '"alpn":["')
    writeJsonPrintable(hello.bytes, at + 1, len, out)
    out.ascii('"')
    any = true
    at += 1 + len
  }
  if (any) out.ascii('],')
}

function writeJa3Members(
  hello: Hello,
  order: ExtensionOrder,
  wanted: ReadonlySet<FingerprintName>,
  marks: ProfileMarks,
  out: OctetWriter,
): void {
  if (wanted.has('ja3')) marks.ja3 = writeHole('ja3', MD5_HEX_LEN, out)
  if (wanted.has('ja3_string')) {
    openString('ja3_string', out)
    writeJa3Preimage(hello, order, marks, out)
    out.ascii('",')
  }
  if (!wanted.has('ja3n') && !wanted.has('ja3n_string')) return
  scratch.len = 0
  writeJa3String(hello, order.sorted, scratch)
  if (wanted.has('ja3n')) {
    openString('ja3n', out)
    md5Hex(scratch.bytes, 0, scratch.len, out)
    out.ascii('",')
  }
  if (wanted.has('ja3n_string')) {
    openString('ja3n_string', out)
    out.copy(scratch.bytes, 0, scratch.len)
    out.ascii('",')
  }
}

function writeJa3Preimage(
  hello: Hello,
  order: ExtensionOrder,
  marks: ProfileMarks,
  out: OctetWriter,
): void {
  marks.ja3String = out.len
  writeJa3Head(hello, out)
  marks.ja3Extensions = out.len
  out.reserve(order.count * JA3_EXTENSION_LEN)
  out.len = putJa3Extensions(order.wire, order.count, out.bytes, out.len)
  writeJa3Tail(hello, out)
  marks.ja3StringEnd = out.len
}

function writeJa4Members(
  message: HandshakeOctets,
  hello: Hello,
  order: ExtensionOrder,
  wanted: ReadonlySet<FingerprintName>,
  marks: ProfileMarks,
  out: OctetWriter,
): void {
  scratch.len = 0
  const hasExtensions = writeJa4SortedExtensions(order.sorted, order.count, scratch)
  for (const name of ['ja4', 'ja4_r', 'ja4_o', 'ja4_ro'] as const) {
    if (!wanted.has(name)) continue
    const sorted = name === 'ja4' || name === 'ja4_r'
    openString(name, out)
    writeJa4Head(message.transport, hello, order.wire, out)
    if (name === 'ja4' || name === 'ja4_o') {
      scratch.len = 0
      writeJa4Ciphers(hello, sorted, scratch)
      out.ascii(scratch.len === 0 ? JA4_EMPTY_HASH : ja4Hash(written(scratch)))
    } else writeJa4Ciphers(hello, sorted, out)
    out.ascii('_')
    if (name === 'ja4' && hasExtensions) {
      scratch.len = 0
      writeJa4SortedExtensions(order.sorted, order.count, scratch)
      writeJa4SignatureAlgorithms(hello, scratch)
      out.ascii(ja4Hash(written(scratch)))
    } else if (name === 'ja4' || name === 'ja4_o') {
      // FoxIO's own values have the zeros in ja4_o too where server_name and ALPN are all there is.
      if (hasExtensions) marks.ja4oHash = out.len
      out.ascii(JA4_EMPTY_HASH)
    } else if (name === 'ja4_r') {
      writeJa4SortedExtensions(order.sorted, order.count, out)
      writeJa4SignatureAlgorithms(hello, out)
    } else writeJa4Preimage(hello, order, marks, out)
    out.ascii('",')
  }
}

function writeJa4Preimage(
  hello: Hello,
  order: ExtensionOrder,
  marks: ProfileMarks,
  out: OctetWriter,
): void {
  marks.ja4roExtensions = out.len
  out.reserve(order.count * JA4_EXTENSION_LEN)
  out.len = putJa4Extensions(order.wire, order.count, out.bytes, out.len)
  writeJa4SignatureAlgorithms(hello, out)
  marks.ja4roEnd = out.len
}

function writeNpfMembers(
  message: HandshakeOctets,
  hello: Hello,
  order: ExtensionOrder,
  wanted: ReadonlySet<FingerprintName>,
  marks: ProfileMarks,
  out: OctetWriter,
): void {
  const quic = message.transport === 'quic'
  if (wanted.has('npf')) {
    openString('npf', out)
    if (quic) writeNpfSorted(message, hello, order, out)
    else {
      writeNpfHead(message, hello, 'wire', out)
      out.ascii('(')
      marks.npfExtensions = out.len
      out.reserve(npfExtensionsMax(hello))
      out.len = putNpfExtensions(hello, order.wire, out.bytes, out.len)
      out.ascii(')')
    }
    out.ascii('",')
  }
  if (wanted.has('npf1') && !quic) {
    openString('npf1', out)
    writeNpfSorted(message, hello, order, out)
    out.ascii('",')
  }
}

function openMember(name: string, out: OctetWriter): void {
  out.ascii('"')
  out.ascii(name)
  out.ascii('":')
}

function openString(name: string, out: OctetWriter): void {
  openMember(name, out)
  out.ascii('"')
}

function writeMember(name: string, value: string, out: OctetWriter): void {
  openString(name, out)
  out.ascii(value)
  out.ascii('",')
}

/** A string of `len` noughts, to be written over. @returns the offset of the first */
function writeHole(name: string, len: number, out: OctetWriter): number {
  openString(name, out)
  const at = out.len
  for (let i = 0; i < len; i++) out.ascii('0')
  out.ascii('",')
  return at
}

function written(writer: OctetWriter): Uint8Array {
  return writer.bytes.subarray(0, writer.len)
}
