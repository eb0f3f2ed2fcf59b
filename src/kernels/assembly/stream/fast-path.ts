// Ordinary segments of clients, which nearly all are that the frame filter keeps: a SYN that opens a connection, a hello
// whole in one segment, the parts of one in their order, what a client says after it, an end. They are taken here by the
// rules of tcp-hellos.ts, without waiting for V8 to optimise those. Whatever else may come is left to them, untouched.
//
// This is compiled to kernels/fast-path-code.ts by `npm run kernels`; the program itself needs no compiler.

import { MAX_SEQUENCE_DISTANCE } from '../../../base/limits'
import { ANCHOR, BASE, FREE_WORDS, MARKED, SOLID } from '../../../base/slot-layout'
import { UNLIKE_HELLO } from '../../../base/block-layout'
import {
  AT_STARTS,
  CERTIFICATE_DUE,
  CUT,
  FIRST,
  FIRST_MICROS,
  FLAGS,
  GIVEN,
  LEFT,
  NEXT,
  PASSED,
  RANDOM_SHIFT,
  REPEATED,
  SEGMENT_ENTRY,
  SEGMENT_FIRST_MICROS,
  SEGMENT_FLAGS,
  SEGMENT_HASH,
  SEGMENT_HEAD,
  SEGMENT_MICROS,
  SEGMENT_PART,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_PAYLOAD_WIRE_LEN,
  SEGMENT_QUALITY,
  SEGMENT_RECORD,
  SEGMENT_RECORD_END,
  SEGMENT_SEQ,
  SLOT,
  SYN_SEEN,
  TAKEN,
  TAKEN_HELLO,
  TAKEN_LAST_PART,
  TAKEN_PART,
  TAKEN_SYN,
  UNPLACED,
  WATCHED,
} from '../../tcp-layout'
import {
  begin,
  find,
  flowAt,
  flowHash,
  hasSlots,
  isFine,
  isStale,
  isWatched,
  open,
  openAt,
  prepareFlows,
  see,
  setSyn,
  unwatch,
  watch,
} from './flows'
import { freeSlot, hasSlot, isHere, bytesOf, prepareSlots, slotAt, takeSlot } from './slots'
import { SEGMENT, segment, setSegment, setWord, word } from './words'

const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16

const CONTENT_CHANGE_CIPHER_SPEC = 20
const CONTENT_HANDSHAKE = 22
const CHANGE_CIPHER_SPEC_LEN = 6
const RECORD_HEADER_LEN = 5
/** As long as TLSPlaintext may be (RFC 8446 §5.1) or longer. */
const LONG_RECORD_LEN = 16_384
const HANDSHAKE_HEADER_LEN = 4
const CLIENT_HELLO = 1
const MIN_HELLO_BODY = 34
/** Offset of the random in a record that is one hello. */
const RANDOM_OFF: u32 = 11
/** Not 0 once records.ts has begun to read a slot. */
const RECORDS_BEGUN: u32 = FREE_WORDS + 7

// model/handshake-bytes.ts
const QUALITY_GAP = 1
const QUALITY_TRUNCATED = 2
const QUALITY_NO_SYN = 4
const QUALITY_RETRANSMIT = 8
const QUALITY_HRR = 16

const NO_MICROS: f64 = -1

/** Says how many flows there are, the key of their table's hash, and where which pool of slots is. */
export function prepare(
  entries: u32,
  key0: i32,
  key1: i32,
  key2: i32,
  pool: u32,
  classCount: u32,
  slotCount: u32,
): void {
  prepareFlows(entries, key0, key1, key2)
  prepareSlots(pool, classCount, slotCount)
}

/** Takes the segment at AT_SEGMENT, a client's. @returns LEFT or a TAKEN_ value */
export function take(): i32 {
  const flags = segment(SEGMENT_FLAGS)
  const payloadLen = segment(SEGMENT_PAYLOAD_LEN)
  if ((flags & RST) != 0 || payloadLen != segment(SEGMENT_PAYLOAD_WIRE_LEN)) return LEFT
  if ((flags & (SYN | FIN)) == 0) return takeData(payloadLen)
  if (payloadLen != 0) return LEFT
  if ((flags & SYN) == 0) return takeFin()
  return (flags & (ACK | FIN)) == 0 ? takeSyn() : LEFT
}

function takeSyn(): i32 {
  const hash = flowHash()
  const first = segment(SEGMENT_SEQ) + 1
  let entry = find(hash)
  if (entry >= 0) {
    const flow = flowAt(entry)
    // One sent again, or amid a connection that may go on.
    if (isStale(flow) || word(flow, FIRST) == first || hasSlots(flow)) return LEFT
    if ((word(flow, FLAGS) & (WATCHED | SYN_SEEN | GIVEN)) == (WATCHED | SYN_SEEN)) return LEFT
    see(hash, entry)
  } else {
    entry = open(hash)
    if (entry < 0) return LEFT
  }
  const flow = flowAt(entry)
  begin(hash, flow, first, SYN_SEEN)
  setSyn(flow)
  watch(hash, flow)
  return TAKEN_SYN
}

