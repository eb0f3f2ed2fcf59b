// What may happen to frames on their way: at the level of packets, of fields, of bytes.

import { u16, u8 } from '../../src/base/bytes.js'
import { fieldsOf } from './fields.js'
import type { Frame } from './frame.js'
import { MAX_FRAMES, someOf } from './frame.js'
import { quicInitials } from './quic-initials.js'
import type { Random } from './random.js'
import { fragment, resegment, wrap } from './reframe.js'

type Change = (frames: Frame[], random: Random, others: readonly Frame[]) => void

const LINK_TYPES = [0, 1, 9, 12, 50, 51, 101, 104, 105, 108, 109, 113, 119, 127, 163, 192, 228]
const MORE_LINK_TYPES = [229, 239, 244, 258, 276, 65_535]
/** Bytes that stand at the edges of what lengths and types can say. */
const EDGES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 20, 22, 32, 40, 64, 127, 128, 254, 255]

const PACKET_CHANGES: readonly Change[] = [
  function shuffle(frames, random) {
    const from = random.below(frames.length)
    const to = Math.min(frames.length, from + random.between(2, 24))
    for (let i = to - 1; i > from; i--) swap(frames, i, from + random.below(i - from + 1))
  },
  function reverse(frames) {
    frames.reverse()
  },
  function duplicate(frames, random) {
    for (let i = random.between(1, 4); i > 0; i--)
      insert(frames, random, { ...random.pick(frames) })
  },
  function drop(frames, random) {
    for (let i = random.between(1, 4); i > 0 && frames.length > 1; i--)
      frames.splice(random.below(frames.length), 1)
  },
  function cut(frames, random) {
    const frame = random.pick(frames)
    const { length } = frame.bytes
    frame.bytes = frame.bytes.slice(0, random.below(random.oneIn(2) ? length + 1 : 120))
  },
  function cutAll(frames, random) {
    const snaplen = random.between(0, random.pick([60, 120, 300]))
    for (const frame of frames) frame.bytes = frame.bytes.slice(0, snaplen)
  },
  function splice(frames, random, others) {
    if (others.length > 0)
      for (const frame of someOf(others, random.between(1, 20), random))
        insert(frames, random, frame)
  },
  function join(frames, random, others) {
    const frame = random.pick(frames)
    const other = random.pick(others.length > 0 ? others : frames)
    const head = frame.bytes.subarray(0, random.below(frame.bytes.length + 1))
    const tail = other.bytes.subarray(random.below(other.bytes.length + 1))
    frame.bytes = Uint8Array.from([...head, ...tail])
    frame.wirelen = frame.bytes.length
  },
  function otherTime(frames, random) {
    const by = random.pick([-400e6, -31e6, -1, 1, 29e6, 31e6, 301e6, 1e13, 4e15])
    const frame = random.pick(frames)
    frame.micros = Math.max(0, frame.micros + by)
  },
  function otherLinkType(frames, random) {
    const linkType = random.pick(random.oneIn(3) ? MORE_LINK_TYPES : LINK_TYPES)
    for (const frame of random.oneIn(2) ? frames : [random.pick(frames)]) frame.linkType = linkType
  },
  function otherWirelen(frames, random) {
    const frame = random.pick(frames)
    frame.wirelen = random.pick([0, frame.wirelen + 1, 65_535, 0x7fff_ffff, 0xffff_ffff])
  },
  resegment,
  resegment,
  fragment,
  wrap,
  quicInitials,
]

const FIELD_CHANGES: readonly Change[] = [
  function field(frames, random) {
    const frame = changed(frames, random)
    const fields = fieldsOf(frame.bytes)
    if (fields.length === 0) return
    for (let i = random.between(1, 3); i > 0; i--) {
      const { off, size } = random.pick(fields)
      writeField(frame.bytes, off, size, otherValue(frame.bytes, off, size, random))
    }
  },
]

