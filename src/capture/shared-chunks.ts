// One or several big classic pcaps read by several threads into memory they share.
//
//   thread 0:  read chunk 0 │ read chunk 2 │ …          each chunk goes into a slot of the ring; whoever has nothing
//   thread 1:  read chunk 1 │ read chunk 3 │ …          to look at reads the next one
//   start of records:  0 ──▶ 1 ──▶ 2 ──▶ 3              known only by walking over the records before: a baton
//
// The octets come in by whole chunks, whichever records they cut. Where the first record of a chunk begins is known
// once the chunk before has been walked over, so that walk, some ten nanoseconds a record, goes from chunk to chunk,
// and nothing is guessed: what is within a frame can never be taken for a record. All else goes on side by side.
//
// Every thread sees every chunk, in order. A slot is used again when all have let go of it.

import { closeSync } from 'node:fs'
import { MAX_FRAME_LEN } from '../base/limits.js'
import { BLOCK_FRAMES } from '../model/packet-block.js'
import type { PacketBlock } from '../model/packet-block.js'
import { CaptureError } from './capture-error.js'
import { HEAD_LEN, formatOf } from './capture-format.js'
import { openToRead, readAt, readHead } from './file-blocks.js'
import { cutSentence, damageSentence } from './frame-feed.js'
import { PCAP_HEADER_LEN, PcapReader, isPcapVersion, readPcapHeader } from './pcap-reader.js'

/** Octets of file in a chunk. Half of it costs a tenth more time, twice as much leaves the processor's cache. */
export const CHUNK_LEN = 1 << 20
/** Where a chunk's octets are put: well past page alignment, where the kernel copies fast. */
const BASE = 2048
/** A record begun in the chunk is read to its end. */
const SLOT_LEN = BASE + CHUNK_LEN + MAX_FRAME_LEN + 8192
/** Octets past the chunk read first: the rest of an ordinary record. */
const REST_LEN = 2048
/** Blocks a chunk fills at most: records of 16 octets. */
const SLOT_BLOCKS = CHUNK_LEN / 16 / BLOCK_FRAMES
/** Milliseconds until a thread that waits looks whether it is told to stop. */
const WAIT_MS = 100

// Words of `control`.
const STOP = 0
/** Next chunk nobody reads yet. */
const CLAIM = 1
/** Chunk whose first record's offset is known. */
const BATON = 2
/** Then per slot: */
const SLOTS = 4
const READY = 0
const DONE = 1
const FILLED = 2
const SLOT_WORDS = 3 + SLOT_BLOCKS

/** A file to be read by chunks. */
export interface SharedFile {
  readonly path: string
  readonly size: number
}

/** What the threads share: to be handed to each of them as it is. */
export interface SharedChunks {
  readonly files: readonly SharedFile[]
  readonly threads: number
  readonly linkType: number | undefined
  readonly control: SharedArrayBuffer
  /** Offset in its file of the record at the baton, NaN where the rest of the file is not read. */
  readonly offset: SharedArrayBuffer
  readonly slots: readonly SharedArrayBuffer[]
}

/** Whether the file is a classic pcap, not compressed, of a version that is read; false where it cannot be told. */
export function isClassicPcap(path: string): boolean {
  const head = headOf(path)
  return (
    formatOf(head) === 'pcap' && head.length === HEAD_LEN && isPcapVersion(readPcapHeader(head, 0))
  )
}

/** Whether the file is a capture that is not compressed: how much is left of it shows while it is read. */
export function isPlainCapture(path: string): boolean {
  const format = formatOf(headOf(path))
  return format === 'pcap' || format === 'pcapng'
}

function headOf(path: string): Uint8Array {
  try {
    const fd = openToRead(path)
    try {
      return readHead(fd, path)
    } finally {
      closeSync(fd)
    }
  } catch {
    return new Uint8Array(0)
  }
}

/** Shared memory for `threads` threads that read `files`, classic pcaps, one after the other. */
export function newSharedChunks(
  files: readonly SharedFile[],
  threads: number,
  linkType?: number,
): SharedChunks {
  const slots = 2 * threads + 2
  const offset = new SharedArrayBuffer(8)
  new Float64Array(offset)[0] = PCAP_HEADER_LEN
  return {
    files,
    threads,
    linkType,
    control: new SharedArrayBuffer(4 * (SLOTS + slots * SLOT_WORDS)),
    offset,
    slots: Array.from(
      { length: slots },
      () => new SharedArrayBuffer(SLOT_LEN + SLOT_BLOCKS * BLOCK_LEN),
    ),
  }
}

/** Tells all threads to end: `next` gives them no more chunks. */
export function stopChunks(shared: SharedChunks): void {
  Atomics.store(new Int32Array(shared.control), STOP, 1)
}

/** A chunk's frames, to be let go of by `release`. */
export interface Chunk {
  /** Counted from 0 over all files. */
  readonly number: number
  readonly file: number
  /** Blocks filled. */
  readonly filled: number
  readonly blocks: readonly PacketBlock[]
  /** For each block what `deal` wrote of its frames. */
  readonly owners: readonly Uint8Array[]
}

