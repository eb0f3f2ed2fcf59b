// Segments of TCP with nothing unusual, written down for the kernel of stream/fast-path.ts, which then does not need the frame:
// the words are those that the decoders, Receiver and readSyn would read. An unusual segment is not written: it is decoded.

import {
  AT_BYTES,
  AT_SEGMENTS,
  AT_START,
  AT_TIME,
  MAX_SEGMENTS,
  SEGMENT_WORDS,
} from '../../base/block-layout'
import {
  IF_WATCHED,
  IS_ANSWER,
  SEGMENT_ACK,
  SEGMENT_FLAGS,
  SEGMENT_HASH,
  SEGMENT_HAS_TIMESTAMPS,
  SEGMENT_HEAD,
  SEGMENT_HELLO_SUM,
  SEGMENT_IP,
  SEGMENT_KEY,
  SEGMENT_MICROS,
  SEGMENT_PAYLOAD,
  SEGMENT_PAYLOAD_LEN,
  SEGMENT_SECONDS,
  SEGMENT_SEQ,
  SEGMENT_SUM,
  SEGMENT_SYN,
  SEGMENT_TCP,
  SEGMENT_TIMESTAMP,
  SEGMENT_TTL,
  SEGMENT_VLAN,
  SYN_HAS_TIMESTAMPS,
} from '../tcp-layout'
import { segmentStart } from './carriers'
import { checksumOf } from './checksum'
import {
  hasTimestamps,
  isSigned,
  maximumSegmentSize,
  order,
  readOptions,
  timestamp,
  windowScale,
} from './tcp-options'

const FIN: u32 = 1
const SYN: u32 = 2
const RST: u32 = 4
const ACK: u32 = 16
const URG: u32 = 32

const ETHERNET_HEADER_LEN: u32 = 14
const TCP_HEADER_LEN: u32 = 20
const RECORD_HEADER_LEN: u32 = 5
/** The least payload there is a head of. */
const HEAD_LEN: u32 = 16
const HANDSHAKE: u32 = 22
const TDS_PRELOGIN: u32 = 0x12
const COTP_REQUEST = 0xe0
const STUN_COOKIE = 0x2112a442
const MICROS_PER_SECOND: f64 = 1e6
const TWO_TO_32: f64 = 4_294_967_296

// model/handshake-bytes.ts
const SYN_SCALE_SHIFT = 8
const SYN_DONT_FRAGMENT = 1 << 12
const SYN_IS_KNOWN = 1 << 13

// stream/hello-sum.ts
const SUMMED_WORDS = 16
const FACTOR: i32 = 0x9e3779b1

let count: u32 = 0

/** Begins another block. */
export function beginSegments(): void {
  count = 0
}

/** How many segments of the block are written. */
export function writtenSegments(): u32 {
  return count
}

/**
 * Writes down a client's segment of frame `frame`.
 *
 * @param addresses where its source's stands, `addressLen` bytes, and behind it the destination's
 * @param ifWatched IF_WATCHED or 0
 * @returns its number plus one; 0 if it is unusual, or AT_SEGMENTS is full
 */
export function writeSegment(
  frame: u32,
  addresses: u32,
  addressLen: u32,
  header: u32,
  payload: u32,
  wireEnd: u32,
  end: u32,
  hash: i32,
  ifWatched: u32,
): u32 {
  if (count == MAX_SEGMENTS || end != wireEnd || payload > end) return 0
  const flags = load<u8>(header, 13) as u32
  const len = end - payload
  const isSyn = (flags & SYN) != 0
  if (isSyn) {
    if (len != 0 || (flags & (FIN | RST | ACK)) != 0) return 0
  } else {
    if ((flags & (RST | ACK | URG)) != ACK) return 0
    if (len != 0 && ((flags & FIN) != 0 || len < HEAD_LEN || mayBeFramed(payload, end))) return 0
  }
  readOptions(header + TCP_HEADER_LEN, payload)
  if (isSigned && !isSyn) return 0
  const ip = ipOf(addresses, addressLen)
  const at = writeAny(frame, addresses, addressLen, ip, header, payload, hash)
  setWord(at, SEGMENT_FLAGS, flags | ifWatched)
  setWord(at, SEGMENT_PAYLOAD_LEN, len)
  setWord(at, SEGMENT_SUM, checksumOf(ip, addresses, addressLen, header, end))
  writeKey(at, addresses, addresses + addressLen, addressLen, i32be(header))
  if (isSyn) writeSyn(at, ip, addressLen, header)
  else {
    setWord(at, SEGMENT_TTL, ttlOf(ip, addressLen))
    writeTimestamps(at, header)
  }
  if (len != 0) {
    for (let i: u32 = 0; i < HEAD_LEN; i += 4)
      setWord(at, SEGMENT_HEAD + (i >> 2), i32be(payload + i))
    if ((load<u8>(payload) as u32) == HANDSHAKE)
      setWord(at, SEGMENT_HELLO_SUM, helloSum(payload + RECORD_HEADER_LEN, end))
  }
  return count
}

