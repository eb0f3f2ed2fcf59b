// One or several big classic pcaps read by several threads into memory they share.
//
//   thread 0:  read chunk 0 │ read chunk 2 │ …          whoever has nothing to look at reads the next chunk
//   thread 1:  read chunk 1 │ read chunk 3 │ …
//   first record at:   0 ──▶ 1 ──▶ 2 ──▶ 3              known only by walking over the records before: a baton
//
// The octets come in by whole chunks, whichever records they cut. Where the first record of a chunk begins is known
// once the chunk before has been walked over, so that walk, some ten nanoseconds a record, goes from chunk to chunk,
// and nothing is guessed: what is within a frame can never be taken for a record. All else goes on side by side: a
// thread whose chunk is not at the baton yet looks at others meanwhile, or reads on.
//
// Thread 0 reads the first chunk, and says by that how many threads look at the chunks, all of them in order: itself
// alone, or all threads. Each reads into slots of its own, the first one that all have let go of: as long as nobody lags
// behind those are one or two, which stay in the processor's cache (a ring through all of them took twice the time to
// read).

import { closeSync } from 'node:fs'
import { PCAP_HEADER_LEN, isPcapVersion, readPcapHeader } from './pcap-reader.js'
import { HEAD_LEN, formatOf } from './capture-format.js'
import { newSlotMemory } from './chunk-slot.js'
import type { SlotMemory } from './chunk-slot.js'
import { openToRead, readHead } from './file-blocks.js'

/** Slots of each thread: one that gets no processor for some milliseconds does not stop the others. */
export const SLOTS_PER_THREAD = 8

// Words of `control`.
export const STOP = 0
/** Next chunk nobody reads yet. */
export const CLAIM = 1
/** Chunk whose first record's offset is known. */
export const BATON = 2
/** Changes with all of this that someone may wait for. */
export const EVENTS = 3
/** Threads that wait for it: where there are none, nobody need be woken, which is a call of the kernel's. */
export const WAITING = 4
/** Threads that look at the chunks, from number 0 on; 0 until that is known. */
export const LOOKERS = 5
/** Then a ring of places for what was read last, one for each chunk: its number plus 1 once it can be looked at, its slot. */
export const PLACES = 6
export const READY = 0
export const SLOT = 1
export const PLACE_WORDS = 2
/** Then for each slot: threads that have not let go of it, frames in it, those of them that are kept. */
export const HOLDERS = 0
export const COUNT = 1
export const KEPT = 2
export const SLOT_WORDS = 3

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
  /** PipelineOptions.seed of all threads. */
  readonly seed: number
  readonly control: SharedArrayBuffer
  /** Offset in its file of the record at the baton, NaN where the rest of the file is not read. */
  readonly offset: SharedArrayBuffer
  /** SLOTS_PER_THREAD of each thread, one thread's after the other's. */
  readonly slots: readonly SlotMemory[]
}

/** Shared memory for `threads` threads that read `files`, classic pcaps, one after the other. */
export function newSharedChunks(
  files: readonly SharedFile[],
  threads: number,
  seed: number,
  linkType?: number,
): SharedChunks {
  const slots = SLOTS_PER_THREAD * threads
  const words = PLACES + placesOf(slots) * PLACE_WORDS + slots * SLOT_WORDS
  const control = new SharedArrayBuffer(4 * words)
  const offset = new SharedArrayBuffer(8)
  new Float64Array(offset)[0] = PCAP_HEADER_LEN
  return {
    files,
    threads,
    linkType,
    seed,
    control,
    offset,
    slots: Array.from({ length: slots }, newSlotMemory),
  }
}

/** Places in the ring: more than chunks can be under way, as each of those has a slot. */
export function placesOf(slots: number): number {
  return 2 * slots
}

/** Where the words of slot `i` begin. */
export function slotWords(slots: number, i: number): number {
  return PLACES + placesOf(slots) * PLACE_WORDS + i * SLOT_WORDS
}

/** Tells all threads to end: they are given no more chunks. */
export function stopChunks(shared: SharedChunks): void {
  Atomics.store(new Int32Array(shared.control), STOP, 1)
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