/** No bytes can come behind what is there. */
function takeFin(): i32 {
  const hash = flowHash()
  if (!isWatched(hash)) return TAKEN
  const entry = find(hash)
  if (entry < 0) return TAKEN
  const flow = flowAt(entry)
  if (isStale(flow) || hasSlots(flow) || !isFine(flow)) return LEFT
  see(hash, entry)
  // One that overtook bytes is not the end, nor is an old one.
  const ahead = segment(SEGMENT_SEQ) - word(flow, NEXT)
  if (ahead == 0 || (ahead < 0 && (word(flow, FLAGS) & SYN_SEEN) == 0)) unwatch(hash, flow)
  return TAKEN
}

function takeData(payloadLen: i32): i32 {
  const first = segment(SEGMENT_HEAD) >>> 24
  if (first == CONTENT_HANDSHAKE) {
    const recordEnd = helloEnd(payloadLen)
    if (recordEnd < payloadLen) return LEFT
    return recordEnd == payloadLen ? takeHello(payloadLen) : takeFirstPart(payloadLen, recordEnd)
  }
  if (load<u8>(AT_STARTS + first) != UNLIKE_HELLO) {
    // What a client says after its hello begins so in TLS 1.3, and a second hello may.
    if (first != CONTENT_CHANGE_CIPHER_SPEC || payloadLen == CHANGE_CIPHER_SPEC_LEN) return LEFT
    const next = (segment(SEGMENT_HEAD + 1) >> 8) & 0xff
    if (next >= CONTENT_CHANGE_CIPHER_SPEC && next <= CONTENT_HANDSHAKE) return LEFT
  }
  return takeOther(payloadLen)
}

/** Where the record ends that the payload begins with, if that is one ClientHello, else 0: hello-start.ts. */
function helloEnd(payloadLen: i32): i32 {
  const head0 = segment(SEGMENT_HEAD)
  const head1 = segment(SEGMENT_HEAD + 1)
  const head2 = segment(SEGMENT_HEAD + 2)
  if (payloadLen < RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + MIN_HELLO_BODY) return 0
  if (((head0 >> 16) & 0xff) != 3 || ((head0 >> 8) & 0xff) > 4) return 0
  const recordLen = ((head0 & 0xff) << 8) | (head1 >>> 24)
  if (((head1 >> 16) & 0xff) != CLIENT_HELLO) return 0
  const bodyLen = ((head1 & 0xffff) << 8) | (head2 >>> 24)
  if (recordLen != HANDSHAKE_HEADER_LEN + bodyLen || recordLen >= LONG_RECORD_LEN) return 0
  if (((head2 >> 16) & 0xff) != 3 || ((head2 >> 8) & 0xff) > 4) return 0
  return RECORD_HEADER_LEN + recordLen
}

function takeHello(payloadLen: i32): i32 {
  const hash = flowHash()
  const seq = segment(SEGMENT_SEQ)
  let entry = find(hash)
  let ahead = 0
  if (entry >= 0) {
    const flow = flowAt(entry)
    if (isStale(flow) || hasSlots(flow) || !isFine(flow)) return LEFT
    ahead = seq - word(flow, NEXT)
    if (ahead < 0 || ahead > MAX_SEQUENCE_DISTANCE) return LEFT
    if (ahead > 0 && (word(flow, FLAGS) & (WATCHED | SYN_SEEN)) != 0) return LEFT
    see(hash, entry)
  } else {
    entry = openAt(hash, seq)
    if (entry < 0) return LEFT
  }
  const flow = flowAt(entry)
  const flags = word(flow, FLAGS)
  setWord(flow, NEXT, seq + payloadLen)
  const head3 = segment(SEGMENT_HEAD + 3)
  const random = ((segment(SEGMENT_HEAD + 2) & 0xff) << 16) | (head3 >>> 16)
  give(entry, flow, flags, random, (flags & WATCHED) != 0 && ahead > 0)
  // A second hello may follow, and its segments may come in any order.
  watch(hash, flow)
  return TAKEN_HELLO
}

