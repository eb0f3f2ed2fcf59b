// The flows of TCP and their table, as tcp-flows.ts and base/flow-table.ts have them, in the same memory.

import { hashAddresses, hashFurther, hashPorts } from '../flow-hash'
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
} from '../../../base/flow-layout'
import {
  CLOCK_DIFFERENCE_SECONDS,
  FLOW_IDLE_SECONDS,
  MAX_ACK_DISTANCE,
  PENDING_IDLE_SECONDS,
} from '../../../base/limits'
import {
  AT_FLOWS,
  AT_HAND,
  FIRST,
  FLAGS,
  FLOW_WORDS,
  FALLBACK,
  NEXT,
  PASSED,
  SEEN,
  OTHER,
  OTHER_GIVEN,
  SEGMENT_ACK,
  SEGMENT_HAS_TIMESTAMPS,
  SEGMENT_KEY,
  SEGMENT_SECONDS,
  SEGMENT_SUM,
  SEGMENT_SYN,
  SEGMENT_TIMESTAMP,
  SEGMENT_TTL,
  SERVER_NEXT,
  SLOT,
  SUM_RIGHT,
  SUMS_ARE_RIGHT,
  SYN_HAS_TIMESTAMPS,
  SYN_OPTIONS,
  SYN_SEEN,
  SYN_SHAPE,
  SYN_SIZES,
  SYN_WORDS,
  TIMESTAMP,
  ANSWER_HAS_TIMESTAMPS,
  ANSWERED,
  WATCHED,
} from '../../tcp-layout'
import { at as segmentAt, segment, setWord, word } from './words'

const NO_ENTRY = -1
/** model/handshake-bytes.ts */
const SYN_TTL = 0xff
const V6 = 6
/** Further words of an IPv6 address. */
const FURTHER_WORDS: u32 = 3

let bucketMask: i32 = 0
let cellMask: i32 = 0
let state: u32 = 0
let remembered: u32 = 0
let buckets: u32 = 0
let watched: u32 = 0
let filter: u32 = 0
let k0: i32 = 0
let k1: i32 = 0
let k2: i32 = 0

/** Says how many flows there are, and the key of their table's hash. */
export function prepareFlows(entries: u32, key0: i32, key1: i32, key2: i32): void {
  bucketMask = entries / WAYS - 1
  cellMask = entries - 1
  state = AT_FLOWS + 4 * FLOW_WORDS * entries
  remembered = state + 4 * STATE_WORDS
  buckets = remembered + 4 * REMEMBERED
  watched = buckets + 4 * BUCKET_WORDS * (entries / WAYS)
  filter = watched + entries
  k0 = key0
  k1 = key1
  k2 = key2
}

/** Puts the segment's flow into the table, where it is not: TcpFlows.open. @returns its entry, or FALLBACK */
export function open(hash: i32): i32 {
  const entry = place(hash)
  const flow = flowAt(entry)
  const oldHash = load<i32>(tagOf(entry))
  const hand = load<i32>(AT_HAND)
  if (oldHash != 0 && hasSlots(flow)) return FALLBACK
  for (let i = 1; i <= 2; i++) {
    const swept = (hand + i) & cellMask
    if (swept != entry && load<i32>(tagOf(swept)) != 0) {
      const other = flowAt(swept)
      if (isStale(other) && hasSlots(other)) return FALLBACK
    }
  }
  if (oldHash != 0) unwatch(oldHash, flow)
  setEntry(entry, hash)
  setWord(flow, SEEN, segment(SEGMENT_SECONDS))
  setWord(flow, SLOT, -1)
  setWord(flow, OTHER, -1)
  setWord(flow, FLAGS, 0)
  for (let i = 1; i <= 2; i++) {
    const swept = (hand + i) & cellMask
    if (swept != entry) sweep(swept)
  }
  store<i32>(AT_HAND, (hand + 2) & cellMask)
  return entry
}

/** As `open`, for a flow that begins with a hello at `seq`. */
export function openAt(hash: i32, seq: i32): i32 {
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
  if (idle <= PENDING_IDLE_SECONDS) return
  unwatch(hash, flow)
  if (idle > FLOW_IDLE_SECONDS) store<i32>(tag, 0)
}

export function begin(hash: i32, flow: u32, first: i32, flags: i32): void {
  unwatch(hash, flow)
  setWord(flow, FLAGS, flags)
  setWord(flow, FIRST, first)
  setWord(flow, NEXT, first)
  setWord(flow, PASSED, 0)
  setWord(flow, SYN_SHAPE, 0)
  setWord(flow, SYN_SIZES, 0)
  setWord(flow, SYN_OPTIONS, 0)
}

/** Keeps what the segment, a SYN, says, and whether its checksums are right: readSyn. */
export function setSyn(flow: u32, sum: i32): void {
  for (let i: u32 = 0; i < (SYN_WORDS as u32); i++)
    setWord(flow, SYN_SHAPE + i, segment(SEGMENT_SYN + i))
  if (sum == SUM_RIGHT) setWord(flow, SYN_SHAPE, word(flow, SYN_SHAPE) | SUMS_ARE_RIGHT)
}