const BYTE_CHANGES: readonly Change[] = [
  function flip(frames, random) {
    const { bytes } = changed(frames, random)
    for (let i = random.between(1, 8); i > 0; i--) {
      const off = random.below(bytes.length)
      bytes[off] = (bytes[off] ?? 0) ^ (1 << random.below(8))
    }
  },
  function overwrite(frames, random) {
    const { bytes } = changed(frames, random)
    const off = random.below(bytes.length)
    bytes.set(random.bytes(Math.min(random.between(1, 64), bytes.length - off)), off)
  },
  function edge(frames, random) {
    const { bytes } = changed(frames, random)
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.pick(EDGES)
  },
  function insertBytes(frames, random) {
    const frame = changed(frames, random)
    const off = random.below(frame.bytes.length + 1)
    const more = random.oneIn(2)
      ? random.bytes(random.between(1, 32))
      : new Uint8Array(random.between(1, 3000)).fill(random.pick(EDGES))
    const { bytes } = frame
    frame.bytes = Uint8Array.from([...bytes.subarray(0, off), ...more, ...bytes.subarray(off)])
  },
  function removeBytes(frames, random) {
    const frame = changed(frames, random)
    const { bytes } = frame
    const off = random.below(bytes.length + 1)
    const rest = bytes.subarray(off + random.between(1, 32))
    frame.bytes = Uint8Array.from([...bytes.subarray(0, off), ...rest])
  },
  function copyWithin(frames, random) {
    const { bytes } = changed(frames, random)
    const from = random.below(bytes.length)
    bytes.copyWithin(random.below(bytes.length), from, from + random.between(1, 400))
  },
  function noise(frames, random) {
    insert(frames, random, {
      bytes: random.bytes(random.between(0, 400)),
      wirelen: 0,
      micros: random.pick(frames).micros,
      linkType: random.pick(LINK_TYPES),
    })
  },
]

const LEVELS = [PACKET_CHANGES, PACKET_CHANGES, FIELD_CHANGES, FIELD_CHANGES, BYTE_CHANGES]

/** Changes `frames`, of which there is one at least, in one to eight ways; `others` are those of another capture. */
export function mutate(frames: Frame[], others: readonly Frame[], random: Random): void {
  for (let i = random.between(1, random.oneIn(4) ? 8 : 3); i > 0; i--) {
    random.pick(random.pick(LEVELS))(frames, random, others)
    if (frames.length > MAX_FRAMES) frames.length = MAX_FRAMES
  }
}

/** A frame whose bytes are a copy from now on; small ones, which hold nothing, seldom. */
function changed(frames: readonly Frame[], random: Random): Frame {
  let frame = random.pick(frames)
  for (let i = 0; i < 3 && frame.bytes.length < 80; i++) frame = random.pick(frames)
  frame.bytes = frame.bytes.slice()
  return frame
}

function swap(frames: Frame[], a: number, b: number): void {
  const frame = frames[a] as Frame
  frames[a] = frames[b] as Frame
  frames[b] = frame
}

function insert(frames: Frame[], random: Random, frame: Frame): void {
  frames.splice(random.below(frames.length + 1), 0, frame)
}

function otherValue(bytes: Uint8Array, off: number, size: number, random: Random): number {
  const value = size === 1 ? u8(bytes, off) : u16(bytes, off + size - 2)
  switch (random.below(8)) {
    case 0:
      return 0
    case 1:
      return 0xffff_ffff
    case 2:
      return value + random.between(1, 4)
    case 3:
      return value - random.between(1, 4)
    case 4:
      return value ^ (1 << random.below(8 * size))
    case 5:
      return bytes.length - off - size
    case 6:
      return random.pick(EDGES)
    default:
      return random.word()
  }
}

function writeField(bytes: Uint8Array, off: number, size: number, value: number): void {
  for (let i = 0; i < size; i++) bytes[off + i] = (value >>> (8 * (size - 1 - i))) & 0xff
}
