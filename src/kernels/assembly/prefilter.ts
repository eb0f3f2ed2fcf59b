// The prefilter's kernel, in AssemblyScript: from the frames of a block to those worth decoding, by no state but its own.
//
// Nearly every frame of a busy link is bulk: a segment that neither opens a connection nor begins like a hello. In
// JavaScript such a frame costs 120 ns until it is rejected, here 40. A frame that this loop cannot judge passes, so that
// a mistake costs time, never a hello. wire/prefilter.ts is its other half.
//
// This is compiled to kernels/prefilter-code.ts by `npm run kernels`; the program itself needs no compiler.

import { CARRIER, TUNNEL, UNKNOWN, datagramStart, segmentStart } from './carriers'
import { hashAddresses, hashFurther, hashPorts } from './flow-hash'
import { beginSegments, writeAnswer, writeSegment, writtenSegments } from './segments'
import {
  AT_BYTES,
  AT_CAPLEN,
  AT_DROPPED,
  AT_DROPPED_BEFORE,
  AT_FLOW,
  AT_PASSED,
  AT_LINK_TYPE,
  AT_PORTS,
  AT_SEGMENT_OF,
  AT_SECOND_MAX,
  AT_SECOND_MIN,
  AT_START,
  AT_STARTS,
  AT_VERSIONS,
  AT_WATCHED,
  BLOCK_FRAMES,
  DROPPED_CELLS,
  LIKE_CHANGE_CIPHER_SPEC,
  LIKE_PREAMBLE,
  LIKE_SSL2,
  LIKE_TLS,
  UNLIKE_HELLO,
} from '../../base/block-layout'
import { MAX_EARLIER_FRAMES } from '../../base/limits'
import { IF_WATCHED } from '../tcp-layout'
import {
  LINK_ETHERNET,
  OF_CARRIER,
  OF_INTEREST,
  OF_SERVER,
  OF_TUNNEL,
  WANT_ANY_PORT,
  WANT_INTEREST,
  WANT_SEGMENTS,
  WANT_SERVER,
} from '../prefilter-layout'

const ETHERNET_HEADER_LEN: u32 = 14
const VLAN_TAG_LEN: u32 = 4
const IPV4_HEADER_LEN: u32 = 20
const IPV6_HEADER_LEN: u32 = 40
const TCP_HEADER_LEN: u32 = 20
const UDP_HEADER_LEN: u32 = 8
/** Where the version ends in a QUIC long header (RFC 8999 §5.1): nothing shorter is looked at, nor is it DTLS. */
const QUIC_VERSION_END: u32 = 5

const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const CERTIFICATE = 11
const SSL2_VERSION: u32 = 2
// What may come before a hello: stream/preamble.ts.
const SOCKS5: u32 = 5
const TDS_PRELOGIN: u32 = 0x12
const TDS_HEADER_LEN: u32 = 8
/** TLSCiphertext.length at most (RFC 5246 §6.2.3). */
const MAX_RECORD_LEN: u32 = 16_384 + 2048

// What becomes of a frame, a set of bits.
const IRRELEVANT = 0
const PASSED = 1
/** Kept, and its headers not read to their end. */
const UNREAD = 2
const PASSED_UNREAD = PASSED | UNREAD
/** Kept where its flow is watched, whose hash is in `flow`. */
const WATCHED = 4
const PASSED_IF_WATCHED = PASSED | WATCHED
/** A segment with payload, of `flow`, that matters to nobody unless that is watched: an opening one may follow. */
const EARLY = 8
/** It may begin a hello or a connection, of `flow`. */
const OPENS = 16

let flow: i32 = 0
let k0: i32 = 0
let k1: i32 = 0
let k2: i32 = 0
/** Cells of the flow table's filter, less one. */
let cellMask: u32 = 0
/** Whether flows may be watched without AT_WATCHED saying so: from some frame of this block on. */
let blind: bool = false
/** Whether frames are looked at a second time: `flow` of a segment with payload is set, and nothing else is done. */
let again: bool = false
/** Whether segments with nothing unusual are written down. */
let wantSegments: bool = false
/** Number of the frame at hand, and of its segment plus one, or 0. */
let frame: u32 = 0
let segment: u32 = 0
let total: i64 = 0
let accepted: i32 = 0
/** Datagrams of no protocol that is known here: the lower port of each stands behind AT_PASSED, from its end on. */
let unknown: i32 = 0
let anyPort: bool = false
let someInterest: bool = false
let server: bool = false