/** The first part of a hello whose record ends `recordEnd` bytes behind its start goes into a slot. */
function takeFirstPart(payloadLen: i32, recordEnd: i32): i32 {
  if (!hasSlot(recordEnd)) return LEFT
  const hash = flowHash()
  const seq = segment(SEGMENT_SEQ)
  let entry = find(hash)
  if (entry >= 0) {
    const flow = flowAt(entry)
    if (isStale(flow) || hasSlots(flow) || !isFine(flow) || seq != word(flow, NEXT)) return LEFT
    see(hash, entry)
  } else {
    entry = openAt(hash, seq)
    if (entry < 0) return LEFT
  }
  const flow = flowAt(entry)
  const slot = takeSlot(entry, seq)
  setWord(flow, SLOT, slot)
  const at = slotAt(slot)
  setWord(at, ANCHOR, 0)
  setWord(at, SOLID, payloadLen)
  watch(hash, flow)
  setSegment(SEGMENT_PART, bytesOf(slot))
  return TAKEN_PART
}

/** A further part of the hello in the flow's slot, of which all before is there. */
function takePart(hash: i32, entry: i32, flow: u32, payloadLen: i32): i32 {
  const slot = word(flow, SLOT)
  const at = slotAt(slot)
  const base = word(at, BASE)
  const solid = word(at, SOLID)
  if (!isHere(slot)) return LEFT
  const bytes = bytesOf(slot)
  // put there by takeFirstPart: no frame of SSL 2.0, read on by nobody, and nothing else in it
  if (word(at, ANCHOR) != 0 || load<u8>(bytes) != CONTENT_HANDSHAKE) return LEFT
  if (word(at, MARKED) != 0 || word(at, RECORDS_BEGUN) != 0) return LEFT
  if (word(flow, NEXT) != base || segment(SEGMENT_SEQ) != base + solid) return LEFT
  const recordEnd: i32 = RECORD_HEADER_LEN + bswap<u16>(load<u16>(bytes + 3))
  const end = solid + payloadLen
  if (end > recordEnd) return LEFT
  see(hash, entry)
  setWord(at, SOLID, end)
  setSegment(SEGMENT_PART, bytes + solid)
  if (end < recordEnd) return TAKEN_PART
  setWord(flow, NEXT, base + end)
  const random = bswap<u32>(load<u32>(bytes + RANDOM_OFF)) >>> 8
  give(entry, flow, word(flow, FLAGS), random, false)
  setSegment(SEGMENT_RECORD, bytes)
  setSegment(SEGMENT_RECORD_END, bytes + end)
  freeSlot(slot)
  setWord(flow, SLOT, -1)
  return TAKEN_LAST_PART
}

function give(entry: i32, flow: u32, flags: i32, random: i32, gap: bool): void {
  const begun = random << RANDOM_SHIFT
  let quality = gap ? QUALITY_GAP : 0
  if ((flags & SYN_SEEN) == 0) quality |= QUALITY_NO_SYN
  if ((flags & CUT) != 0) quality |= QUALITY_TRUNCATED
  if ((flags & REPEATED) != 0) quality |= QUALITY_RETRANSMIT
  const mask = -1 << RANDOM_SHIFT
  const kept = flags & ~(REPEATED | CERTIFICATE_DUE | mask)
  setWord(flow, FLAGS, kept | GIVEN | begun)
  const firstMicros = flow + 8 * FIRST_MICROS
  let first = NO_MICROS
  // The client that is asked to try again sends the same random (RFC 8446 §4.1.2).
  if ((flags & GIVEN) != 0 && (flags & mask) == begun) {
    quality |= QUALITY_HRR
    first = load<f64>(firstMicros)
  } else store<f64>(firstMicros, load<f64>(SEGMENT + 4 * SEGMENT_MICROS))
  store<f64>(SEGMENT + 4 * SEGMENT_FIRST_MICROS, first)
  setSegment(SEGMENT_QUALITY, quality)
  setSegment(SEGMENT_ENTRY, entry)
}

/** Bytes with which no hello begins: behind one that was given they end the watch. */
function takeOther(payloadLen: i32): i32 {
  const hash = flowHash()
  if (!isWatched(hash)) {
    setSegment(SEGMENT_HASH, hash)
    return UNPLACED
  }
  const entry = find(hash)
  if (entry < 0) return TAKEN
  const flow = flowAt(entry)
  const seq = segment(SEGMENT_SEQ)
  if (isStale(flow) || !isFine(flow)) return LEFT
  if (word(flow, SLOT) >= 0) return takePart(hash, entry, flow, payloadLen)
  if (seq != word(flow, NEXT)) return LEFT
  const flags = word(flow, FLAGS)
  if ((flags & (WATCHED | GIVEN)) != (WATCHED | GIVEN)) return LEFT
  see(hash, entry)
  setWord(flow, NEXT, seq + payloadLen)
  setWord(flow, PASSED, word(flow, PASSED) + payloadLen)
  unwatch(hash, flow)
  return TAKEN
}