/** What kept a file from being read, or what was wrong with it. */
export interface ChunkFault {
  readonly file: number
  readonly text: string
  /** Whether nothing of the file could be read. */
  readonly failed: boolean
}

/** One thread's hold of the ring. */
export class ChunkReader {
  readonly faults: ChunkFault[] = []
  private readonly shared: SharedChunks
  private readonly deal: (block: PacketBlock, owner: Uint8Array) => void
  private readonly control: Int32Array
  private readonly offset: Float64Array
  private readonly slots: Slot[]
  /** Number of the first chunk of each file, and of all chunks. */
  private readonly first: number[] = [0]
  private at = 0
  private open: OpenFile | undefined

  /** @param deal writes an octet for each frame of the block, which `Chunk.owners` hands on to every thread */
  constructor(shared: SharedChunks, deal: (block: PacketBlock, owner: Uint8Array) => void) {
    this.shared = shared
    this.deal = deal
    this.control = new Int32Array(shared.control)
    this.offset = new Float64Array(shared.offset)
    this.slots = shared.slots.map((memory, i) => new Slot(memory, SLOTS + i * SLOT_WORDS))
    for (const { size } of shared.files)
      this.first.push((this.first.at(-1) ?? 0) + Math.max(1, Math.ceil(size / CHUNK_LEN)))
  }

  /** The next chunk, in order, once it is read; undefined at the end, or when all are told to stop. */
  next(): Chunk | undefined {
    const number = this.at
    if (number === this.first.at(-1)) return undefined
    const slot = this.slotOf(number)
    for (;;) {
      if (Atomics.load(this.control, STOP) !== 0) return undefined
      const ready = Atomics.load(this.control, slot.words + READY)
      if (ready === number + 1) break
      if (!this.readAhead(number)) this.wait(slot.words + READY, ready)
    }
    this.at++
    const { blocks, owners } = slot
    const filled = this.control[slot.words + FILLED] ?? 0
    for (let i = 0; i < filled; i++) {
      const block = blocks[i]
      if (block !== undefined) block.count = this.control[slot.words + 3 + i] ?? 0
    }
    return { number, file: this.fileOf(number), filled, blocks, owners }
  }

  /** Lets go of a chunk: nothing that points into it is used any more. */
  release(chunk: Chunk): void {
    const { words } = this.slotOf(chunk.number)
    Atomics.add(this.control, words + DONE, 1)
    Atomics.notify(this.control, words + DONE)
  }

  close(): void {
    this.open?.close()
    this.open = undefined
  }

  private slotOf(number: number): Slot {
    const slot = this.slots[number % this.slots.length]
    if (slot === undefined) throw new RangeError('no slots')
    return slot
  }

  private fileOf(number: number): number {
    let file = 0
    while ((this.first[file + 1] ?? Infinity) <= number) file++
    return file
  }

  private wait(word: number, value: number): void {
    Atomics.wait(this.control, word, value, WAIT_MS)
  }

  /** @returns false where `value` was not to be had as all are told to stop */
  private waitUntil(word: number, value: number): boolean {
    for (;;) {
      const now = Atomics.load(this.control, word)
      if (now === value) return true
      if (Atomics.load(this.control, STOP) !== 0) return false
      this.wait(word, now)
    }
  }

  /** Reads a chunk that nobody reads yet, where one fits into the ring. @returns whether to look again at once */
  private readAhead(needed: number): boolean {
    const number = Atomics.load(this.control, CLAIM)
    // A slot is waited for only by a thread that has let go of what was in it: so no two wait for each other.
    if (number === this.first.at(-1) || number - needed >= this.slots.length) return false
    if (Atomics.compareExchange(this.control, CLAIM, number, number + 1) === number)
      this.read(number)
    return true
  }

  private read(number: number): void {
    const slot = this.slotOf(number)
    const { control } = this
    const turns = Math.floor(number / this.slots.length)
    if (!this.waitUntil(slot.words + DONE, turns * this.shared.threads)) return
    const file = this.fileOf(number)
    const position = (number - (this.first[file] ?? 0)) * CHUNK_LEN
    const isLast = (this.first[file + 1] ?? 0) === number + 1
    const open = this.fileAt(file)
    const count = open === undefined ? 0 : this.readAt(open, slot.bytes, BASE, CHUNK_LEN, position)

    if (!this.waitUntil(BATON, number)) return
    const start = this.offset[0] ?? NaN
    let next = NaN
    slot.filled = 0
    if (open !== undefined && !Number.isNaN(start)) {
      const off = BASE + start - position
      next = position - BASE + this.walk(open, slot, off, BASE + count, position, isLast)
    }
    this.offset[0] = isLast ? PCAP_HEADER_LEN : next
    Atomics.store(control, BATON, number + 1)
    Atomics.notify(control, BATON)

    for (let i = 0; i < slot.filled; i++) {
      const block = slot.blocks[i]
      const owner = slot.owners[i]
      if (block === undefined || owner === undefined) continue
      this.deal(block, owner)
      control[slot.words + 3 + i] = block.count
    }
    control[slot.words + FILLED] = slot.filled
    Atomics.store(control, slot.words + READY, number + 1)
    Atomics.notify(control, slot.words + READY)
  }

