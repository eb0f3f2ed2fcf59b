import { u16, u24, u8 } from '../base/bytes.js'
import { MALFORMED, NEED_MORE, type OffsetOrFault } from '../base/fault.js'
import { MAX_HELLO_LEN } from '../base/limits.js'
import {
  CONTENT_ALERT,
  CONTENT_HANDSHAKE,
  HANDSHAKE_HEADER_LEN,
  isRecordVersion,
  isSsl2,
  isSsl2Start,
  isTlsPrefix,
  MAX_RECORD_LEN,
  RECORD_HEADER_LEN,
  skipChangeCipherSpec,
  ssl2End,
  ssl2Message,
  wantOf,
} from './hello-start.js'
import { ANCHOR, FREE_WORDS, SLOT_WORDS, SOLID } from '../base/slot-layout.js'
import type { SlotPool } from '../base/slot-pool.js'

// Takes the TLS record headers out of what a slot holds, as far as it is solid:
//
//   before:  | header | part 1 | header | part 2 ...          read = write up to the end of part 1
//   after:   | header | part 1 | part 2 |      ...            read stays ahead of write by the headers since
//
// The first record's content never moves. A byte is looked at once, so the work is linear in the stream.

/** Offset of the next byte to read, and of where the next handshake byte goes. */
export const READ = FREE_WORDS
export const WRITE = FREE_WORDS + 1
/** Bytes left of the record being read; 1 where they are not handshake but skipped. */
const RECORD_LEFT = FREE_WORDS + 2
const SKIPPED = FREE_WORDS + 3
/** Offset of the handshake message being put together, and past it once it is whole. */
export const MESSAGE = FREE_WORDS + 4
export const MESSAGE_END = FREE_WORDS + 5
/** Version field of the first handshake record, and above it its length. */
export const VERSION = FREE_WORDS + 6
export const FIRST_LEN_SHIFT = 16
const BEGUN = FREE_WORDS + 7

/** Stands for the version of an SSL 2.0 record, which has no such field. */
export const SSL2_VERSION = 0x0002
const CONTENT_CHANGE_CIPHER_SPEC = 20

/** Begins anew at the slot's anchor. */
export function restartRecords(pool: SlotPool, slot: number): void {
  pool.words.fill(0, slot * SLOT_WORDS + FREE_WORDS, (slot + 1) * SLOT_WORDS)
}

/** Whether a slot's bytes were moved, so that they are no longer as they came. */
export function isMoved(pool: SlotPool, slot: number): boolean {
  const at = slot * SLOT_WORDS
  return pool.words[at + VERSION] !== 0 && pool.words[at + READ] !== pool.words[at + WRITE]
}

/**
 * Reads on until the message at MESSAGE is whole or the slot's solid bytes end.
 *
 * A whole message is passed over by the next call, which then looks for the one behind it.
 * @returns offset past the message, NEED_MORE, or MALFORMED: what follows is not a wanted handshake message
 */
export function readRecords(pool: SlotPool, slot: number, wanted: number): OffsetOrFault {
  const words = pool.words
  const at = slot * SLOT_WORDS
  const bytes = pool.bytesOf(slot)
  const first = pool.offsetOf(slot)
  const solid = words[at + SOLID] ?? 0

  if (words[at + BEGUN] === 0) {
    const anchor = words[at + ANCHOR] ?? 0
    if (anchor >= solid) return NEED_MORE
    if (isSsl2(bytes, first + anchor)) return readSsl2(pool, slot, anchor, solid)
    words[at + BEGUN] = 1
    words[at + READ] = anchor
  }
  if (words[at + MESSAGE_END] !== 0) {
    words[at + MESSAGE] = words[at + MESSAGE_END] ?? 0
    words[at + MESSAGE_END] = 0
  }

  let read = words[at + READ] ?? 0
  let write = words[at + WRITE] ?? 0
  let left = words[at + RECORD_LEFT] ?? 0
  let skipped = words[at + SKIPPED] ?? 0
  let result = messageState(bytes, first + (words[at + MESSAGE] ?? 0), first + write, wanted)
  while (result === NEED_MORE && read < solid) {
    if (left === 0) {
      if (solid - read < RECORD_HEADER_LEN) break
      const type = u8(bytes, first + read)
      left = u16(bytes, first + read + 3)
      if (!isRecordVersion(bytes, first + read + 1) || left > MAX_RECORD_LEN) {
        result = MALFORMED
        break
      }
      if (type === CONTENT_HANDSHAKE) {
        skipped = 0
        if (words[at + VERSION] === 0) {
          words[at + VERSION] = u16(bytes, first + read + 1) | (left << FIRST_LEN_SHIFT)
          write = read + RECORD_HEADER_LEN
          words[at + MESSAGE] = write
        }
      } else if (
        type === CONTENT_CHANGE_CIPHER_SPEC ||
        (type === CONTENT_ALERT && words[at + MESSAGE] === write)
      ) {
        skipped = 1
      } else {
        result = MALFORMED
        break
      }
      read += RECORD_HEADER_LEN
    } else {
      const count = Math.min(left, solid - read)
      if (skipped === 0) {
        if (read !== write) bytes.copyWithin(first + write, first + read, first + read + count)
        write += count
        result = messageState(bytes, first + (words[at + MESSAGE] ?? 0), first + write, wanted)
      }
      read += count
      left -= count
    }
  }
  words[at + READ] = read
  words[at + WRITE] = write
  words[at + RECORD_LEFT] = left
  words[at + SKIPPED] = skipped
  if (result >= 0) words[at + MESSAGE_END] = result - first
  return result
}

