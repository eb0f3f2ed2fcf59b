// The middle of a sighting's line, from `alpn` to `iana`: all of it that hellos of one profile share.

import { MAX_LISTED_BYTES } from '../base/limits.js'
import { listsCut } from './lists-cut.js'
import { u8 } from '../base/bytes.js'
import { ByteWriter } from '../base/byte-writer.js'
import { HandshakeBytes } from '../model/handshake-bytes.js'
import { Hello } from '../model/hello.js'
import type { FingerprintName } from '../model/sighting.js'
import { IANA_SNAPSHOT } from '../tls/registry.js'
import {
  CLASSIC_EXTENSION_LEN,
  putClassicExtension,
  writeClassicHead,
  writeClassicTail,
  writeStableJson,
} from './classic.js'
import { MD5, SHA3_384, SHA_256 } from '../kernels/digest-layout.js'
import { MD5_HEX_LEN, SHA3_384_HEX_LEN, writeDigest } from './digest.js'
import { ExtensionOrder } from './extension-order.js'
import {
  JA3_EXTENSION_LEN,
  putJa3Extension,
  writeJa3Head,
  writeJa3nString,
  writeJa3Tail,
} from './ja3.js'
import {
  JA4_EMPTY_HASH,
  JA4_EXTENSION_LEN,
  JA4_HASH_LEN,
  putJa4Extension,
  writeJa4Ciphers,
  writeJa4Head,
  writeJa4SignatureAlgorithms,
  writeJa4SortedExtensions,
} from './ja4.js'
import { writeJsonPrintable } from './json-text.js'
import { npfExtensionsMax, putNpfExtension, writeNpfHead, writeNpfSorted } from './npf.js'
import { writeElements, writeExtensions } from './permuted-list.js'
import type { PermutedList, PutExtension } from './permuted-list.js'
import type { ProfileMarks } from './profile-marks.js'
import { SLACK } from '../kernels/profile-layout.js'
import { quicVersionText } from './quic-version-text.js'
import { COMMA, DASH } from './text.js'
import { offeredVersion, versionText } from './version-text.js'

const NO_SEPARATOR = -1
/** Offset of digits that are not wanted. */
const ABSENT = -1

/** Writes the fingerprints of hellos whose profile is new. One instance, written over and over; none of it is quick. */
export class ProfileText {
  /** What `write` wrote: the line's part, and behind it what the profile makes hashes and lists of. */
  readonly out = new ByteWriter()
  readonly #wanted: ReadonlySet<FingerprintName>
  readonly #scratch = new ByteWriter(4096)
  #message = new HandshakeBytes()
  #hello = new Hello()
  #order = new ExtensionOrder()
  #marks: ProfileMarks = { shownEnd: 0, lists: [], digests: [] }
  // Where the digits of hashes stand that depend on the order of extensions.
  #sha3Off = ABSENT
  #ja3Off = ABSENT
  #ja4oOff = ABSENT
  /** Makes the lists, once all that is shown is written. */
  #makeLists: (() => PermutedList)[] = []

  constructor(wanted: ReadonlySet<FingerprintName>) {
    this.#wanted = wanted
  }