  /** Fills the slot's blocks. @returns offset of the first record of the next chunk, or NaN where there is none */
  private walk(
    open: OpenFile,
    slot: Slot,
    start: number,
    readEnd: number,
    position: number,
    isLast: boolean,
  ): number {
    const { reader } = open
    let off = start
    let end = readEnd
    off = slot.fill(reader, off, end)
    const isWhole = end === BASE + CHUNK_LEN
    if (reader.failure === undefined && off < end && isWhole && !isLast) {
      // The last record goes on in the next chunk.
      for (const length of [REST_LEN, MAX_FRAME_LEN + REST_LEN]) {
        if (end - off >= reader.recordLen && reader.endOf(slot.bytes, off) <= end) break
        end += this.readAt(open, slot.bytes, end, length, position + end - BASE)
      }
      const hasHeader = end - off >= reader.recordLen
      off = slot.fill(reader, off, hasHeader ? Math.min(end, reader.endOf(slot.bytes, off)) : end)
    }
    if (reader.failure !== undefined) {
      this.fault(open, damageSentence(position + off - BASE, reader.failure))
      return NaN
    }
    if (off < end && off < BASE + CHUNK_LEN) {
      this.fault(open, cutSentence(position + end - BASE))
      return NaN
    }
    // The file is shorter than it was.
    return isWhole ? off : NaN
  }

  /** The file, opened once by each thread; undefined where it cannot be. */
  private fileAt(file: number): OpenFile | undefined {
    if (this.open?.file === file) return this.open
    this.close()
    const path = this.shared.files[file]?.path ?? ''
    try {
      this.open = new OpenFile(file, path, this.shared.linkType)
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      this.faults.push({ file, text: error.message, failed: true })
    }
    return this.open
  }

  private readAt(
    open: OpenFile,
    bytes: Uint8Array,
    off: number,
    length: number,
    position: number,
  ): number {
    try {
      return readAt(open.fd, open.path, bytes, off, Math.min(length, bytes.length - off), position)
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      this.faults.push({ file: open.file, text: error.message, failed: true })
      return 0
    }
  }

  private fault(open: OpenFile, text: string): void {
    this.faults.push({ file: open.file, text, failed: false })
  }
}

class OpenFile {
  readonly file: number
  readonly path: string
  readonly fd: number
  readonly reader: PcapReader

  /** @throws CaptureError */
  constructor(file: number, path: string, linkType: number | undefined) {
    this.file = file
    this.path = path
    this.fd = openToRead(path)
    this.reader = new PcapReader(readPcapHeader(readHead(this.fd, path), 0), linkType)
  }

  close(): void {
    closeSync(this.fd)
  }
}

/** Octets of the arrays of one block. */
const BLOCK_LEN = BLOCK_FRAMES * (8 + 4 + 4 + 4 + 2 + 1)

class Slot {
  readonly bytes: Uint8Array
  readonly blocks: PacketBlock[] = []
  readonly owners: Uint8Array[] = []
  /** Where its words in `control` begin. */
  readonly words: number
  filled = 0

  constructor(memory: SharedArrayBuffer, words: number) {
    this.words = words
    this.bytes = new Uint8Array(memory, 0, SLOT_LEN)
    for (let i = 0; i < SLOT_BLOCKS; i++) {
      const at = SLOT_LEN + i * BLOCK_LEN
      this.blocks.push({
        bytes: this.bytes,
        count: 0,
        timeMicros: new Float64Array(memory, at, BLOCK_FRAMES),
        start: new Uint32Array(memory, at + 8 * BLOCK_FRAMES, BLOCK_FRAMES),
        caplen: new Uint32Array(memory, at + 12 * BLOCK_FRAMES, BLOCK_FRAMES),
        wirelen: new Uint32Array(memory, at + 16 * BLOCK_FRAMES, BLOCK_FRAMES),
        linkType: new Uint16Array(memory, at + 20 * BLOCK_FRAMES, BLOCK_FRAMES),
      })
      this.owners.push(new Uint8Array(memory, at + 22 * BLOCK_FRAMES, BLOCK_FRAMES))
    }
  }

  /** Appends the records of `bytes[off, end)`. @returns the offset of the first not whole */
  fill(reader: PcapReader, from: number, end: number): number {
    let off = from
    if (this.filled === 0) this.begin()
    for (;;) {
      const block = this.blocks[this.filled - 1]
      if (block === undefined) return off
      off = reader.fill(block, off, end)
      if (block.count < BLOCK_FRAMES || this.filled === this.blocks.length) return off
      this.begin()
    }
  }

  private begin(): void {
    const block = this.blocks[this.filled]
    if (block !== undefined) block.count = 0
    this.filled++
  }
}
