import { markRange, nextMarked, nextUnmarked } from './marks.js'

// Octets of unfinished hellos wait in slots of a few sizes: pieces of chunks that are made when needed and then kept.
//
//   slot:  |....anchor#########solid....####...........|      # seen, . not seen
//           0                                         size    offsets are those of the stream after the slot's `base`
//
// Octets from anchor to solid are all there. What came ahead of them is marked octet by octet in a bitmap, which is
// only cleared and used when something does come ahead. The first octets seen at an offset stay.

/** What a slot's `put` tells, a set of bits: octets came again; and differed from those seen first. */
export const PUT_REPEATED = 1
export const PUT_CONFLICT = 2

/** One size of slot. */
export interface SlotClass {
  /** Octets of one slot, a multiple of 8. */
  readonly size: number
  readonly count: number
}

/** Words of a slot's state, in `words` at `slot * SLOT_WORDS`. */
export const SLOT_WORDS = 16
/** Whoever holds the slot: an entry of the holder's flow table. */
export const OWNER = 0
/** Sequence number of offset 0. */
export const BASE = 1
/** Offset where reading starts, or -1 while that is not known. */
export const ANCHOR = 2
/** Offset up to which every octet since the anchor is there, or -1. */
export const SOLID = 3
const MARKED = 4
const OLDER = 5
const YOUNGER = 6
/** First word of eight that the holder may use as it likes; zero in a fresh slot. */
export const FREE_WORDS = 8

/** Octets of one chunk, about: enough that chunks are few, little enough that a small capture touches little. */
const CHUNK_OCTETS = 1 << 20

/** Bounded memory for unfinished messages; the holder evicts the oldest of a class when it is full. */
export class SlotPool {
  readonly words: Int32Array
  /** Slots in use now. */
  used = 0
  private readonly classes: readonly SlotClass[]
  private readonly firstSlot: number[] = []
  private readonly classAt: Uint8Array
  /** Chunk a slot lies in, and where. */
  private readonly chunkAt: Uint16Array
  private readonly offsetAt: Uint32Array
  /** Made when a slot in them is first taken. */
  private readonly chunks: (Uint8Array | undefined)[] = []
  private readonly bitmaps: (Uint8Array | undefined)[] = []
  private readonly freeTop: Int32Array
  private readonly oldestOf: Int32Array
  private readonly youngestOf: Int32Array
  private readonly freeStack: Int32Array

  /** @param classes sizes ascending */
  constructor(classes: readonly SlotClass[]) {
    this.classes = classes
    const slots = classes.reduce((sum, { count }) => sum + count, 0)
    this.words = new Int32Array(slots * SLOT_WORDS)
    this.classAt = new Uint8Array(slots)
    this.chunkAt = new Uint16Array(slots)
    this.offsetAt = new Uint32Array(slots)
    this.freeStack = new Int32Array(slots)
    this.freeTop = new Int32Array(classes.length)
    this.oldestOf = new Int32Array(classes.length).fill(-1)
    this.youngestOf = new Int32Array(classes.length).fill(-1)
    let first = 0
    classes.forEach(({ size, count }, cls) => {
      const inChunk = slotsInChunk(size)
      for (let i = 0; i < count; i++) {
        this.classAt[first + i] = cls
        this.chunkAt[first + i] = this.chunks.length + Math.floor(i / inChunk)
        this.offsetAt[first + i] = (i % inChunk) * size
        // The lowest slot on top: few flows touch few chunks.
        this.freeStack[first + i] = first + count - 1 - i
      }
      for (let i = 0; i < count; i += inChunk) {
        this.chunks.push(undefined)
        this.bitmaps.push(undefined)
      }
      this.firstSlot.push(first)
      this.freeTop[cls] = count
      first += count
    })
  }

  /** The smallest class whose slots hold `octets`, or -1. */
  classFor(octets: number): number {
    for (let cls = 0; cls < this.classes.length; cls++) {
      if (octets <= (this.classes[cls]?.size ?? 0)) return cls
    }
    return -1
  }

