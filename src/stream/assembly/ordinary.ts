// Ordinary segments of clients, which nearly all are that the frame filter keeps: a SYN that opens a connection, a hello
// whole in one segment, the parts of one in their order, what a client says after it, an end. They are taken here by the
// rules of tcp-hellos.ts, without waiting for V8 to optimise those. Whatever else may come is left to them, untouched.
//
// This is compiled to stream/ordinary-code.ts by `npm run assembly`; the program itself needs no compiler.

import { hashAddresses, hashFurther, hashPorts } from '../../base/assembly/flow-hash'
import {
  BUCKET_WORDS,
  CLOCK,
  KEY_WORDS,
  KEYS,
  REMEMBERED,
  SETS,
  STAMPS,
  STATE_WORDS,
  WAYS,
} from '../../base/flow-layout'
import {
  ANCHOR,
  BASE,
  CLASS_COUNT,
  CLASS_FREE,
  CLASS_OLDEST,
  CLASS_SIZE,
  CLASS_WORDS,
  CLASS_YOUNGEST,
  FREE_WORDS,
  MARKED,
  OLDER,
  OWNER,
  SLOT_WORDS,
  SOLID,
  USED_WORDS,
  YOUNGER,
} from '../../base/slot-layout'
import { FLOW_IDLE_SECONDS, MAX_SEQUENCE_DISTANCE, PENDING_IDLE_SECONDS } from '../../base/limits'
import { UNLIKE_HELLO } from '../../model/block-layout'
import {
  AT_FLOWS,
  AT_HAND,
  AT_SEGMENT,
  AT_STARTS,
  CERTIFICATE_DUE,
  CUT,
  FIRST,
  FIRST_MICROS,
  FLAGS,
  FLOW_WORDS,
  GIVEN,
  LEFT,
  NEXT,
  PASSED,
  RANDOM_SHIFT,
  REPEATED,
  SEEN,
  SEGMENT_FIRST_MICROS,
  SEGMENT_FLAGS,
  SEGMENT_HEAD,
  SEGMENT_KEY,
  SEGMENT_MICROS,
  SEGMENT_PART,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_PAYLOAD_WIRE_LEN,
  SEGMENT_QUALITY,
  SEGMENT_RECORD,
  SEGMENT_RECORD_END,
  SEGMENT_SECONDS,
  SEGMENT_SEQ,
  SLOT,
  SYN_SEEN,
  TAKEN,
  TAKEN_HELLO,
  TAKEN_LAST_PART,
  TAKEN_PART,
  TAKEN_SYN,
  WATCHED,
} from '../tcp-layout'

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

// model/handshake-octets.ts
const QUALITY_GAP = 1
const QUALITY_TRUNCATED = 2
const QUALITY_NO_SYN = 4
const QUALITY_RETRANSMIT = 8
const QUALITY_HRR = 16

const SEGMENT: u32 = AT_SEGMENT
const NO_ENTRY = -1
const NO_MICROS: f64 = -1
const V6 = 6
const PENDING_IDLE: u32 = PENDING_IDLE_SECONDS
const FLOW_IDLE: u32 = FLOW_IDLE_SECONDS
/** Further words of an IPv6 address. */
const FURTHER_WORDS: u32 = 3

let bucketMask: i32 = 0
let cellMask: i32 = 0
let state: u32 = 0
let remembered: u32 = 0
let buckets: u32 = 0
let watched: u32 = 0
let filter: u32 = 0
let used: u32 = 0
let cls: u32 = 0
let slots: u32 = 0
let freeStack: u32 = 0
let offsets: u32 = 0
let k0: i32 = 0
let k1: i32 = 0
let k2: i32 = 0

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
  bucketMask = entries / WAYS - 1
  cellMask = entries - 1
  state = AT_FLOWS + 4 * FLOW_WORDS * entries
  remembered = state + 4 * STATE_WORDS
  buckets = remembered + 4 * REMEMBERED
  watched = buckets + 4 * BUCKET_WORDS * (entries / WAYS)
  filter = watched + entries
  used = pool
  // of the classes only the first is used here, as only its slots are in this memory
  cls = used + 4 * USED_WORDS
  slots = cls + 4 * CLASS_WORDS * classCount
  freeStack = slots + 4 * SLOT_WORDS * slotCount
  offsets = freeStack + 4 * slotCount
  k0 = key0
  k1 = key1
  k2 = key2
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
    if (isStale(flow)) return LEFT
    if (word(flow, FIRST) == first) {
      see(hash, entry)
      setWord(flow, FLAGS, word(flow, FLAGS) | SYN_SEEN)
      return TAKEN_SYN
    }
    if (word(flow, SLOT) >= 0) return LEFT
    see(hash, entry)
  } else {
    entry = open(hash)
    if (entry < 0) return LEFT
  }
  const flow = flowAt(entry)
  begin(hash, flow, first, SYN_SEEN)
  watch(hash, flow)
  return TAKEN_SYN
}