/** Whether it has bytes of a hello, in one reading or two. */
export function hasSlots(flow: u32): bool {
  return word(flow, SLOT) >= 0 || word(flow, OTHER) >= 0
}

/** Whether the segment is as its receiver takes it, and the SYN lets expect: Receiver.verdict. */
export function isFine(flow: u32): bool {
  if (word(flow, OTHER) >= 0) return false
  const isSumRight = segment(SEGMENT_SUM) == SUM_RIGHT
  const shape = word(flow, SYN_SHAPE)
  if ((word(flow, FLAGS) & SYN_SEEN) == 0 || shape == 0) return true
  if ((shape & SUMS_ARE_RIGHT) != 0 && !isSumRight) return false
  if ((shape & OTHER_GIVEN) != 0) return false
  const ttl = segment(SEGMENT_TTL)
  if (ttl != 0 && (shape & SYN_TTL) != 0 && ttl != (shape & SYN_TTL)) return false
  if ((shape & SYN_HAS_TIMESTAMPS) != 0) {
    if (segment(SEGMENT_HAS_TIMESTAMPS) == 0) return (shape & ANSWER_HAS_TIMESTAMPS) == 0
    if (segment(SEGMENT_TIMESTAMP) - word(flow, TIMESTAMP) < -1) return false
  }
  if ((shape & ANSWERED) == 0) return true
  return abs(segment(SEGMENT_ACK) - word(flow, SERVER_NEXT)) <= MAX_ACK_DISTANCE
}

export function watch(hash: i32, flow: u32): void {
  const flags = word(flow, FLAGS)
  if ((flags & WATCHED) != 0) return
  setWord(flow, FLAGS, flags | WATCHED)
  const cell = (hash & cellMask) as u32
  store<u8>(watched + cell, load<u8>(watched + cell) + 1)
  const at = filter + (cell >> 3)
  store<u8>(at, load<u8>(at) | ((1 << ((cell & 7) as u8)) as u8))
}

export function unwatch(hash: i32, flow: u32): void {
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

export function isWatched(hash: i32): bool {
  const cell = (hash & cellMask) as u32
  return ((load<u8>(filter + (cell >> 3)) >> ((cell & 7) as u8)) & 1) != 0
}

/** The entry of the segment's flow, or NO_ENTRY: FlowTable.find, but for what that notes. */
export function find(hash: i32): i32 {
  const bucket = hash & bucketMask
  const at: u32 = buckets + 4 * BUCKET_WORDS * bucket
  for (let way = 0; way < WAYS; way++) {
    if (word(at, way) == hash && isKey(at + 4 * (KEYS + way * KEY_WORDS)))
      return bucket * WAYS + way
  }
  return NO_ENTRY
}

function isKey(at: u32): bool {
  const key = segmentAt + 4 * SEGMENT_KEY
  if (load<u64>(at) != load<u64>(key) || load<u64>(at, 8) != load<u64>(key, 8)) return false
  if (word(key, 1) != V6) return true
  return (
    load<u64>(at, 16) == load<u64>(key, 16) &&
    load<u64>(at, 24) == load<u64>(key, 24) &&
    load<u64>(at, 32) == load<u64>(key, 32)
  )
}

/** Notes that the flow was seen now. */
export function see(hash: i32, entry: i32): void {
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
  const key = segmentAt + 4 * SEGMENT_KEY
  const at = bucketOf(entry) + 4 * (KEYS + (entry & (WAYS - 1)) * KEY_WORDS)
  for (let i: u32 = 0; i < 4 * KEY_WORDS; i += 8) store<u64>(at + i, load<u64>(key + i))
}

function tick(): i32 {
  const clock = word(state, CLOCK) + 1
  setWord(state, CLOCK, clock)
  return clock
}

export function flowHash(): i32 {
  const key = segmentAt + 4 * SEGMENT_KEY
  let h = hashAddresses(word(key, 2), word(key, 3), k0, k1)
  if (word(key, 1) == V6) {
    for (let i: u32 = 1; i <= FURTHER_WORDS; i++) {
      h = hashFurther(h, word(key, 2 + 2 * i), word(key, 3 + 2 * i), k0, k1)
    }
  }
  return hashPorts(h, word(key, 0), k1, k2)
}

/** Seconds without a segment, 0 where the clocks differ: TcpFlows.expire. */
function idleOf(flow: u32): i32 {
  const idle = segment(SEGMENT_SECONDS) - word(flow, SEEN)
  return idle < 0 || idle > CLOCK_DIFFERENCE_SECONDS ? 0 : idle
}

/** Whether what is known of the flow may be too old. */
export function isStale(flow: u32): bool {
  return idleOf(flow) > PENDING_IDLE_SECONDS
}

function bucketOf(entry: i32): u32 {
  return buckets + 4 * BUCKET_WORDS * (entry >> 3)
}

function tagOf(entry: i32): u32 {
  return bucketOf(entry) + 4 * (entry & (WAYS - 1))
}

export function flowAt(entry: i32): u32 {
  return AT_FLOWS + 4 * FLOW_WORDS * entry
}