/** Sets the flow table's key, how many cells its filter has, and what is looked for, a set of WANT_ bits. */
export function prepare(key0: i32, key1: i32, key2: i32, cells: u32, wanted: i32): void {
  cellMask = cells - 1
  someInterest = (wanted & WANT_INTEREST) != 0
  k0 = key0
  k1 = key1
  k2 = key2
  anyPort = (wanted & WANT_ANY_PORT) != 0
  server = (wanted & WANT_SERVER) != 0
  wantSegments = (wanted & WANT_SEGMENTS) != 0
}

/**
 * Writes at AT_PASSED which frames are worth decoding, and for each of them at AT_FLOW the hash of the flow that must be
 * watched for that, or 0 where it is to be looked at in any case. AT_WATCHED has the flow table's filter of before
 * the block; what the frames passed may change in it is added. Of segments of TCP with nothing unusual,
 * AT_SEGMENTS has all words that the fast path needs.
 *
 * @returns how many passed
 */
export function prefilter(count: i32): i32 {
  let passed = 0
  total = 0
  accepted = 0
  unknown = 0
  blind = false
  segment = 0
  beginSegments()
  memory.fill(AT_DROPPED, 0, 2 * DROPPED_CELLS)
  for (let i = 0; i < count; i++) {
    total += load<u32>(AT_CAPLEN + 4 * i)
    frame = i
    const verdict = judgeFrame(i)
    if ((verdict & EARLY) != 0) {
      const cell = droppedCell()
      store<u16>(AT_DROPPED_BEFORE + 2 * i, load<u16>(cell))
      store<u16>(cell, (i + 1) as u16)
    }
    if ((verdict & PASSED) == 0) continue
    // It may open a flow, and nobody here knows which.
    if ((verdict & UNREAD) != 0) blind = true
    store<u16>(AT_PASSED + 2 * passed, i as u16)
    store<i32>(AT_FLOW + 4 * passed, (verdict & WATCHED) != 0 ? flow : 0)
    store<u16>(AT_SEGMENT_OF + 2 * passed, segment as u16)
    segment = 0
    passed++
    if ((verdict & OPENS) != 0) passed = passDropped(i, passed)
  }
  return passed
}

function judgeFrame(i: i32): i32 {
  if (load<u16>(AT_LINK_TYPE + 2 * i) != LINK_ETHERNET) return PASSED_UNREAD
  const off: u32 = AT_BYTES + load<u32>(AT_START + 4 * i)
  return judge(off, off + load<u32>(AT_CAPLEN + 4 * i))
}

function droppedCell(): u32 {
  return AT_DROPPED + 2 * ((flow as u32) & (DROPPED_CELLS - 1))
}

/**
 * Passes what was dropped before and is of the same flow as a segment that begins a hello or a connection: captures of several
 * queues or taps are not in order. TcpHellos has it wait for that segment.
 *
 * @returns how many passed
 */
function passDropped(i: i32, passedBefore: i32): i32 {
  let passed = passedBefore
  const hash = flow
  const cell = droppedCell()
  let isAlone = true
  let k = (load<u16>(cell) as i32) - 1
  again = true
  while (k >= 0 && k >= i - MAX_EARLIER_FRAMES) {
    if (judgeFrame(k) == PASSED_IF_WATCHED && flow == hash) passed = insert(k, passed)
    else isAlone = false
    k = (load<u16>(AT_DROPPED_BEFORE + 2 * k) as i32) - 1
  }
  again = false
  // They are passed once: a flood of openings costs no more than what came before them.
  if (isAlone) store<u16>(cell, 0)
  return passed
}

