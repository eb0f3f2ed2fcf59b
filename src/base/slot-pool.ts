import { markRange, nextMarked, nextUnmarked } from './marks.js'
import {
  ANCHOR,
  BASE,
  CLASS_FIRST,
  CLASS_FREE,
  CLASS_OLDEST,
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
} from './slot-layout.js'

// Bytes of unfinished hellos wait in slots of a few sizes: pieces of chunks that are made when needed and then kept, or of
// one piece of memory that a loop in WebAssembly works on, too.
//
//   slot:  |....anchor#########solid....####...........|      # seen, . not seen
//           0                                         size    offsets are those of the stream after the slot's `base`
//
// Bytes from anchor to solid are all there. What came ahead of them is marked byte by byte in a bitmap, which is
// only cleared and used when something does come ahead. The first bytes seen at an offset stay.

/** Result of a slot's `put`, a set of bits: bytes came again; bytes differ from those seen first. */
export const PUT_REPEATED = 1
export const PUT_CONFLICT = 2

/** One size of slot. */
export interface SlotClass {
  /** Bytes of one slot, a multiple of 8. */
  readonly size: number
  readonly count: number
}

/** Bytes of one chunk, about: enough that chunks are few, little enough that a small capture touches little. */
const CHUNK_BYTES = 1 << 20

/** Bounded memory for unfinished messages; the holder evicts the oldest of a class when it is full. */
export class SlotPool {
  readonly words: Int32Array
  private readonly classes: readonly SlotClass[]
  private readonly inUse: Int32Array
  private readonly classWords: Int32Array
  private readonly freeStack: Int32Array
  private readonly offsetAt: Uint32Array
  private readonly classAt: Uint8Array
  /** Chunk a slot lies in. */
  private readonly chunkAt: Uint16Array
  /** Made when a slot in them is first taken. */
  private readonly chunks: (Uint8Array | undefined)[] = []
  private readonly bitmaps: (Uint8Array | undefined)[] = []

  /**
   * @param classes sizes ascending
   * @param room memory of `SlotPool.lenOf(classes)` zero bytes from `off` on, a multiple of eight, where all is that a loop
   * needs for slots of the first class. Larger ones are rare, and memory counts for V8 even where it is not touched.
   */
  constructor(
    classes: readonly SlotClass[],
    room?: { readonly buffer: ArrayBuffer; readonly off: number },
  ) {
    this.classes = classes
    const slots = slotsOf(classes)
    const { buffer, off } = room ?? { buffer: new ArrayBuffer(stateLenOf(classes)), off: 0 }
    let at = off
    const wordsAt = (length: number) => {
      const words = new Int32Array(buffer, at, length)
      at += words.byteLength
      return words
    }
    this.inUse = wordsAt(USED_WORDS)
    this.classWords = wordsAt(classes.length * CLASS_WORDS)
    this.words = wordsAt(slots * SLOT_WORDS)
    this.freeStack = wordsAt(slots)
    this.offsetAt = new Uint32Array(buffer, at, slots)
    this.classAt = new Uint8Array(slots)
    this.chunkAt = new Uint16Array(slots)
    if (room !== undefined) this.chunks.push(new Uint8Array(buffer))
    const bytesOff = off + stateLenOf(classes)
    let first = 0
    classes.forEach(({ size, count }, cls) => {
      const inChunk = slotsInChunk(size)
      for (let i = 0; i < count; i++) {
        this.classAt[first + i] = cls
        if (room === undefined || cls > 0) {
          this.chunkAt[first + i] = this.chunks.length + Math.floor(i / inChunk)
          this.offsetAt[first + i] = (i % inChunk) * size
        } else this.offsetAt[first + i] = bytesOff + i * size
        // The lowest slot on top: few flows touch few chunks.
        this.freeStack[first + i] = first + count - 1 - i
      }
      if (room === undefined || cls > 0)
        for (let i = 0; i < count; i += inChunk) this.chunks.push(undefined)
      this.classWords.set([size, first, count, -1, -1, count], cls * CLASS_WORDS)
      first += count
    })
  }

  /** The place of a slot in memory and its fill state, for kernels that work on it. */
  get place(): { readonly off: number; readonly classCount: number; readonly slotCount: number } {
    return {
      off: this.inUse.byteOffset,
      classCount: this.classes.length,
      slotCount: this.offsetAt.length,
    }
  }

  /** Bytes of memory a pool of these classes takes, with the slots of the first. */
  static lenOf(classes: readonly SlotClass[]): number {
    const [{ size, count } = { size: 0, count: 0 }] = classes
    return stateLenOf(classes) + size * count
  }

  /** Slots in use now. */
  get used(): number {
    return this.inUse[0] ?? 0
  }

  /** The smallest class whose slots hold `bytes`, or -1. */
  classFor(bytes: number): number {
    for (let cls = 0; cls < this.classes.length; cls++) {
      if (bytes <= (this.classes[cls]?.size ?? 0)) return cls
    }
    return -1
  }

