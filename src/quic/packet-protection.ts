// Protection of Initial packets, RFC 9001 §5.3, §5.4: AES-128-ECB of a sample hides the packet number, AES-128-GCM the
// payload.
//
//   | first | … | packet number(1…4) | ciphertext … | tag(16) |
//                 └ 4 bytes ┘└ sample(16) ┘
//
// The header, laid bare, is the associated data; the nonce is the IV with the packet number upon its end.

import { createDecipheriv } from 'node:crypto'
import { u32, u8 } from '../base/bytes.js'
import { AES_WORDS, aes128Encrypt } from './aes128.js'
import { HP_AT, IV_AT, KEY_AT } from './initial-keys.js'
import type { LongHeader } from './long-header.js'

const TAG_LEN = 16
const KEY_LEN = 16
const IV_LEN = 12
const SAMPLE_SKIP = 4
/** Bits of the first byte that are protected in a long header (§5.4.1), and those that tell the packet number's length. */
const PROTECTED_BITS = 0x0f
const PACKET_NUMBER_LEN_BITS = 0x03
/** Headers end where a datagram does. */
const MAX_HEADER_LEN = 65_536
const NO_BYTES = new Uint8Array(0)
const GCM_OPTIONS = { authTagLength: TAG_LEN } as const

/** Opens packets, one at a time. */
export class PacketOpener {
  /** What the last packet opened holds: its frames. */
  plain: Uint8Array = NO_BYTES
  /** Its packet number (RFC 9000 §12.3). */
  packetNumber = 0
  private readonly mask = new Int32Array(AES_WORDS)
  private readonly header = new Uint8Array(MAX_HEADER_LEN)
  private readonly key = new Uint8Array(KEY_LEN)
  private readonly nonce = new Uint8Array(IV_LEN)

  /**
   * Opens the Initial packet of `header` with the keys `keys[keysAt …]`; `largest` is the largest packet number opened
   * before, or -1. False, with nothing of it in `plain`, where it was not sealed with these keys.
   */
  open(
    bytes: Uint8Array,
    header: LongHeader,
    keys: Int32Array,
    keysAt: number,
    largest: number,
  ): boolean {
    const { off, packetNumberOff, end } = header
    const mask = this.mask
    const sampleOff = packetNumberOff + SAMPLE_SKIP
    for (let i = 0; i < AES_WORDS; i++) mask[i] = u32(bytes, sampleOff + 4 * i)
    aes128Encrypt(keys, keysAt + HP_AT, mask, 0)
    const bits = mask[0] ?? 0

    const first = u8(bytes, off) ^ ((bits >>> 24) & PROTECTED_BITS)
    const numberLen = (first & PACKET_NUMBER_LEN_BITS) + 1
    const cipherOff = packetNumberOff + numberLen
    const bare = this.header
    for (let i = 1; i < packetNumberOff - off; i++) bare[i] = u8(bytes, off + i)
    bare[0] = first
    let truncated = 0
    for (let i = 0; i < numberLen; i++) {
      // Mask bytes 1 to 4 follow one another over the words.
      const maskByte = i < 3 ? (bits >>> (16 - 8 * i)) & 0xff : (mask[1] ?? 0) >>> 24
      const byte = u8(bytes, packetNumberOff + i) ^ maskByte
      bare[packetNumberOff - off + i] = byte
      truncated = truncated * 256 + byte
    }
    const number = wholePacketNumber(largest, truncated, numberLen)
    this.setKey(keys, keysAt, number)

    // 3.5 µs for 1200 bytes, 7.3 where the tag is wrong; AES and GHASH by tables in plain JavaScript took 13.
    // A whole read of 50 000 hellos: 2.4 CPU s so, 2.8 by tables.
    const decipher = createDecipheriv('aes-128-gcm', this.key, this.nonce, GCM_OPTIONS)
    decipher.setAAD(bare.subarray(0, cipherOff - off))
    decipher.setAuthTag(bytes.subarray(end - TAG_LEN, end))
    const plain = decipher.update(bytes.subarray(cipherOff, end - TAG_LEN))
    try {
      decipher.final()
    } catch {
      this.plain = NO_BYTES
      return false
    }
    // A Buffer is of another class: readers that meet both are slower.
    this.plain = new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
    this.packetNumber = number
    return true
  }

  private setKey(keys: Int32Array, keysAt: number, packetNumber: number): void {
    putWords(keys, keysAt + KEY_AT, KEY_LEN / 4, this.key)
    putWords(keys, keysAt + IV_AT, IV_LEN / 4, this.nonce)
    const nonce = this.nonce
    const high = Math.floor(packetNumber / 0x1_0000_0000)
    for (let i = 0; i < 4; i++) {
      nonce[IV_LEN - 1 - i] = (nonce[IV_LEN - 1 - i] ?? 0) ^ (packetNumber >>> (8 * i))
      nonce[IV_LEN - 5 - i] = (nonce[IV_LEN - 5 - i] ?? 0) ^ (high >>> (8 * i))
    }
  }
}

/** The packet number nearest to the one expected that ends like the truncated one (RFC 9000 §17.1, appendix A.3). */
export function wholePacketNumber(largest: number, truncated: number, bytes: number): number {
  const window = 2 ** (8 * bytes)
  const expected = largest + 1
  const candidate = expected - (expected % window) + truncated
  if (candidate <= expected - window / 2) return candidate + window
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window
  return candidate
}

function putWords(words: Int32Array, at: number, count: number, into: Uint8Array): void {
  for (let i = 0; i < count; i++) {
    const word = words[at + i] ?? 0
    into[4 * i] = word >>> 24
    into[4 * i + 1] = word >>> 16
    into[4 * i + 2] = word >>> 8
    into[4 * i + 3] = word
  }
}