/** Offset past the message at `off`, NEED_MORE, or MALFORMED where it is none that is wanted. */
function messageState(bytes: Uint8Array, off: number, end: number, wanted: number): OffsetOrFault {
  if (end - off < 1) return NEED_MORE
  if ((wantOf(u8(bytes, off)) & wanted) === 0) return MALFORMED
  if (end - off < HANDSHAKE_HEADER_LEN) return NEED_MORE
  const messageEnd = off + HANDSHAKE_HEADER_LEN + u24(bytes, off + 1)
  if (messageEnd - off > MAX_HELLO_LEN) return MALFORMED
  return messageEnd <= end ? messageEnd : NEED_MORE
}

function readSsl2(pool: SlotPool, slot: number, anchor: number, solid: number): OffsetOrFault {
  const words = pool.words
  const at = slot * SLOT_WORDS
  const bytes = pool.bytesOf(slot)
  const first = pool.offsetOf(slot)
  if (solid - anchor < 11) return NEED_MORE
  if (!isSsl2Start(bytes, first + anchor, first + solid)) return MALFORMED
  const messageEnd = ssl2End(bytes, first + anchor) - first
  if (messageEnd > solid) return NEED_MORE
  words[at + VERSION] = SSL2_VERSION
  words[at + MESSAGE] = ssl2Message(anchor)
  words[at + MESSAGE_END] = messageEnd
  words[at + READ] = messageEnd
  words[at + WRITE] = messageEnd
  return first + messageEnd
}

/** Nothing came yet behind the whole message in a slot; it is what is wanted, or may be; it is something else. */
export const FOLLOWED_BY_NOTHING = 0
export const FOLLOWED_BY_WANTED = 1
export const FOLLOWED_BY_OTHER = 2

/** What follows the message that `readRecords` gave: a FOLLOWED_BY_ value. */
export function followedBy(pool: SlotPool, slot: number, wanted: number): number {
  const words = pool.words
  const at = slot * SLOT_WORDS
  const bytes = pool.bytesOf(slot)
  const first = pool.offsetOf(slot)
  const messageEnd = words[at + MESSAGE_END] ?? 0
  if (messageEnd < (words[at + WRITE] ?? 0)) {
    return (wantOf(u8(bytes, first + messageEnd)) & wanted) !== 0
      ? FOLLOWED_BY_WANTED
      : FOLLOWED_BY_OTHER
  }
  const read = first + (words[at + READ] ?? 0)
  const end = first + (words[at + SOLID] ?? 0)
  return followsInRecord(bytes, read, read + (words[at + RECORD_LEFT] ?? 0), end, wanted)
}

/** As `followedBy`, of a message that ends at `off` in a record that ends at `recordEnd`, `end` being that of the segment. */
export function followsInRecord(
  bytes: Uint8Array,
  off: number,
  recordEnd: number,
  end: number,
  wanted: number,
): number {
  if (off < recordEnd) {
    // The record goes on in segments to come: nobody begins a record for a message that is not due.
    if (off >= end) return FOLLOWED_BY_WANTED
    return (wantOf(u8(bytes, off)) & wanted) !== 0 ? FOLLOWED_BY_WANTED : FOLLOWED_BY_OTHER
  }
  if (off === end) return FOLLOWED_BY_NOTHING
  return isTlsPrefix(bytes, off, end, wanted) ? FOLLOWED_BY_WANTED : FOLLOWED_BY_OTHER
}

/** Whether nothing, or no more than a change_cipher_spec record, came behind the whole message in a slot. */
export function isLast(pool: SlotPool, slot: number): boolean {
  const words = pool.words
  const at = slot * SLOT_WORDS
  const first = pool.offsetOf(slot)
  const end = first + (words[at + SOLID] ?? 0)
  if ((words[at + MESSAGE_END] ?? 0) !== (words[at + WRITE] ?? 0)) return false
  if ((words[at + RECORD_LEFT] ?? 0) !== 0) return false
  return skipChangeCipherSpec(pool.bytesOf(slot), first + (words[at + READ] ?? 0), end) === end
}