/** Passes frame `k`, before those behind it. @returns how many passed */
function insert(k: i32, passed: i32): i32 {
  let low = 0
  let high = passed
  while (low < high) {
    const middle = (low + high) >> 1
    if ((load<u16>(AT_PASSED + 2 * middle) as i32) < k) low = middle + 1
    else high = middle
  }
  const at = AT_PASSED + 2 * low
  const flowAt = AT_FLOW + 4 * low
  const isThere = low < passed && (load<u16>(at) as i32) == k
  if (!isThere) {
    memory.copy(at + 2, at, 2 * (passed - low))
    memory.copy(flowAt + 4, flowAt, 4 * (passed - low))
    const segmentAt = AT_SEGMENT_OF + 2 * low
    memory.copy(segmentAt + 2, segmentAt, 2 * (passed - low))
    store<u16>(at, k as u16)
  }
  // Its flow may not be watched: TcpHellos is to know of it.
  store<u16>(AT_SEGMENT_OF + 2 * low, 0)
  store<i32>(flowAt, 0)
  return isThere ? passed : passed + 1
}

/** Segments not passed with which a server accepted a connection. */
export function synAcks(): i32 {
  return accepted
}

/** Datagrams not passed of which nothing is known. */
export function unknownDatagrams(): i32 {
  return unknown
}

/** Segments written down. */
export function segments(): u32 {
  return writtenSegments()
}

/** Bytes captured of all frames given to `prefilter` last. */
export function bytes(): f64 {
  return total as f64
}

function judge(off: u32, frameEnd: u32): i32 {
  let at = off + ETHERNET_HEADER_LEN
  if (at + VLAN_TAG_LEN > frameEnd) return PASSED_UNREAD
  let type = u16be(at - 2)
  if (type == 0x8100) {
    type = u16be(at + 2)
    at += VLAN_TAG_LEN
  }
  if (type == 0x0800) {
    if (at + IPV4_HEADER_LEN > frameEnd) return PASSED_UNREAD
    // Options and fragments are for the decoders.
    if (load<u8>(at) != 0x45 || (u16be(at + 6) & 0x3fff) != 0) return PASSED_UNREAD
    const totalLength = u16be(at + 2)
    if (totalLength < IPV4_HEADER_LEN) return PASSED_UNREAD
    return judgeTransport(
      at + 12,
      4,
      load<u8>(at + 9),
      at + IPV4_HEADER_LEN,
      at + totalLength,
      frameEnd,
    )
  }
  if (type == 0x86dd) {
    if (at + IPV6_HEADER_LEN > frameEnd || load<u8>(at) >> 4 != 6) return PASSED_UNREAD
    const payloadLength = u16be(at + 4)
    if (payloadLength == 0) return PASSED_UNREAD
    const header = at + IPV6_HEADER_LEN
    return judgeTransport(at + 8, 16, load<u8>(at + 6), header, header + payloadLength, frameEnd)
  }
  return PASSED_UNREAD
}

/** @param addresses where the source's stands, `addressLen` bytes, and behind it the destination's */
function judgeTransport(
  addresses: u32,
  addressLen: u32,
  protocol: u32,
  header: u32,
  wireEnd: u32,
  frameEnd: u32,
): i32 {
  const end = min(wireEnd, frameEnd)
  if (protocol == 6) return judgeTcp(addresses, addressLen, header, wireEnd, end)
  if (again) return IRRELEVANT
  return protocol == 17 ? judgeUdp(header, wireEnd, end) : PASSED_UNREAD
}