/** Writes down a server's SYN-ACK, whose client's flow has this hash; as `writeSegment`. */
export function writeAnswer(
  frame: u32,
  addresses: u32,
  addressLen: u32,
  header: u32,
  payload: u32,
  hash: i32,
): u32 {
  if (count == MAX_SEGMENTS) return 0
  readOptions(header + TCP_HEADER_LEN, payload)
  const ip = ipOf(addresses, addressLen)
  const at = writeAny(frame, addresses, addressLen, ip, header, payload, hash)
  setWord(at, SEGMENT_FLAGS, IS_ANSWER)
  const ports = rotl<i32>(i32be(header), 16)
  writeKey(at, addresses + addressLen, addresses, addressLen, ports)
  writeTimestamps(at, header)
  return count
}

/** What is said of each segment. @returns where it is written */
function writeAny(
  frame: u32,
  addresses: u32,
  addressLen: u32,
  ip: u32,
  header: u32,
  payload: u32,
  hash: i32,
): u32 {
  const at = AT_SEGMENTS + 4 * SEGMENT_WORDS * count++
  const micros = load<f64>(AT_TIME + 8 * frame)
  store<f64>(at + 4 * SEGMENT_MICROS, micros)
  setWord(at, SEGMENT_SECONDS, secondsOf(micros))
  setWord(at, SEGMENT_SEQ, i32be(header + 4))
  setWord(at, SEGMENT_HASH, hash)
  setWord(at, SEGMENT_IP, ip - AT_BYTES)
  setWord(at, SEGMENT_TCP, header - AT_BYTES)
  setWord(at, SEGMENT_PAYLOAD, payload - AT_BYTES)
  const tag = AT_BYTES + load<u32>(AT_START + 4 * frame) + ETHERNET_HEADER_LEN
  setWord(at, SEGMENT_VLAN, ip == tag ? -1 : ((u16be(tag) & 0x0fff) as i32))
  return at
}

/** Whole seconds, modulo 2^32, as JavaScript makes an integer of a number, however large. */
function secondsOf(micros: f64): i32 {
  const seconds = Math.trunc(micros / MICROS_PER_SECOND)
  return (seconds - Math.floor(seconds / TWO_TO_32) * TWO_TO_32) as i64 as i32
}

/** FlowTable's key. */
function writeKey(at: u32, src: u32, dst: u32, addressLen: u32, ports: i32): void {
  setWord(at, SEGMENT_KEY, ports)
  setWord(at, SEGMENT_KEY + 1, addressLen == 4 ? 4 : 6)
  for (let i: u32 = 0; i < addressLen; i += 4) {
    setWord(at, SEGMENT_KEY + 2 + (i >> 1), i32be(src + i))
    setWord(at, SEGMENT_KEY + 3 + (i >> 1), i32be(dst + i))
  }
}

/** stream/syn-facts.ts */
function writeSyn(at: u32, ip: u32, addressLen: u32, header: u32): void {
  const isWhole = addressLen == 4 && (load<u8>(ip, 6) & 0x40) != 0
  setWord(
    at,
    SEGMENT_SYN,
    ttlOf(ip, addressLen) |
      ((windowScale + 1) << SYN_SCALE_SHIFT) |
      (isWhole ? SYN_DONT_FRAGMENT : 0) |
      (hasTimestamps ? SYN_HAS_TIMESTAMPS : 0) |
      SYN_IS_KNOWN,
  )
  setWord(at, SEGMENT_SYN + 1, (maximumSegmentSize << 16) | u16be(header + 14))
  setWord(at, SEGMENT_SYN + 2, order)
  setWord(at, SEGMENT_SYN + 3, timestamp)
}

function writeTimestamps(at: u32, header: u32): void {
  setWord(at, SEGMENT_ACK, i32be(header + 8))
  setWord(at, SEGMENT_HAS_TIMESTAMPS, hasTimestamps ? 1 : 0)
  setWord(at, SEGMENT_TIMESTAMP, timestamp)
}

/** The IP header, from the addresses in it. */
function ipOf(addresses: u32, addressLen: u32): u32 {
  return addressLen == 4 ? addresses - 12 : addresses - 8
}

function ttlOf(ip: u32, addressLen: u32): i32 {
  return load<u8>(addressLen == 4 ? ip + 8 : ip + 7) as i32
}

/** Whether the payload may be a carrier's frames with TLS or DTLS in them, or before such frames: carrier/tcp-frames.ts. */
function mayBeFramed(payload: u32, end: u32): bool {
  const first = load<u8>(payload) as u32
  if (first >= 0x50) return false
  if (first == TDS_PRELOGIN || segmentStart(payload, end)) return true
  if (first > 5) return false
  if (load<u8>(payload + 5) == COTP_REQUEST || isCookie(payload + 4) || isCookie(payload + 6))
    return true
  const opcode = load<u8>(payload + 2) >> 3
  return opcode == 1 || opcode == 5 || opcode == 7 || opcode == 10
}

function isCookie(at: u32): bool {
  return i32be(at) == STUN_COOKIE
}

function helloSum(off: u32, end: u32): i32 {
  const step = ((end - off - 4) as f64) / ((SUMMED_WORDS - 1) as f64)
  let sum = (end - off) as i32
  for (let i = 0; i < SUMMED_WORDS; i++) {
    sum = (sum ^ i32be(off + (((i as f64) * step) as u32))) * FACTOR
    sum ^= sum >>> 15
  }
  return sum
}

function setWord(at: u32, i: u32, value: i32): void {
  store<i32>(at + 4 * i, value)
}

function u16be(at: u32): u32 {
  return bswap<u16>(load<u16>(at)) as u32
}

function i32be(at: u32): i32 {
  return bswap<i32>(load<i32>(at))
}
