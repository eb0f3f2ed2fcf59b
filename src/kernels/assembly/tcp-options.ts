// Options of TCP, as stream/tcp-options.ts has them: what the last `readOptions` found.

const END_OF_LIST: u32 = 0
const NO_OPERATION: u32 = 1
const MAXIMUM_SEGMENT_SIZE: u32 = 2
const WINDOW_SCALE: u32 = 3
const SACK_PERMITTED: u32 = 4
const TIMESTAMPS: u32 = 8
const MD5_SIGNATURE: u32 = 19
const MULTIPATH: u32 = 30
const USER_TIMEOUT: u32 = 28
const AUTHENTICATION: u32 = 29
const FAST_OPEN: u32 = 34

const CODE_BITS = 4
const MAX_CODES = 8
/** NOP, NOP, Timestamps of ten bytes: what nearly every segment has that has any. */
const PLAIN_TIMESTAMPS: u32 = 0x0a080101
const PLAIN_TIMESTAMPS_LEN: u32 = 12
const PLAIN_TIMESTAMPS_ORDER = 0x511

export let maximumSegmentSize: u32 = 0
/** -1 where there is none. */
export let windowScale: i32 = -1
export let hasTimestamps: bool = false
export let timestamp: i32 = 0
export let isSigned: bool = false
export let order: i32 = 0

/** Reads the options in [off, end); what breaks the standard ends them. */
export function readOptions(off: u32, end: u32): void {
  maximumSegmentSize = 0
  windowScale = -1
  hasTimestamps = false
  timestamp = 0
  isSigned = false
  order = 0
  if (end - off == PLAIN_TIMESTAMPS_LEN && load<u32>(off) == PLAIN_TIMESTAMPS) {
    order = PLAIN_TIMESTAMPS_ORDER
    setTimestamps(off + 4)
    return
  }
  let count = 0
  let at = off
  while (at < end) {
    const kind = load<u8>(at) as u32
    if (count < MAX_CODES) order |= codeOf(kind) << (CODE_BITS * count++)
    if (kind == END_OF_LIST) return
    if (kind == NO_OPERATION) {
      at++
      continue
    }
    const length = at + 1 < end ? (load<u8>(at + 1) as u32) : 0
    if (length < 2 || length > end - at) return
    if (kind == MAXIMUM_SEGMENT_SIZE && length == 4) {
      maximumSegmentSize = bswap<u16>(load<u16>(at + 2)) as u32
    } else if (kind == WINDOW_SCALE && length == 3) {
      windowScale = min(14, load<u8>(at + 2) as i32)
    } else if (kind == TIMESTAMPS && length == 10) {
      setTimestamps(at + 2)
    } else if (kind == MD5_SIGNATURE || kind == AUTHENTICATION) {
      isSigned = true
    }
    at += length
  }
}

function setTimestamps(at: u32): void {
  hasTimestamps = true
  timestamp = bswap<i32>(load<i32>(at))
}

function codeOf(kind: u32): i32 {
  if (kind == NO_OPERATION) return 1
  if (kind == MAXIMUM_SEGMENT_SIZE) return 2
  if (kind == WINDOW_SCALE) return 3
  if (kind == SACK_PERMITTED) return 4
  if (kind == TIMESTAMPS) return 5
  if (kind == FAST_OPEN) return 6
  if (kind == MD5_SIGNATURE) return 7
  if (kind == END_OF_LIST) return 8
  if (kind == MULTIPATH) return 9
  return kind == USER_TIMEOUT ? 10 : 15
}