function judgeTcp(addresses: u32, addressLen: u32, header: u32, wireEnd: u32, end: u32): i32 {
  if (header + TCP_HEADER_LEN > end) return PASSED_UNREAD
  const headerLen = ((load<u8>(header + 12) >> 4) as u32) << 2
  if (headerLen < TCP_HEADER_LEN || header + headerLen > wireEnd) return PASSED_UNREAD
  const flags = load<u8>(header + 13)
  const control = flags & (SYN | FIN | RST)
  const payload = header + headerLen
  const hasPayload = payload < end
  if (!hasPayload && control == 0) return IRRELEVANT
  if (again) {
    flow = flowHash(addresses, addressLen, header)
    return hasPayload && control == 0 ? PASSED_IF_WATCHED : IRRELEVANT
  }

  // The table of ports is read only where its answer counts: it is 64 KiB, and each block's memory has one.
  const dstPort = anyPort && !someInterest ? OF_SERVER : load<u8>(AT_PORTS + u16be(header + 2))
  if (hasPayload && (dstPort & OF_INTEREST) != 0) {
    flow = flowHash(addresses, addressLen, header)
    return opening()
  }
  const toServer = anyPort || (dstPort & OF_SERVER) != 0
  const toClient = server && (anyPort || (load<u8>(AT_PORTS + u16be(header)) & OF_SERVER) != 0)
  // Where the server's side is asked for, an end of either side ends the wait for the other.
  if (control != 0 && server) {
    flow = flowHash(addresses, addressLen, header)
    return opening() | ((control & SYN) != 0 ? OPENS : 0)
  }
  if ((flags & (SYN | ACK)) == (SYN | ACK)) {
    if (!anyPort && (load<u8>(AT_PORTS + u16be(header)) & OF_SERVER) == 0) return IRRELEVANT
    // It tells what the client of a watched flow may acknowledge.
    flow = reversedHash(addresses, addressLen, header)
    const isOurs = isWatched((flow as u32) & cellMask)
    if (!blind && !isOurs) {
      accepted++
      return IRRELEVANT
    }
    if (wantSegments && isOurs && !hasPayload && (control & (FIN | RST)) == 0 && payload <= end)
      segment = writeAnswer(frame, addresses, addressLen, header, payload, flow)
    return PASSED
  }
  if (!toServer && !toClient) return IRRELEVANT
  flow = flowHash(addresses, addressLen, header)
  if (
    (control & SYN) != 0 ||
    (hasPayload && (control & RST) == 0 && beginsLikeHello(payload, end))
  ) {
    if (wantSegments)
      segment = writeSegment(frame, addresses, addressLen, header, payload, wireEnd, end, flow, 0)
    return opening() | OPENS
  }
  const early = hasPayload && control == 0 ? EARLY : 0
  if (!isWatched((flow as u32) & cellMask)) return blind ? PASSED_IF_WATCHED | early : early
  if (wantSegments)
    segment = writeSegment(
      frame,
      addresses,
      addressLen,
      header,
      payload,
      wireEnd,
      end,
      flow,
      IF_WATCHED,
    )
  return PASSED_IF_WATCHED | early
}

function isWatched(cell: u32): bool {
  return (((load<u8>(AT_WATCHED + (cell >> 3)) as u32) >> (cell & 7)) & 1) != 0
}

/** Keeps a segment after which its flow, `flow`, may be watched. */
function opening(): i32 {
  const cell = (flow as u32) & cellMask
  const at = AT_WATCHED + (cell >> 3)
  store<u8>(at, load<u8>(at) | ((1 << ((cell & 7) as u8)) as u8))
  return PASSED
}

function beginsLikeHello(off: u32, end: u32): bool {
  const first = load<u8>(off) as u32
  const start = load<u8>(AT_STARTS + first) as u32
  if (first < 0x50 && end - off >= 8 && segmentStart(off, end)) return true
  if (start == UNLIKE_HELLO || end - off < 6) return false
  if (start == LIKE_SSL2) {
    const version = u16be(off + 3)
    return load<u8>(off + 2) == 1 && (version == SSL2_VERSION || version >> 8 == 3)
  }
  if (start == LIKE_CHANGE_CIPHER_SPEC) return beginsBehind(off, end)
  if (start == LIKE_PREAMBLE) {
    const second = load<u8>(off + 1)
    if (second < load<u8>(AT_SECOND_MIN + first) || second > load<u8>(AT_SECOND_MAX + first))
      return false
    if (first == SOCKS5) return followsGreeting(off, second, end)
    return (
      first != TDS_PRELOGIN ||
      (off + TDS_HEADER_LEN < end && load<u8>(off + TDS_HEADER_LEN) == HANDSHAKE)
    )
  }
  if (start != LIKE_TLS) return true
  // As isTlsStart has it: a handshake record of a plausible version and length, and in it a hello.
  if (!isRecordVersion(off + 1)) return false
  const recordLen = u16be(off + 3)
  if (recordLen == 0) return true
  if (recordLen > MAX_RECORD_LEN) return false
  const type = load<u8>(off + 5)
  return type == CLIENT_HELLO || (server && (type == SERVER_HELLO || type == CERTIFICATE))
}