  /** Takes a slot of class `cls`, or -1 where all are in use. */
  take(cls: number, owner: number, base: number): number {
    const top = this.freeTop[cls] ?? 0
    if (top === 0) return -1
    const slot = this.freeStack[(this.firstSlot[cls] ?? 0) + top - 1] ?? -1
    this.freeTop[cls] = top - 1
    this.used++
    const chunk = this.chunkAt[slot] ?? 0
    if (this.chunks[chunk] === undefined) {
      const size = this.classes[cls]?.size ?? 0
      this.chunks[chunk] = new Uint8Array(size * slotsInChunk(size))
      this.bitmaps[chunk] = new Uint8Array((size / 8) * slotsInChunk(size))
    }
    const words = this.words
    const at = slot * SLOT_WORDS
    for (let i = FREE_WORDS; i < SLOT_WORDS; i++) words[at + i] = 0
    words[at + OWNER] = owner
    words[at + BASE] = base
    words[at + ANCHOR] = -1
    words[at + SOLID] = -1
    words[at + MARKED] = 0
    const youngest = this.youngestOf[cls] ?? -1
    words[at + OLDER] = youngest
    words[at + YOUNGER] = -1
    if (youngest < 0) this.oldestOf[cls] = slot
    else words[youngest * SLOT_WORDS + YOUNGER] = slot
    this.youngestOf[cls] = slot
    return slot
  }

  /** The slot of class `cls` that was taken first, or -1. */
  oldest(cls: number): number {
    return this.oldestOf[cls] ?? -1
  }

  /** Gives a slot back. Its octets stay as they are until the next `take`. */
  free(slot: number): void {
    const cls = this.classAt[slot] ?? 0
    const words = this.words
    const at = slot * SLOT_WORDS
    const older = words[at + OLDER] ?? -1
    const younger = words[at + YOUNGER] ?? -1
    if (older < 0) this.oldestOf[cls] = younger
    else words[older * SLOT_WORDS + YOUNGER] = younger
    if (younger < 0) this.youngestOf[cls] = older
    else words[younger * SLOT_WORDS + OLDER] = older
    const top = this.freeTop[cls] ?? 0
    this.freeStack[(this.firstSlot[cls] ?? 0) + top] = slot
    this.freeTop[cls] = top + 1
    this.used--
  }

  /** Gives all slots back. */
  clear(): void {
    for (let cls = 0; cls < this.classes.length; cls++)
      for (let slot = this.oldest(cls); slot >= 0; slot = this.oldest(cls)) this.free(slot)
  }

  /** Octets `slot` holds. */
  sizeOf(slot: number): number {
    return this.classes[this.classAt[slot] ?? 0]?.size ?? 0
  }

  /** The buffer a slot in use lies in, from `offsetOf(slot)` on. */
  bytesOf(slot: number): Uint8Array {
    return this.chunks[this.chunkAt[slot] ?? 0] ?? NO_BYTES
  }

  offsetOf(slot: number): number {
    return this.offsetAt[slot] ?? 0
  }

  /** Copies all of `from` but its place in the list into `to`, which must be as large or larger. */
  move(from: number, to: number): void {
    const words = this.words
    const size = this.sizeOf(from)
    const fromOff = this.offsetOf(from)
    const toOff = this.offsetOf(to)
    this.bytesOf(to).set(this.bytesOf(from).subarray(fromOff, fromOff + size), toOff)
    for (let i = 0; i < SLOT_WORDS; i++) {
      if (i === OLDER || i === YOUNGER) continue
      words[to * SLOT_WORDS + i] = words[from * SLOT_WORDS + i] ?? 0
    }
    if (words[from * SLOT_WORDS + MARKED] === 0) return
    const marks = this.bitmaps[this.chunkAt[to] ?? 0] ?? NO_BYTES
    const old = this.bitmaps[this.chunkAt[from] ?? 0] ?? NO_BYTES
    marks.fill(0, toOff >> 3, (toOff + this.sizeOf(to)) >> 3)
    marks.set(old.subarray(fromOff >> 3, (fromOff + size) >> 3), toOff >> 3)
  }

