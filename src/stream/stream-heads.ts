// The first bytes of a client's stream where they are no hello yet and one may begin in them: what came ahead of bytes that are
// missing, a preamble's end with the first bytes of a hello, and the first bytes of a carrier's frame. They wait in the flow's
// slot, without an anchor, and are looked at again as they grow.

import { byteAt } from '../base/bytes.js'
import { BASE, FREE_WORDS, SLOT_WORDS } from '../base/slot-layout.js'
import { FLOW_WORDS, NEXT, SLOT } from '../kernels/tcp-layout.js'
import { CONTENT_HANDSHAKE, isTlsPrefix, STRICT_LEN, WANT_CLIENT_HELLO } from './hello-start.js'
import type { TcpFlows } from './tcp-flows.js'

/** Tells frames in which other protocols carry TLS or DTLS over TCP. */
export interface StreamFrames {
  /** Whether `bytes[off, end)` begins with them. */
  readonly areAt: (bytes: Uint8Array, off: number, end: number) => boolean
  /** Whether it may, with bytes that are missing. */
  readonly mayBeAt: (bytes: Uint8Array, off: number, end: number) => boolean
}

/** How many bytes of a slot without an anchor were looked at: a word that readRecords sets anew. */
const LOOKED_AT = FREE_WORDS

/** Bytes of a stream, from a sequence number on. One instance, overwritten. */
export class StreamRun {
  bytes: Uint8Array = new Uint8Array(0)
  off = 0
  end = 0
  seq = 0
}

/** Bytes of streams that wait for what is missing of a hello's beginning. */
export class StreamHeads {
  /** What `isFramed` or `runAt` gave. */
  readonly run = new StreamRun()
  private readonly flows: TcpFlows
  private readonly frames: StreamFrames | undefined

  constructor(flows: TcpFlows, frames: StreamFrames | undefined) {
    this.flows = flows
    this.frames = frames
  }

  /** Whether a carrier's frames may begin in `bytes[off, end)`, too short to tell. */
  mayBeFramed(bytes: Uint8Array, off: number, end: number): boolean {
    return this.frames?.mayBeAt(bytes, off, end) === true
  }

  /** Whether the flow's slot has all bytes before `offset`. */
  reaches(entry: number, offset: number): boolean {
    const slot = this.flows.words[entry * FLOW_WORDS + SLOT] ?? -1
    return offset > 0 && this.flows.pool.filledTo(slot, 0) >= offset
  }

  /** Offset from which on a hello, or a carrier's frame, may begin in `bytes[off, end)` that goes on behind it; -1 where none does. */
  cutAt(bytes: Uint8Array, off: number, end: number): number {
    if (this.mayBeFramed(bytes, off, end)) return off
    const from = Math.max(off, end - STRICT_LEN + 1)
    for (let at = byteAt(bytes, CONTENT_HANDSHAKE, from, end); at >= 0;) {
      if (isTlsPrefix(bytes, at, end, WANT_CLIENT_HELLO)) return at
      at = byteAt(bytes, CONTENT_HANDSHAKE, at + 1, end)
    }
    return -1
  }

  /** Takes the bytes that the flow's slot has in order into `run`. @returns where those begin that were not looked at, -1 if there are none */
  look(entry: number): number {
    const { pool, words } = this.flows
    const slot = words[entry * FLOW_WORDS + SLOT] ?? -1
    const filled = pool.filledTo(slot, 0)
    const at = slot * SLOT_WORDS + LOOKED_AT
    const before = pool.words[at] ?? 0
    if (filled <= before) return -1
    pool.words[at] = filled
    this.fill(slot, 0, filled)
    return this.run.off + before
  }

  /** Whether `run` begins with a carrier's frames. */
  isFramed(): boolean {
    return this.frames?.areAt(this.run.bytes, this.run.off, this.run.end) === true
  }

  /** Lets go of what `run` has, unless it may still begin something or bytes behind it wait. */
  release(entry: number): void {
    const { flows, run } = this
    const { pool, words } = flows
    const at = entry * FLOW_WORDS
    const slot = words[at + SLOT] ?? -1
    if (pool.hasBehind(slot, run.end - run.off) || this.cutAt(run.bytes, run.off, run.end) >= 0)
      return
    words[at + NEXT] = (run.seq + run.end - run.off) | 0
    flows.freeSlot(entry)
  }

  /** Takes bytes that wait at `seq` of a stream into `run`. @returns whether there are any */
  runAt(entry: number, seq: number): boolean {
    const { pool, words } = this.flows
    const slot = words[entry * FLOW_WORDS + SLOT] ?? -1
    if (slot < 0) return false
    const from = (seq - (pool.words[slot * SLOT_WORDS + BASE] ?? 0)) | 0
    if (from < 0 || from >= pool.sizeOf(slot)) return false
    const to = pool.filledTo(slot, from)
    if (to <= from) return false
    this.fill(slot, from, to)
    return true
  }

  private fill(slot: number, from: number, to: number): void {
    const { pool } = this.flows
    const { run } = this
    run.bytes = pool.bytesOf(slot)
    run.off = pool.offsetOf(slot) + from
    run.end = pool.offsetOf(slot) + to
    run.seq = ((pool.words[slot * SLOT_WORDS + BASE] ?? 0) + from) | 0
  }
}