/** Whether a hello or another preamble may stand behind a greeting of SOCKS 5, if it is no request: skipPreambles. */
function followsGreeting(off: u32, methods: u32, end: u32): bool {
  if (methods == 1 && load<u8>(off + 2) == 0) return true
  const next = off + 2 + methods
  if (next >= end) return false
  const start = load<u8>(AT_STARTS + (load<u8>(next) as u32))
  return start == LIKE_TLS || start == LIKE_PREAMBLE
}

/** Whether another handshake record, change_cipher_spec or alert follows the one of either kind at `off`. */
function beginsBehind(off: u32, end: u32): bool {
  const len = u16be(off + 3)
  const next = off + 5 + len
  if (len == 0 || len > 2 || next >= end) return false
  const type = load<u8>(next)
  return type >= 20 && type <= 22
}

function isRecordVersion(at: u32): bool {
  const version = u16be(at)
  return version >> 8 == 3 || version == 0x0101
}

function judgeUdp(header: u32, wireEnd: u32, end: u32): i32 {
  if (header + UDP_HEADER_LEN > end) return PASSED_UNREAD
  const length = u16be(header + 4)
  if (length != 0 && length < UDP_HEADER_LEN) return PASSED_UNREAD
  const ports = load<u8>(AT_PORTS + u16be(header)) | load<u8>(AT_PORTS + u16be(header + 2))
  if ((ports & OF_TUNNEL) != 0) return PASSED_UNREAD
  const datagramEnd = length == 0 ? wireEnd : min(header + length, wireEnd)
  const payload = header + UDP_HEADER_LEN
  const payloadEnd = min(datagramEnd, end)
  if (payload + QUIC_VERSION_END > payloadEnd) return IRRELEVANT
  const first = load<u8>(payload) as u32
  // A DTLS handshake record, or a QUIC long header. Without the fixed bit a version that is not known tells that it is
  // another protocol's; with it, it is counted as a version.
  if (first == 22) return PASSED
  // a PROXY header of version 2, and either behind it
  if (first == 13 && load<u8>(payload + 1) == 10) return PASSED
  if ((first & 0x80) == 0) {
    if ((ports & OF_CARRIER) != 0) return PASSED
    const start = datagramStart(payload, payloadEnd)
    if (start == TUNNEL) return PASSED_UNREAD
    if (start == CARRIER) return PASSED
    if (start == UNKNOWN) noteUnknown(header)
    return IRRELEVANT
  }
  return (first & 0x40) != 0 || load<u8>(AT_VERSIONS + load<u8>(payload + 1)) != 0
    ? PASSED
    : IRRELEVANT
}

function noteUnknown(header: u32): void {
  unknown++
  store<u16>(AT_PASSED + 2 * (BLOCK_FRAMES - unknown), min(u16be(header), u16be(header + 2)) as u16)
}

/** FlowTable.hash of the flow. */
function flowHash(addresses: u32, addressLen: u32, ports: u32): i32 {
  const src = addresses
  const dst = addresses + addressLen
  let h = hashAddresses(i32be(src), i32be(dst), k0, k1)
  for (let i: u32 = 4; i < addressLen; i += 4) {
    h = hashFurther(h, i32be(src + i), i32be(dst + i), k0, k1)
  }
  return hashPorts(h, i32be(ports), k1, k2)
}

/** FlowTable.hash of the flow the other way round. */
function reversedHash(addresses: u32, addressLen: u32, ports: u32): i32 {
  const src = addresses + addressLen
  let h = hashAddresses(i32be(src), i32be(addresses), k0, k1)
  for (let i: u32 = 4; i < addressLen; i += 4) {
    h = hashFurther(h, i32be(src + i), i32be(addresses + i), k0, k1)
  }
  return hashPorts(h, rotl<i32>(i32be(ports), 16), k1, k2)
}

function u16be(at: u32): u32 {
  return bswap<u16>(load<u16>(at)) as u32
}

function i32be(at: u32): i32 {
  return bswap<i32>(load<i32>(at))
}
