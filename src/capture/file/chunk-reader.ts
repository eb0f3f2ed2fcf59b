import { closeSync } from 'node:fs'
import { MAX_FRAME_LEN } from '../../base/limits.js'
import type { PacketBlock } from '../../model/packet-block.js'
import { CaptureError } from '../capture-error.js'
import { CHUNK_BASE, CHUNK_LEN, ChunkSlot, REST_LEN } from './chunk-slot.js'
import { openToRead, readAt, readHead } from './file-blocks.js'
import { cutSentence, damageSentence } from './frame-feed.js'
import { PCAP_HEADER_LEN, PcapReader, readPcapHeader } from './pcap-reader.js'
import {
  BATON,
  CLAIM,
  COUNT,
  EVENTS,
  HOLDERS,
  KEPT,
  LOOKERS,
  PLACES,
  PLACE_WORDS,
  READY,
  SLOT,
  SLOTS_PER_THREAD,
  STOP,
  WAITING,
  placesOf,
  slotWords,
} from './shared-chunks.js'
import type { SharedChunks } from './shared-chunks.js'

/** Milliseconds a thread waits at most: then it looks whether it is told to stop, and whether it has something else to do. */
const WAIT_MS = 5

/** A chunk's frames, to be let go of by `release`. */
export interface Chunk {
  /** Counted from 0 over all files. */
  readonly number: number
  readonly file: number
  /** Number of its slot. */
  readonly slot: number
  readonly block: PacketBlock
  /** What `deal` wrote of each frame kept. */
  readonly owner: Uint8Array
}

/** What kept a file from being read, or what was wrong with it. */
export interface ChunkFault {
  readonly file: number
  readonly text: string
  /** Whether nothing of the file could be read. */
  readonly failed: boolean
}

/** What is done to each chunk by the thread that read it, before any looks at it. */
export interface ChunkDealer {
  /** Sets which frames of the block are kept. */
  skim(block: PacketBlock): void
  /** How many threads, from 1 to all, are to look at the chunks: asked of thread 0 for the first one, skimmed. */
  lookers(block: PacketBlock): number
  /** Writes for each frame kept what `Chunk.owner` hands on: where several threads look. */
  deal(block: PacketBlock, owner: Uint8Array): void
}

/** A chunk whose octets are here, and which of them are records is not known yet. */
interface Unwalked {
  readonly number: number
  readonly slot: number
  readonly file: number
  readonly open: OpenFile | undefined
  /** Octets read. */
  readonly length: number
}

/** One thread's hold of shared chunks. */
export class ChunkReader {
  readonly faults: ChunkFault[] = []
  private readonly shared: SharedChunks
  private readonly index: number
  private readonly dealer: ChunkDealer
  private readonly control: Int32Array
  private readonly offset: Float64Array
  private readonly slots: ChunkSlot[]
  private readonly firstSlot: number
  /** Number of the first chunk of each file, and of all chunks. */
  private readonly first: number[] = [0]
  private at = 0
  private readonly unwalked: Unwalked[] = []
  private open: OpenFile | undefined

  /** @param index this thread's number, from 0 */
  constructor(shared: SharedChunks, index: number, dealer: ChunkDealer) {
    this.shared = shared
    this.index = index
    this.dealer = dealer
    this.control = new Int32Array(shared.control)
    this.offset = new Float64Array(shared.offset)
    this.slots = shared.slots.map((memory) => new ChunkSlot(memory))
    this.firstSlot = index * SLOTS_PER_THREAD
    for (const { size } of shared.files)
      this.first.push((this.first.at(-1) ?? 0) + Math.max(1, Math.ceil(size / CHUNK_LEN)))
  }

  /** Threads that look at the chunks, from number 0 on; 0 until that is known, which it is with the first chunk. */
  get lookers(): number {
    return Atomics.load(this.control, LOOKERS)
  }