  /** Takes a slot of class `cls`, or -1 where all are in use. */
  take(cls: number, owner: number, base: number): number {
    const of = cls * CLASS_WORDS
    const { classWords, words } = this
    const free = classWords[of + CLASS_FREE] ?? 0
    if (free === 0) return -1
    const slot = this.freeStack[(classWords[of + CLASS_FIRST] ?? 0) + free - 1] ?? -1
    classWords[of + CLASS_FREE] = free - 1
    this.inUse[0] = this.used + 1
    const chunk = this.chunkAt[slot] ?? 0
    if (this.chunks[chunk] === undefined) {
      const size = this.classes[cls]?.size ?? 0
      this.chunks[chunk] = new Uint8Array(size * slotsInChunk(size))
    }
    const at = slot * SLOT_WORDS
    for (let i = FREE_WORDS; i < SLOT_WORDS; i++) words[at + i] = 0
    words[at + OWNER] = owner
    words[at + BASE] = base
    words[at + ANCHOR] = -1
    words[at + SOLID] = -1
    words[at + MARKED] = 0
    const youngest = classWords[of + CLASS_YOUNGEST] ?? -1
    words[at + OLDER] = youngest
    words[at + YOUNGER] = -1
    if (youngest < 0) classWords[of + CLASS_OLDEST] = slot
    else words[youngest * SLOT_WORDS + YOUNGER] = slot
    classWords[of + CLASS_YOUNGEST] = slot
    return slot
  }

  /** The slot of class `cls` that was taken first, or -1. */
  oldest(cls: number): number {
    return this.classWords[cls * CLASS_WORDS + CLASS_OLDEST] ?? -1
  }

  /** Gives a slot back. Its bytes stay as they are until the next `take`. */
  free(slot: number): void {
    const of = (this.classAt[slot] ?? 0) * CLASS_WORDS
    const { classWords, words } = this
    const at = slot * SLOT_WORDS
    const older = words[at + OLDER] ?? -1
    const younger = words[at + YOUNGER] ?? -1
    if (older < 0) classWords[of + CLASS_OLDEST] = younger
    else words[older * SLOT_WORDS + YOUNGER] = younger
    if (younger < 0) classWords[of + CLASS_YOUNGEST] = older
    else words[younger * SLOT_WORDS + OLDER] = older
    const free = classWords[of + CLASS_FREE] ?? 0
    this.freeStack[(classWords[of + CLASS_FIRST] ?? 0) + free] = slot
    classWords[of + CLASS_FREE] = free + 1
    this.inUse[0] = this.used - 1
  }

  /** Gives all slots back. */
  clear(): void {
    for (let cls = 0; cls < this.classes.length; cls++)
      for (let slot = this.oldest(cls); slot >= 0; slot = this.oldest(cls)) this.free(slot)
  }

  /** Bytes `slot` holds. */
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
    const marks = this.bitmapOf(to)
    const old = this.bitmapOf(from)
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

  /** Whether every byte of [from, to) was seen, for offsets before the anchor. */
  isFilled(slot: number, from: number, to: number): boolean {
    if (from >= to) return true
    if (this.words[slot * SLOT_WORDS + MARKED] === 0) return false
    const first = this.offsetOf(slot)
    return nextUnmarked(this.marksOf(slot), first + from, first + to) === first + to
  }

  /** Offset past the bytes that were seen from `from` on in a slot without an anchor. */
  filledTo(slot: number, from: number): number {
    if (this.words[slot * SLOT_WORDS + MARKED] === 0) return from
    const first = this.offsetOf(slot)
    return nextUnmarked(this.marksOf(slot), first + from, first + this.sizeOf(slot)) - first
  }

  /** Whether any byte behind offset `from` was seen in a slot without an anchor. */
  hasBehind(slot: number, from: number): boolean {
    if (this.words[slot * SLOT_WORDS + MARKED] === 0) return false
    const first = this.offsetOf(slot)
    const end = first + this.sizeOf(slot)
    return nextMarked(this.marksOf(slot), first + from, end) < end
  }

  /**
   * Puts `bytes[off, end)` at offset `at` of the slot, which must have room for it. Bytes that are already present stay.
   *
   * `comparable` is the offset from which on the slot's bytes still are as they came.
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
      // The contiguous part has no marks.
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

  /** As `put`, but overwrites bytes that are already present. */
  overwrite(slot: number, at: number, bytes: Uint8Array, off: number, end: number): void {
    this.put(slot, at, bytes, off, end, 0)
    this.bytesOf(slot).set(bytes.subarray(off, end), this.offsetOf(slot) + at)
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

  private bitmapOf(slot: number): Uint8Array {
    const chunk = this.chunkAt[slot] ?? 0
    return (this.bitmaps[chunk] ??= new Uint8Array((this.chunks[chunk]?.length ?? 0) / 8))
  }

  /** The bitmap `slot` has its marks in, cleared at its first use. */
  private marksOf(slot: number): Uint8Array {
    const marks = this.bitmapOf(slot)
    if (this.words[slot * SLOT_WORDS + MARKED] === 0) {
      const first = this.offsetOf(slot)
      marks.fill(0, first >> 3, (first + this.sizeOf(slot)) >> 3)
      this.words[slot * SLOT_WORDS + MARKED] = 1
    }
    return marks
  }
}

const NO_BYTES = new Uint8Array(0)

function slotsOf(classes: readonly SlotClass[]): number {
  return classes.reduce((sum, { count }) => sum + count, 0)
}

/** Bytes of all but the slots' own, a multiple of eight. */
function stateLenOf(classes: readonly SlotClass[]): number {
  const words = USED_WORDS + classes.length * CLASS_WORDS + slotsOf(classes) * (SLOT_WORDS + 2)
  return (4 * words + 7) & ~7
}

function slotsInChunk(size: number): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / size))
}