  /** Starts reading at `anchor`; an anchor may only move down, and what lay behind the old one stays seen. */
  setAnchor(slot: number, anchor: number): void {
    const words = this.words
    const at = slot * SLOT_WORDS
    const oldAnchor = words[at + ANCHOR] ?? -1
    const oldSolid = words[at + SOLID] ?? -1
    if (oldAnchor >= 0) {
      const first = this.offsetOf(slot)
      markRange(this.marksOf(slot), first + oldAnchor, first + oldSolid)
    }
    words[at + ANCHOR] = anchor
    words[at + SOLID] = anchor
    this.settle(slot)
  }

  /** Whether every octet of [from, to) was seen, for offsets before the anchor. */
  isFilled(slot: number, from: number, to: number): boolean {
    if (from >= to) return true
    if (this.words[slot * SLOT_WORDS + MARKED] === 0) return false
    const first = this.offsetOf(slot)
    return nextUnmarked(this.marksOf(slot), first + from, first + to) === first + to
  }

  /**
   * Puts `bytes[off, end)` at offset `at` of the slot, which must have room for it. Octets that are there already stay.
   *
   * `comparable` is the offset from which on the slot's octets still are as they came.
   * @returns PUT_ bits
   */
  put(
    slot: number,
    at: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    comparable: number,
  ): number {
    const words = this.words
    const buffer = this.bytesOf(slot)
    const first = this.offsetOf(slot)
    const anchor = words[slot * SLOT_WORDS + ANCHOR] ?? -1
    const solid = words[slot * SLOT_WORDS + SOLID] ?? -1
    const stop = at + end - off
    const shift = off - at
    if (at === solid && words[slot * SLOT_WORDS + MARKED] === 0) {
      buffer.set(bytes.subarray(off, end), first + at)
      words[slot * SLOT_WORDS + SOLID] = stop
      return 0
    }

    let seen = 0
    const marks = this.marksOf(slot)
    for (let i = at; i < stop;) {
      // The solid part is there without marks.
      const isSolid = i >= anchor && i < solid
      const bound = i < anchor ? Math.min(anchor, stop) : stop
      let next = isSolid
        ? Math.min(solid, stop)
        : nextUnmarked(marks, first + i, first + bound) - first
      if (next > i) {
        seen |= PUT_REPEATED
        for (let k = Math.max(i, comparable); k < next; k++) {
          if (buffer[first + k] !== bytes[k + shift]) seen |= PUT_CONFLICT
        }
      } else {
        next = nextMarked(marks, first + i, first + bound) - first
        buffer.set(bytes.subarray(i + shift, next + shift), first + i)
        markRange(marks, first + i, first + next)
      }
      i = next
    }
    if (anchor >= 0) this.settle(slot)
    return seen
  }

  /** Moves `solid` over what is marked behind it. */
  private settle(slot: number): void {
    const at = slot * SLOT_WORDS
    if (this.words[at + MARKED] === 0) return
    const first = this.offsetOf(slot)
    const from = first + (this.words[at + SOLID] ?? 0)
    const to = first + this.sizeOf(slot)
    this.words[at + SOLID] = nextUnmarked(this.marksOf(slot), from, to) - first
  }

  /** The bitmap `slot` has its marks in, cleared at its first use. */
  private marksOf(slot: number): Uint8Array {
    const marks = this.bitmaps[this.chunkAt[slot] ?? 0] ?? NO_BYTES
    if (this.words[slot * SLOT_WORDS + MARKED] === 0) {
      const first = this.offsetOf(slot)
      marks.fill(0, first >> 3, (first + this.sizeOf(slot)) >> 3)
      this.words[slot * SLOT_WORDS + MARKED] = 1
    }
    return marks
  }
}

const NO_BYTES = new Uint8Array(0)

function slotsInChunk(size: number): number {
  return Math.max(1, Math.floor(CHUNK_OCTETS / size))
}