  /** Waits until it is known how many threads look at the chunks. @returns that, or 0 where all are told to stop */
  waitForLookers(): number {
    for (;;) {
      const event = Atomics.load(this.control, EVENTS)
      const { lookers } = this
      if (lookers > 0 || this.isStopped) return lookers
      this.wait(event)
    }
  }

  /** Whether all chunks were given, or all threads are told to stop. */
  get isOver(): boolean {
    return this.at === this.first.at(-1) || this.isStopped
  }

  /** The next chunk, in order; undefined where `isOver`, and where others are slow to read it: then ask again. */
  next(): Chunk | undefined {
    const { control } = this
    const number = this.at
    const place = this.placeOf(number)
    for (let hasWaited = false; ;) {
      if (this.isOver) return undefined
      const event = Atomics.load(control, EVENTS)
      this.walkOn()
      if (Atomics.load(control, place + READY) === number + 1) break
      if (this.readOn()) continue
      if (hasWaited) return undefined
      this.wait(event)
      hasWaited = true
    }
    this.at++
    const slot = control[place + SLOT] ?? 0
    const { block, owner } = this.slotAt(slot)
    const words = slotWords(this.slots.length, slot)
    block.count = control[words + COUNT] ?? 0
    block.keptCount = control[words + KEPT] ?? 0
    return { number, file: this.fileOf(number), slot, block, owner }
  }

  /** Lets go of a chunk: nothing that points into it is used any more. */
  release(chunk: Chunk): void {
    const holders = slotWords(this.slots.length, chunk.slot) + HOLDERS
    if (Atomics.sub(this.control, holders, 1) === 1) this.tellAll()
  }

  /** Reads chunks for the threads that look at them, until nothing is left to read. */
  help(): void {
    const { control } = this
    while (!this.isStopped) {
      const event = Atomics.load(control, EVENTS)
      this.walkOn()
      if (this.readOn()) continue
      if (this.unwalked.length === 0 && Atomics.load(control, CLAIM) === this.first.at(-1)) return
      this.wait(event)
    }
  }

  /**
   * Walks over those of the chunks read here whose turn it is. To be called by a thread that waits for what others do: they
   * may be waiting for these.
   */
  walkOn(): void {
    for (;;) {
      const [chunk] = this.unwalked
      if (chunk?.number !== Atomics.load(this.control, BATON)) return
      this.unwalked.shift()
      this.publish(chunk)
    }
  }

  close(): void {
    this.open?.close()
    this.open = undefined
  }

  private get isStopped(): boolean {
    return Atomics.load(this.control, STOP) !== 0
  }

  private placeOf(number: number): number {
    return PLACES + (number % placesOf(this.slots.length)) * PLACE_WORDS
  }

  private slotAt(slot: number): ChunkSlot {
    const found = this.slots[slot]
    if (found === undefined) throw new RangeError(`no slot ${slot}`)
    return found
  }

  private fileOf(number: number): number {
    let file = 0
    while ((this.first[file + 1] ?? Infinity) <= number) file++
    return file
  }

  /** Waits for anything that was told of since EVENTS was `event`. */
  private wait(event: number): void {
    Atomics.add(this.control, WAITING, 1)
    Atomics.wait(this.control, EVENTS, event, WAIT_MS)
    Atomics.sub(this.control, WAITING, 1)
  }

  /** Sets `word`, and wakes all who wait. Who begins to wait now sees the change. */
  private tell(word: number, value: number): void {
    Atomics.store(this.control, word, value)
    this.tellAll()
  }

  private tellAll(): void {
    Atomics.add(this.control, EVENTS, 1)
    if (Atomics.load(this.control, WAITING) > 0) Atomics.notify(this.control, EVENTS)
  }

  /** A slot of this thread that all have let go of, or -1. */
  private freeSlot(): number {
    for (let i = this.firstSlot; i < this.firstSlot + SLOTS_PER_THREAD; i++)
      if (Atomics.load(this.control, slotWords(this.slots.length, i) + HOLDERS) === 0) return i
    return -1
  }