  /**
   * Writes the fingerprints of a hello.
   * @returns where those hashes and lists stand that depend on the order of extensions
   */
  write(message: HandshakeBytes, hello: Hello, order: ExtensionOrder): ProfileMarks {
    const { out } = this
    const wanted = this.#wanted
    const marks: ProfileMarks = { shownEnd: 0, lists: [], digests: [] }
    this.#message = message
    this.#hello = hello
    this.#order = order
    this.#marks = marks
    this.#makeLists = []
    this.#sha3Off = this.#ja3Off = this.#ja4oOff = ABSENT
    out.len = 0

    this.#alpn()
    this.#cut()
    if (message.recordVersion !== 0) {
      this.#member('record_version', versionText(message.recordVersion))
    }
    if (message.quicVersion !== 0) {
      this.#member('quic_version', quicVersionText(message.quicVersion))
    }
    this.#member('client_hello_version', versionText(hello.legacyVersion))
    this.#member('tls_version', versionText(offeredVersion(hello, message.transport === 'dtls')))
    if (wanted.has('sha3_384')) this.#sha3Off = this.#hole('sha3_384', SHA3_384_HEX_LEN)
    if (wanted.has('sha3_384_stable')) {
      this.#scratch.len = 0
      writeStableJson(hello, order.sorted, this.#scratch)
      this.#open('sha3_384_stable')
      this.#scratchDigest(SHA3_384, SHA3_384_HEX_LEN)
      out.ascii('",')
    }
    this.#ja3()
    this.#ja4()
    this.#npf()
    if (wanted.has('sha3_384')) this.#tlsFp()
    // Each member ended with a comma.
    out.len--
    marks.shownEnd = out.len

    if (wanted.has('ja3') && !wanted.has('ja3_string')) this.#ja3String()
    if (wanted.has('ja4_o') && !wanted.has('ja4_ro')) this.#ja4Original()
    for (const makeList of this.#makeLists) marks.lists.push(makeList())
    out.reserve(SLACK)
    out.len += SLACK
    this.#putDigests()
    return marks
  }

  #alpn(): void {
    const { out } = this
    const { bytes, alpnOff, alpnLen } = this.#hello
    if (alpnLen === 0) return
    out.ascii('"alpn":[')
    const end = alpnOff + Math.min(alpnLen, MAX_LISTED_BYTES)
    for (let at = alpnOff; at < end; at += 1 + u8(bytes, at)) {
      out.ascii(at > alpnOff ? ',"' : '"')
      writeJsonPrintable(bytes, at + 1, u8(bytes, at), out)
      out.ascii('"')
    }
    out.ascii('],')
  }

  /** Names the lists of which only the first values stand in fingerprints. */
  #cut(): void {
    const names = listsCut(this.#hello)
    if (names.length > 0) this.out.ascii(`"cut":${JSON.stringify(names)},`)
  }

  #ja3(): void {
    const { out } = this
    const wanted = this.#wanted
    if (wanted.has('ja3')) this.#ja3Off = this.#hole('ja3', MD5_HEX_LEN)
    if (wanted.has('ja3_string')) {
      this.#open('ja3_string')
      this.#ja3String()
      out.ascii('",')
    }
    this.#scratch.len = 0
    writeJa3nString(this.#hello, this.#order.sorted, this.#scratch)
    if (wanted.has('ja3n')) {
      this.#open('ja3n')
      this.#scratchDigest(MD5, MD5_HEX_LEN)
      out.ascii('",')
    }
    if (wanted.has('ja3n_string')) {
      this.#open('ja3n_string')
      out.copy(this.#scratch.bytes, 0, this.#scratch.len)
      out.ascii('",')
    }
  }

  #ja3String(): void {
    const { out } = this
    const off = out.len
    writeJa3Head(this.#hello, out)
    const permutedOff = out.len
    this.#list(putJa3Extension, DASH, JA3_EXTENSION_LEN * this.#order.count)
    writeJa3Tail(this.#hello, out)
    this.#digest(MD5, off, permutedOff, this.#ja3Off, MD5_HEX_LEN)
  }

  #ja4(): void {
    const { sorted, count } = this.#order
    const { out } = this
    const scratch = this.#scratch
    scratch.len = 0
    const hasExtensions = writeJa4SortedExtensions(sorted, count, scratch)
    if (hasExtensions) writeJa4SignatureAlgorithms(this.#hello, scratch)
    const hashOff = scratch.len
    if (hasExtensions) writeDigest(SHA_256, scratch.bytes, 0, hashOff, JA4_HASH_LEN, scratch)
    else scratch.ascii(JA4_EMPTY_HASH)
    const hash = scratch.text(hashOff)

    if (this.#openJa4('ja4')) {
      this.#ja4CipherHash(true)
      out.ascii(`_${hash}",`)
    }
    if (this.#openJa4('ja4_r')) {
      writeJa4Ciphers(this.#hello, true, out)
      out.ascii('_')
      writeJa4SortedExtensions(sorted, count, out)
      writeJa4SignatureAlgorithms(this.#hello, out)
      out.ascii('",')
    }
    if (this.#openJa4('ja4_o')) {
      this.#ja4CipherHash(false)
      out.ascii('_')
      // Without extensions besides server_name and ALPN, FoxIO's values have zeros in ja4_o as in ja4.
      if (hasExtensions) this.#ja4oOff = out.len
      out.ascii(`${JA4_EMPTY_HASH}",`)
    }
    if (this.#openJa4('ja4_ro')) {
      writeJa4Ciphers(this.#hello, false, out)
      out.ascii('_')
      this.#ja4Original()
      out.ascii('",')
    }
  }

  /** Begins a member with JA4's first part. @returns whether it is wanted */
  #openJa4(name: FingerprintName): boolean {
    if (!this.#wanted.has(name)) return false
    this.#open(name)
    writeJa4Head(this.#message.transport, this.#hello, this.out)
    return true
  }

  #ja4CipherHash(sorted: boolean): void {
    this.#scratch.len = 0
    writeJa4Ciphers(this.#hello, sorted, this.#scratch)
    if (this.#scratch.len === 0) this.out.ascii(JA4_EMPTY_HASH)
    else this.#scratchDigest(SHA_256, JA4_HASH_LEN)
  }

  /** Extensions as they came and signature algorithms: the end of ja4_ro, and what the end of ja4_o is the hash of. */
  #ja4Original(): void {
    const off = this.out.len
    this.#list(putJa4Extension, COMMA, JA4_EXTENSION_LEN * this.#order.count)
    writeJa4SignatureAlgorithms(this.#hello, this.out)
    this.#digest(SHA_256, off, off, this.#ja4oOff, JA4_HASH_LEN)
  }

  #npf(): void {
    const { out } = this
    const message = this.#message
    const hello = this.#hello
    const sortedOnly = message.transport === 'quic'
    if (this.#wanted.has('npf')) {
      this.#open('npf')
      if (sortedOnly) writeNpfSorted(message, hello, this.#order, out)
      else {
        writeNpfHead(message, hello, 'wire', out)
        out.ascii('(')
        const put: PutExtension = (type, index, bytes, at) =>
          putNpfExtension(hello, index, type, bytes, at)
        this.#list(put, NO_SEPARATOR, npfExtensionsMax(hello))
        out.ascii(')')
      }
      out.ascii('",')
    }
    if (this.#wanted.has('npf1') && !sortedOnly) {
      this.#open('npf1')
      writeNpfSorted(message, hello, this.#order, out)
      out.ascii('",')
    }
  }

  #tlsFp(): void {
    const { out } = this
    out.ascii('"tls_fp":')
    const off = out.len
    writeClassicHead(this.#hello, out)
    const permutedOff = out.len
    this.#list(putClassicExtension, COMMA, CLASSIC_EXTENSION_LEN * this.#order.count)
    writeClassicTail(this.#message, this.#hello, out)
    this.#digest(SHA3_384, off, permutedOff, this.#sha3Off, SHA3_384_HEX_LEN)
    out.ascii(',')
    this.#member('iana', IANA_SNAPSHOT)
  }

  #list(put: PutExtension, separator: number, max: number): void {
    const { out } = this
    const order = this.#order
    const off = out.len
    writeExtensions(order, put, separator, max, out)
    const end = out.len
    this.#makeLists.push(() => {
      return { off, end, elements: writeElements(order, put, separator, max, out) }
    })
  }

  /** Notes that the text from `off` to here is a message whose digits go to `digitsOff`, unless they are not wanted. */
  #digest(
    algorithm: number,
    off: number,
    permutedOff: number,
    digitsOff: number,
    digits: number,
  ): void {
    if (digitsOff === ABSENT) return
    const end = this.out.len
    this.#marks.digests.push({ algorithm, off, end, permutedOff, digitsOff, digits })
  }

  #putDigests(): void {
    const { bytes } = this.out
    const scratch = this.#scratch
    for (const { algorithm, off, end, digitsOff, digits } of this.#marks.digests) {
      scratch.len = 0
      writeDigest(algorithm, bytes, off, end, digits, scratch)
      bytes.set(scratch.bytes.subarray(0, digits), digitsOff)
    }
  }

  #open(name: string): void {
    this.out.ascii('"')
    this.out.ascii(name)
    this.out.ascii('":"')
  }

  #member(name: string, value: string): void {
    this.#open(name)
    this.out.ascii(value)
    this.out.ascii('",')
  }

  /** Writes `len` zeros, to be overwritten. @returns the offset of the first */
  #hole(name: string, len: number): number {
    this.#open(name)
    const at = this.out.len
    for (let i = 0; i < len; i++) this.out.ascii('0')
    this.out.ascii('",')
    return at
  }

  /** Appends the digits of what is in `#scratch`. */
  #scratchDigest(algorithm: number, digits: number): void {
    writeDigest(algorithm, this.#scratch.bytes, 0, this.#scratch.len, digits, this.out)
  }
}
