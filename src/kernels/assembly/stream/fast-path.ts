// The segments that make up nearly all that the prefilter passes: a SYN that opens a connection, a hello whole in one
// segment, the parts of one in their order, a client's data after it, an end. The kernel follows the rules of
// stream/tcp-data.ts and tcp-control.ts, and does not wait for V8 to optimise them. It leaves all other segments to them.
//
// This is compiled to kernels/fast-path-code.ts by `npm run kernels`; the program itself needs no compiler.

import { MAX_SEQUENCE_DISTANCE } from '../../../base/limits'
import { ANCHOR, BASE, FREE_WORDS, MARKED, SOLID } from '../../../base/slot-layout'
import { UNLIKE_HELLO } from '../../../base/block-layout'
import {
  ANSWER_HAS_TIMESTAMPS,
  ANSWERED,
  AT_MADE,
  AT_SEGMENT,
  AT_STARTS,
  CERTIFICATE_DUE,
  CUT,
  FIRST,
  FIRST_MICROS,
  FLAGS,
  GIVEN,
  GIVEN_AT,
  GIVEN_SUM,
  IF_WATCHED,
  IS_ANSWER,
  FALLBACK,
  MADE_ANSWERS,
  MADE_ENTRY,
  MADE_FIRST_MICROS,
  MADE_PART,
  MADE_QUALITY,
  MADE_RECORD,
  MADE_RECORD_END,
  MADE_SYNS,
  NEXT,
  PASSED,
  RANDOM_SHIFT,
  REPEATED,
  RUN_BITS,
  RUN_FALLBACK,
  RUN_OVER,
  SEGMENT_FLAGS,
  SEGMENT_HASH,
  SEGMENT_HAS_TIMESTAMPS,
  SEGMENT_HEAD,
  SEGMENT_HELLO_SUM,
  SEGMENT_MICROS,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_SEQ,
  SEGMENT_SUM,
  SERVER_NEXT,
  SLOT,
  SUM_RIGHT,
  SYN_HAS_TIMESTAMPS,
  SYN_SEEN,
  SYN_SHAPE,
  HANDLED,
  HANDLED_HELLO,
  HANDLED_LAST_PART,
  HANDLED_PART,
  HANDLED_SYN,
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
import { mostSumsAreRight, noteSyn, sumOfSyn } from './sums'
import {
  at as segmentAt,
  segment,
  setMade,
  setWord,
  useSegment,
  useSegmentOfRun,
  word,
} from './words'

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

/** Takes the segment at AT_SEGMENT, a client's, with all of its payload there. @returns FALLBACK, UNPLACED or a TAKEN_ value */
export function take(): i32 {
  useSegment()
  const hash = flowHash()
  setWord(AT_SEGMENT, SEGMENT_HASH, hash)
  return takeSegment(segment(SEGMENT_FLAGS), hash)
}

/**
 * Takes the segments at AT_RUN from number `from` to `to`, as far as nobody else has to do anything about one of them.
 *
 * @returns number of the segment that ends the run, in the bits above RUN_BITS; and why it does: RUN_OVER, RUN_FALLBACK, HANDLED_HELLO,
 *   HANDLED_PART or HANDLED_LAST_PART
 */
export function run(from: u32, to: u32): u32 {
  let syns: i32 = 0
  let answers: i32 = 0
  let end: u32 = RUN_OVER
  let i = from
  for (; i < to; i++) {
    useSegmentOfRun(i)
    const flags = segment(SEGMENT_FLAGS)
    const hash = segment(SEGMENT_HASH)
    if ((flags & (IF_WATCHED | IS_ANSWER)) != 0) {
      if ((flags & IS_ANSWER) != 0) {
        if (isWatched(hash) && !takeAnswer(hash)) {
          end = RUN_FALLBACK
          break
        }
        answers++
        continue
      }
      if (!isWatched(hash)) continue
    }
    const taken = takeSegment(flags, hash)
    if (taken == HANDLED_SYN) syns++
    else if (taken != HANDLED) {
      end = taken < 0 ? RUN_FALLBACK : taken
      break
    }
  }
  setMade(MADE_SYNS, word(AT_MADE, MADE_SYNS) + syns)
  setMade(MADE_ANSWERS, word(AT_MADE, MADE_ANSWERS) + answers)
  return (i << RUN_BITS) | end
}

/** TcpHellos.takeAnswer. @returns whether it is done */
function takeAnswer(hash: i32): bool {
  const entry = find(hash)
  if (entry < 0) return true
  const flow = flowAt(entry)
  if (isStale(flow)) return false
  see(hash, entry)
  const shape = word(flow, SYN_SHAPE)
  if ((word(flow, FLAGS) & SYN_SEEN) == 0 || shape == 0) return true
  setWord(flow, SERVER_NEXT, segment(SEGMENT_SEQ) + 1)
  const isAgreed = (shape & SYN_HAS_TIMESTAMPS) != 0 && segment(SEGMENT_HAS_TIMESTAMPS) != 0
  setWord(flow, SYN_SHAPE, shape | ANSWERED | (isAgreed ? ANSWER_HAS_TIMESTAMPS : 0))
  return true
}

function takeSegment(flags: i32, hash: i32): i32 {
  const payloadLen = segment(SEGMENT_PAYLOAD_LEN)
  if ((flags & RST) != 0) return FALLBACK
  if ((flags & (SYN | FIN)) == SYN)
    return payloadLen == 0 && (flags & ACK) == 0 ? takeSyn(hash) : FALLBACK
  // Where those of most SYNs are right, one that is wrong tells something.
  if (segment(SEGMENT_SUM) != SUM_RIGHT && mostSumsAreRight()) return FALLBACK
  if ((flags & (SYN | FIN)) == 0) return takeData(hash, payloadLen)
  return payloadLen == 0 && (flags & SYN) == 0 ? takeFin(hash) : FALLBACK
}

function takeSyn(hash: i32): i32 {
  const first = segment(SEGMENT_SEQ) + 1
  let entry = find(hash)
  if (entry >= 0) {
    const flow = flowAt(entry)
    // One sent again, or amid a connection that may go on.
    if (isStale(flow) || word(flow, FIRST) == first || hasSlots(flow)) return FALLBACK
    if ((word(flow, FLAGS) & (WATCHED | SYN_SEEN | GIVEN)) == (WATCHED | SYN_SEEN)) return FALLBACK
    see(hash, entry)
  } else {
    entry = open(hash)
    if (entry < 0) return FALLBACK
  }
  const flow = flowAt(entry)
  begin(hash, flow, first, SYN_SEEN)
  const sum = sumOfSyn()
  setSyn(flow, sum)
  noteSyn(sum)
  watch(hash, flow)
  return HANDLED_SYN
}

/** No bytes can come behind what is there. */
function takeFin(hash: i32): i32 {
  if (!isWatched(hash)) return HANDLED
  const entry = find(hash)
  if (entry < 0) return HANDLED
  const flow = flowAt(entry)
  if (isStale(flow) || hasSlots(flow) || !isFine(flow)) return FALLBACK
  see(hash, entry)
  // One that overtook bytes is not the end, nor is an old one.
  const ahead = segment(SEGMENT_SEQ) - word(flow, NEXT)
  if (ahead == 0 || (ahead < 0 && (word(flow, FLAGS) & SYN_SEEN) == 0)) unwatch(hash, flow)
  return HANDLED
}

function takeData(hash: i32, payloadLen: i32): i32 {
  const first = segment(SEGMENT_HEAD) >>> 24
  if (first == CONTENT_HANDSHAKE) {
    const recordEnd = helloEnd(payloadLen)
    if (recordEnd < payloadLen) return takeAnyPart(hash, payloadLen)
    return recordEnd == payloadLen
      ? takeHello(hash, payloadLen)
      : takeFirstPart(hash, payloadLen, recordEnd)
  }
  if (load<u8>(AT_STARTS + first) != UNLIKE_HELLO) {
    // What a client says after its hello begins so in TLS 1.3, and a second hello may.
    const next = (segment(SEGMENT_HEAD + 1) >> 8) & 0xff
    const mayBegin =
      first != CONTENT_CHANGE_CIPHER_SPEC ||
      payloadLen == CHANGE_CIPHER_SPEC_LEN ||
      (next >= CONTENT_CHANGE_CIPHER_SPEC && next <= CONTENT_HANDSHAKE)
    if (mayBegin) return takeAnyPart(hash, payloadLen)
  }
  return takeOther(hash, payloadLen)
}

/** Bytes that a hello might begin with, unless they are a further part of one. */
function takeAnyPart(hash: i32, payloadLen: i32): i32 {
  if (!isWatched(hash)) return FALLBACK
  const entry = find(hash)
  if (entry < 0) return FALLBACK
  const flow = flowAt(entry)
  if (word(flow, SLOT) < 0 || isStale(flow) || !isFine(flow)) return FALLBACK
  return takePart(hash, entry, flow, payloadLen)
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

function takeHello(hash: i32, payloadLen: i32): i32 {
  const seq = segment(SEGMENT_SEQ)
  let entry = find(hash)
  let ahead = 0
  if (entry >= 0) {
    const flow = flowAt(entry)
    if (isStale(flow) || hasSlots(flow) || !isFine(flow)) return FALLBACK
    ahead = seq - word(flow, NEXT)
    if (ahead < 0 || ahead > MAX_SEQUENCE_DISTANCE) return FALLBACK
    if (ahead > 0 && (word(flow, FLAGS) & (WATCHED | SYN_SEEN)) != 0) return FALLBACK
    see(hash, entry)
  } else {
    entry = openAt(hash, seq)
    if (entry < 0) return FALLBACK
  }
  const flow = flowAt(entry)
  const flags = word(flow, FLAGS)
  setWord(flow, NEXT, seq + payloadLen)
  const head3 = segment(SEGMENT_HEAD + 3)
  const random = ((segment(SEGMENT_HEAD + 2) & 0xff) << 16) | (head3 >>> 16)
  give(entry, flow, flags, random, (flags & WATCHED) != 0 && ahead > 0)
  setWord(flow, GIVEN_AT, seq)
  setWord(flow, GIVEN_SUM, segment(SEGMENT_HELLO_SUM))
  // A second hello may follow, and its segments may come in any order.
  watch(hash, flow)
  return HANDLED_HELLO
}

/** The first part of a hello whose record ends `recordEnd` bytes behind its start goes into a slot. */
function takeFirstPart(hash: i32, payloadLen: i32, recordEnd: i32): i32 {
  if (!hasSlot(recordEnd)) return FALLBACK
  const seq = segment(SEGMENT_SEQ)
  let entry = find(hash)
  if (entry >= 0) {
    const flow = flowAt(entry)
    if (isStale(flow) || hasSlots(flow) || !isFine(flow) || seq != word(flow, NEXT)) return FALLBACK
    see(hash, entry)
  } else {
    entry = openAt(hash, seq)
    if (entry < 0) return FALLBACK
  }
  const flow = flowAt(entry)
  const slot = takeSlot(entry, seq)
  setWord(flow, SLOT, slot)
  const at = slotAt(slot)
  setWord(at, ANCHOR, 0)
  setWord(at, SOLID, payloadLen)
  watch(hash, flow)
  setMade(MADE_PART, bytesOf(slot))
  return HANDLED_PART
}

/** A further part of the hello in the flow's slot, of which all before is there. */
function takePart(hash: i32, entry: i32, flow: u32, payloadLen: i32): i32 {
  const slot = word(flow, SLOT)
  const at = slotAt(slot)
  const base = word(at, BASE)
  const solid = word(at, SOLID)
  if (!isHere(slot)) return FALLBACK
  const bytes = bytesOf(slot)
  // put there by takeFirstPart: no frame of SSL 2.0, read on by nobody, and nothing else in it
  if (word(at, ANCHOR) != 0 || load<u8>(bytes) != CONTENT_HANDSHAKE) return FALLBACK
  if (word(at, MARKED) != 0 || word(at, RECORDS_BEGUN) != 0) return FALLBACK
  if (word(flow, NEXT) != base || segment(SEGMENT_SEQ) != base + solid) return FALLBACK
  const recordEnd: i32 = RECORD_HEADER_LEN + bswap<u16>(load<u16>(bytes + 3))
  const end = solid + payloadLen
  if (end > recordEnd) return FALLBACK
  see(hash, entry)
  setWord(at, SOLID, end)
  setMade(MADE_PART, bytes + solid)
  if (end < recordEnd) return HANDLED_PART
  setWord(flow, NEXT, base + end)
  const random = bswap<u32>(load<u32>(bytes + RANDOM_OFF)) >>> 8
  give(entry, flow, word(flow, FLAGS), random, false)
  setWord(flow, GIVEN_AT, base)
  setMade(MADE_RECORD, bytes)
  setMade(MADE_RECORD_END, bytes + end)
  freeSlot(slot)
  setWord(flow, SLOT, -1)
  return HANDLED_LAST_PART
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
  } else store<f64>(firstMicros, load<f64>(segmentAt + 4 * SEGMENT_MICROS))
  store<f64>(AT_MADE + 4 * MADE_FIRST_MICROS, first)
  setMade(MADE_QUALITY, quality)
  setMade(MADE_ENTRY, entry)
}

/** Bytes with which no hello begins: behind one that was given they end the watch. */
function takeOther(hash: i32, payloadLen: i32): i32 {
  if (!isWatched(hash)) return UNPLACED
  const entry = find(hash)
  if (entry < 0) return HANDLED
  const flow = flowAt(entry)
  const seq = segment(SEGMENT_SEQ)
  if (isStale(flow) || !isFine(flow)) return FALLBACK
  if (word(flow, SLOT) >= 0) return takePart(hash, entry, flow, payloadLen)
  if (seq != word(flow, NEXT)) return FALLBACK
  const flags = word(flow, FLAGS)
  if ((flags & (WATCHED | GIVEN)) != (WATCHED | GIVEN)) return FALLBACK
  see(hash, entry)
  setWord(flow, NEXT, seq + payloadLen)
  setWord(flow, PASSED, word(flow, PASSED) + payloadLen)
  unwatch(hash, flow)
  return HANDLED
}