  /**
   * Reads a chunk that nobody reads yet, where there is one and a slot for it.
   *
   * The slot comes first: whoever reads a chunk waits for nothing but the baton, and so no two wait for each other.
   * @returns whether to look again at once
   */
  private readOn(): boolean {
    if (this.index !== 0 && this.lookers === 0) return false
    const slot = this.freeSlot()
    if (slot < 0) return false
    const number = Atomics.load(this.control, CLAIM)
    if (number === this.first.at(-1)) return false
    // One file is open at a time.
    const [before] = this.unwalked
    if (before !== undefined && before.file !== this.fileOf(number)) return false
    if (Atomics.compareExchange(this.control, CLAIM, number, number + 1) === number)
      this.read(number, slot)
    return true
  }

  private read(number: number, slot: number): void {
    // until it is known who will look
    Atomics.store(this.control, slotWords(this.slots.length, slot) + HOLDERS, 1)
    const file = this.fileOf(number)
    const open = this.fileAt(file)
    const { bytes } = this.slotAt(slot).block
    const length =
      open === undefined
        ? 0
        : this.readAt(open, bytes, CHUNK_BASE, CHUNK_LEN, this.positionOf(number, file))
    this.unwalked.push({ number, slot, file, open, length })
  }

  /** Finds the frames of a chunk at the baton, hands that on, and then the frames. */
  private publish({ number, slot: slotNumber, file, open, length }: Unwalked): void {
    const { control } = this
    const slot = this.slotAt(slotNumber)
    const position = this.positionOf(number, file)
    const isLast = (this.first[file + 1] ?? 0) === number + 1
    const start = this.offset[0] ?? NaN
    let next = NaN
    slot.block.count = 0
    slot.block.keptCount = 0
    if (open !== undefined && !Number.isNaN(start)) {
      const off = CHUNK_BASE + start - position
      const end = CHUNK_BASE + length
      next = position - CHUNK_BASE + this.walk(open, slot, off, end, position, isLast)
    }
    this.offset[0] = isLast ? PCAP_HEADER_LEN : next
    this.tell(BATON, number + 1)

    this.dealer.skim(slot.block)
    if (this.lookers === 0) this.tell(LOOKERS, this.dealer.lookers(slot.block))
    if (this.lookers > 1) this.dealer.deal(slot.block, slot.owner)
    const words = slotWords(this.slots.length, slotNumber)
    control[words + COUNT] = slot.block.count
    control[words + KEPT] = slot.block.keptCount
    Atomics.store(control, words + HOLDERS, this.lookers)
    const place = this.placeOf(number)
    control[place + SLOT] = slotNumber
    this.tell(place + READY, number + 1)
  }

  private positionOf(number: number, file: number): number {
    return (number - (this.first[file] ?? 0)) * CHUNK_LEN
  }

  /** Fills the slot's blocks. @returns offset of the first record of the next chunk, or NaN where there is none */
  private walk(
    open: OpenFile,
    slot: ChunkSlot,
    start: number,
    readEnd: number,
    position: number,
    isLast: boolean,
  ): number {
    const { reader } = open
    const { block } = slot
    let end = readEnd
    let off = reader.fill(block, start, end)
    const isWhole = end === CHUNK_BASE + CHUNK_LEN
    if (reader.failure === undefined && off < end && isWhole && !isLast) {
      // The last record goes on in the next chunk.
      for (const length of [REST_LEN, MAX_FRAME_LEN + REST_LEN]) {
        if (end - off >= reader.recordLen && reader.endOf(block.bytes, off) <= end) break
        end += this.readAt(open, block.bytes, end, length, position + end - CHUNK_BASE)
      }
      const hasHeader = end - off >= reader.recordLen
      off = reader.fill(block, off, hasHeader ? Math.min(end, reader.endOf(block.bytes, off)) : end)
    }
    if (reader.failure !== undefined) {
      this.fault(open, damageSentence(position + off - CHUNK_BASE, reader.failure))
      return NaN
    }
    if (off < end && off < CHUNK_BASE + CHUNK_LEN) {
      this.fault(open, cutSentence(position + end - CHUNK_BASE))
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