/** No octets can come behind what is there. */
function takeFin(): i32 {
  const hash = flowHash()
  if (!isWatched(hash)) return TAKEN
  const entry = find(hash)
  if (entry < 0) return TAKEN
  const flow = flowAt(entry)
  if (isStale(flow) || word(flow, SLOT) >= 0) return LEFT
  see(hash, entry)
  // One that overtook octets is not the end.
  if (segment(SEGMENT_SEQ) - word(flow, NEXT) <= 0) unwatch(hash, flow)
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
    if (((segment(SEGMENT_HEAD + 1) >> 8) & 0xff) == CONTENT_HANDSHAKE) return LEFT
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
    if (isStale(flow) || word(flow, SLOT) >= 0) return LEFT
    ahead = seq - word(flow, NEXT)
    if (ahead < 0 || ahead > MAX_SEQUENCE_DISTANCE) return LEFT
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
  give(flow, flags, random, (flags & WATCHED) != 0 && ahead > 0)
  // A second hello may follow, and its segments may come in any order.
  watch(hash, flow)
  return TAKEN_HELLO
}

/** The first part of a hello whose record ends `recordEnd` octets behind its start goes into a slot. */
function takeFirstPart(payloadLen: i32, recordEnd: i32): i32 {
  if (word(cls, CLASS_SIZE) < recordEnd || word(cls, CLASS_FREE) == 0) return LEFT
  const hash = flowHash()
  const seq = segment(SEGMENT_SEQ)
  let entry = find(hash)
  if (entry >= 0) {
    const flow = flowAt(entry)
    if (isStale(flow) || word(flow, SLOT) >= 0 || seq != word(flow, NEXT)) return LEFT
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
  setSegment(SEGMENT_PART, octetsOf(slot))
  return TAKEN_PART
}

/** A further part of the hello in the flow's slot, of which all before is there. */
function takePart(hash: i32, entry: i32, flow: u32, payloadLen: i32): i32 {
  const slot = word(flow, SLOT)
  const at = slotAt(slot)
  const base = word(at, BASE)
  const solid = word(at, SOLID)
  if (slot >= word(cls, CLASS_COUNT)) return LEFT
  const octets = octetsOf(slot)
  // put there by takeFirstPart: no frame of SSL 2.0, read on by nobody, and nothing else in it
  if (word(at, ANCHOR) != 0 || load<u8>(octets) != CONTENT_HANDSHAKE) return LEFT
  if (word(at, MARKED) != 0 || word(at, RECORDS_BEGUN) != 0) return LEFT
  if (word(flow, NEXT) != base || segment(SEGMENT_SEQ) != base + solid) return LEFT
  const recordEnd: i32 = RECORD_HEADER_LEN + bswap<u16>(load<u16>(octets + 3))
  const end = solid + payloadLen
  if (end > recordEnd) return LEFT
  see(hash, entry)
  setWord(at, SOLID, end)
  setSegment(SEGMENT_PART, octets + solid)
  if (end < recordEnd) return TAKEN_PART
  setWord(flow, NEXT, base + end)
  const random = bswap<u32>(load<u32>(octets + RANDOM_OFF)) >>> 8
  give(flow, word(flow, FLAGS), random, false)
  setSegment(SEGMENT_RECORD, octets)
  setSegment(SEGMENT_RECORD_END, octets + end)
  freeSlot(slot)
  setWord(flow, SLOT, -1)
  return TAKEN_LAST_PART
}

function give(flow: u32, flags: i32, random: i32, gap: bool): void {
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
  store<i32>(SEGMENT + 4 * SEGMENT_QUALITY, quality)
}

/** Octets with which no hello begins: behind one that was given they end the watch. */
function takeOther(payloadLen: i32): i32 {
  const hash = flowHash()
  if (!isWatched(hash)) return TAKEN
  const entry = find(hash)
  if (entry < 0) return TAKEN
  const flow = flowAt(entry)
  const seq = segment(SEGMENT_SEQ)
  if (isStale(flow)) return LEFT
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

/** Puts the segment's flow into the table, where it is not: TcpFlows.open. @returns its entry, or LEFT */
function open(hash: i32): i32 {
  const entry = place(hash)
  const flow = flowAt(entry)
  const oldHash = load<i32>(tagOf(entry))
  const hand = load<i32>(AT_HAND)
  if (oldHash != 0 && word(flow, SLOT) >= 0) return LEFT
  for (let i = 1; i <= 2; i++) {
    const swept = (hand + i) & cellMask
    if (swept != entry && load<i32>(tagOf(swept)) != 0) {
      const other = flowAt(swept)
      if (isStale(other) && word(other, SLOT) >= 0) return LEFT
    }
  }
  if (oldHash != 0) unwatch(oldHash, flow)
  setEntry(entry, hash)
  setWord(flow, SEEN, segment(SEGMENT_SECONDS))
  setWord(flow, SLOT, -1)
  setWord(flow, FLAGS, 0)
  for (let i = 1; i <= 2; i++) {
    const swept = (hand + i) & cellMask
    if (swept != entry) sweep(swept)
  }
  store<i32>(AT_HAND, (hand + 2) & cellMask)
  return entry
}

/** As `open`, for a flow that begins with a hello at `seq`. */
function openAt(hash: i32, seq: i32): i32 {
  const entry = open(hash)
  if (entry >= 0) begin(hash, flowAt(entry), seq, 0)
  return entry
}

/** Forgets a flow that is long idle. */
function sweep(entry: i32): void {
  const tag = tagOf(entry)
  const hash = load<i32>(tag)
  if (hash == 0) return
  const flow = flowAt(entry)
  const idle = idleOf(flow)
  if (idle <= PENDING_IDLE) return
  unwatch(hash, flow)
  if (idle > FLOW_IDLE) store<i32>(tag, 0)
}

function begin(hash: i32, flow: u32, first: i32, flags: i32): void {
  unwatch(hash, flow)
  setWord(flow, FLAGS, flags)
  setWord(flow, FIRST, first)
  setWord(flow, NEXT, first)
  setWord(flow, PASSED, 0)
}

function watch(hash: i32, flow: u32): void {
  const flags = word(flow, FLAGS)
  if ((flags & WATCHED) != 0) return
  setWord(flow, FLAGS, flags | WATCHED)
  const cell = (hash & cellMask) as u32
  store<u8>(watched + cell, load<u8>(watched + cell) + 1)
  const at = filter + (cell >> 3)
  store<u8>(at, load<u8>(at) | ((1 << ((cell & 7) as u8)) as u8))
}

function unwatch(hash: i32, flow: u32): void {
  const flags = word(flow, FLAGS)
  if ((flags & WATCHED) == 0) return
  setWord(flow, FLAGS, flags & ~WATCHED)
  const cell = (hash & cellMask) as u32
  const left = load<u8>(watched + cell) - 1
  store<u8>(watched + cell, left)
  if (left != 0) return
  const at = filter + (cell >> 3)
  store<u8>(at, load<u8>(at) & ~((1 << ((cell & 7) as u8)) as u8))
}

function isWatched(hash: i32): bool {
  const cell = (hash & cellMask) as u32
  return ((load<u8>(filter + (cell >> 3)) >> ((cell & 7) as u8)) & 1) != 0
}

/** The entry of the segment's flow, or NO_ENTRY: FlowTable.find, but for what that notes. */
function find(hash: i32): i32 {
  const bucket = hash & bucketMask
  const at: u32 = buckets + 4 * BUCKET_WORDS * bucket
  for (let way = 0; way < WAYS; way++) {
    if (word(at, way) == hash && isKey(at + 4 * (KEYS + way * KEY_WORDS)))
      return bucket * WAYS + way
  }
  return NO_ENTRY
}

function isKey(at: u32): bool {
  const key = SEGMENT + 4 * SEGMENT_KEY
  if (load<u64>(at) != load<u64>(key) || load<u64>(at, 8) != load<u64>(key, 8)) return false
  if (word(key, 1) != V6) return true
  return (
    load<u64>(at, 16) == load<u64>(key, 16) &&
    load<u64>(at, 24) == load<u64>(key, 24) &&
    load<u64>(at, 32) == load<u64>(key, 32)
  )
}

/** Notes that the flow was seen now. */
function see(hash: i32, entry: i32): void {
  store<i32>(tagOf(entry) + 4 * STAMPS, tick())
  setWord(flowAt(entry), SEEN, segment(SEGMENT_SECONDS))
}

/** FlowTable.place. */
function place(hash: i32): i32 {
  const bucket = hash & bucketMask
  const at: u32 = buckets + 4 * BUCKET_WORDS * bucket
  const clock = word(state, CLOCK)
  let oldest = 0
  let oldestAge: u32 = 0
  for (let way = 0; way < WAYS; way++) {
    if (word(at, way) == 0) return bucket * WAYS + way
    const age = (clock - word(at, STAMPS + way)) as u32
    if (way == 0 || age > oldestAge) {
      oldestAge = age
      oldest = way
    }
  }
  return bucket * WAYS + oldest
}

/** FlowTable.set. */
function setEntry(entry: i32, hash: i32): void {
  const sets = word(state, SETS)
  if (sets < REMEMBERED) store<i32>(remembered + 4 * sets, entry)
  setWord(state, SETS, min(sets, REMEMBERED) + 1)
  const tag = tagOf(entry)
  store<i32>(tag, hash)
  store<i32>(tag + 4 * STAMPS, tick())
  const key = SEGMENT + 4 * SEGMENT_KEY
  const at = bucketOf(entry) + 4 * (KEYS + (entry & (WAYS - 1)) * KEY_WORDS)
  for (let i: u32 = 0; i < 4 * KEY_WORDS; i += 8) store<u64>(at + i, load<u64>(key + i))
}

/** SlotPool.take, of the first class, where one is free. */
function takeSlot(owner: i32, base: i32): i32 {
  const free = word(cls, CLASS_FREE)
  const slot = word(freeStack, free - 1)
  setWord(cls, CLASS_FREE, free - 1)
  setWord(used, 0, word(used, 0) + 1)
  const at = slotAt(slot)
  for (let i: u32 = FREE_WORDS; i < (SLOT_WORDS as u32); i++) setWord(at, i, 0)
  setWord(at, OWNER, owner)
  setWord(at, BASE, base)
  setWord(at, MARKED, 0)
  const youngest = word(cls, CLASS_YOUNGEST)
  setWord(at, OLDER, youngest)
  setWord(at, YOUNGER, -1)
  if (youngest < 0) setWord(cls, CLASS_OLDEST, slot)
  else setWord(slotAt(youngest), YOUNGER, slot)
  setWord(cls, CLASS_YOUNGEST, slot)
  return slot
}

/** SlotPool.free. */
function freeSlot(slot: i32): void {
  const at = slotAt(slot)
  const older = word(at, OLDER)
  const younger = word(at, YOUNGER)
  if (older < 0) setWord(cls, CLASS_OLDEST, younger)
  else setWord(slotAt(older), YOUNGER, younger)
  if (younger < 0) setWord(cls, CLASS_YOUNGEST, older)
  else setWord(slotAt(younger), OLDER, older)
  const free = word(cls, CLASS_FREE)
  setWord(freeStack, free, slot)
  setWord(cls, CLASS_FREE, free + 1)
  setWord(used, 0, word(used, 0) - 1)
}

function slotAt(slot: i32): u32 {
  return slots + 4 * SLOT_WORDS * slot
}

function octetsOf(slot: i32): u32 {
  return word(offsets, slot)
}

function tick(): i32 {
  const clock = word(state, CLOCK) + 1
  setWord(state, CLOCK, clock)
  return clock
}

function flowHash(): i32 {
  const key = SEGMENT + 4 * SEGMENT_KEY
  let h = hashAddresses(word(key, 2), word(key, 3), k0, k1)
  if (word(key, 1) == V6) {
    for (let i: u32 = 1; i <= FURTHER_WORDS; i++) {
      h = hashFurther(h, word(key, 2 + 2 * i), word(key, 3 + 2 * i), k0, k1)
    }
  }
  return hashPorts(h, word(key, 0), k2)
}

/** Seconds without a segment; packet time may jump either way. */
function idleOf(flow: u32): u32 {
  return abs(segment(SEGMENT_SECONDS) - word(flow, SEEN)) as u32
}

/** Whether what is known of the flow may be too old. */
function isStale(flow: u32): bool {
  return idleOf(flow) > PENDING_IDLE
}

function bucketOf(entry: i32): u32 {
  return buckets + 4 * BUCKET_WORDS * (entry >> 3)
}

function tagOf(entry: i32): u32 {
  return bucketOf(entry) + 4 * (entry & (WAYS - 1))
}

function flowAt(entry: i32): u32 {
  return AT_FLOWS + 4 * FLOW_WORDS * entry
}

function segment(at: u32): i32 {
  return load<i32>(SEGMENT + 4 * at)
}

function setSegment(at: u32, value: i32): void {
  store<i32>(SEGMENT + 4 * at, value)
}

function word(at: u32, i: u32): i32 {
  return load<i32>(at + 4 * i)
}

function setWord(at: u32, i: u32, value: i32): void {
  store<i32>(at + 4 * i, value)
}
