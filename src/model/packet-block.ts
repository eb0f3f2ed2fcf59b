import { PAGE_LEN } from '../base/kernel.js'
import {
  AT_BYTES,
  AT_CAPLEN,
  AT_FLOW,
  AT_PASSED,
  AT_LINK_TYPE,
  AT_SEGMENTS,
  AT_SEGMENT_OF,
  AT_START,
  AT_TIME,
  AT_WIRELEN,
  BLOCK_FRAMES,
  MAX_SEGMENTS,
  SEGMENT_WORDS,
} from '../base/block-layout.js'

/** A batch of frames in one buffer, which the source overwrites with the next batch: keep no reference into it. */
export interface PacketBlock {
  bytes: Uint8Array
  /** Frames held, 0 ..= start.length. */
  count: number
  /** Offset of frame i in `bytes`. */
  readonly start: Uint32Array
  /** Bytes captured of frame i. */
  readonly caplen: Uint32Array
  /** Bytes frame i had on the wire, ≥ caplen. */
  readonly wirelen: Uint32Array
  /** Microseconds since the Unix epoch, fractions kept, exact to the microsecond until 2255. */
  readonly timeMicros: Float64Array
  /** LINKTYPE_ value of frame i (https://www.tcpdump.org/linktypes.html); pcapng may mix them. */
  readonly linkType: Uint16Array
  /** Frames that passed the prefilter: how many, and their numbers in order. */
  passedCount: number
  readonly passed: Uint16Array
  /** The memory of all arrays above, if WebAssembly may read it; laid out as in block-layout.ts. */
  readonly memory?: { readonly buffer: ArrayBufferLike }
  /** There, once the prefilter was applied: hash of the flow that must be watched for the i-th frame passed to matter, or 0. */
  readonly flow?: Int32Array
  /** Likewise: number of the segment in `segments` that the i-th frame passed is, plus one; 0 where it is to be decoded. */
  readonly segmentOf?: Uint16Array
  /** Likewise: ordinary segments of TCP, SEGMENT_WORDS words each, as kernels/tcp-layout.ts has them, and how many there are. */
  readonly segments?: Int32Array
  segmentCount: number
}

/** An empty block over `bytes`. */
export function newPacketBlock(bytes: Uint8Array): PacketBlock {
  const passed = new Uint16Array(BLOCK_FRAMES)
  // An empty block has no frames to read.
  for (let i = 0; i < BLOCK_FRAMES; i++) passed[i] = i
  return {
    bytes,
    count: 0,
    start: new Uint32Array(BLOCK_FRAMES),
    caplen: new Uint32Array(BLOCK_FRAMES),
    wirelen: new Uint32Array(BLOCK_FRAMES),
    timeMicros: new Float64Array(BLOCK_FRAMES),
    linkType: new Uint16Array(BLOCK_FRAMES),
    passedCount: 0,
    passed,
    segmentCount: 0,
  }
}

/** A block in memory that WebAssembly may read. */
export type MemoryBlock = PacketBlock &
  Required<Pick<PacketBlock, 'memory' | 'flow' | 'segmentOf' | 'segments'>>

/** An empty block of `bytes` bytes in new memory. */
export function newMemoryBlock(bytes: number): MemoryBlock {
  const pages = Math.ceil((AT_BYTES + bytes) / PAGE_LEN)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { buffer } = memory
  return {
    bytes: new Uint8Array(buffer, AT_BYTES, bytes),
    count: 0,
    start: new Uint32Array(buffer, AT_START, BLOCK_FRAMES),
    caplen: new Uint32Array(buffer, AT_CAPLEN, BLOCK_FRAMES),
    wirelen: new Uint32Array(buffer, AT_WIRELEN, BLOCK_FRAMES),
    timeMicros: new Float64Array(buffer, AT_TIME, BLOCK_FRAMES),
    linkType: new Uint16Array(buffer, AT_LINK_TYPE, BLOCK_FRAMES),
    passedCount: 0,
    passed: new Uint16Array(buffer, AT_PASSED, BLOCK_FRAMES),
    memory,
    flow: new Int32Array(buffer, AT_FLOW, BLOCK_FRAMES),
    segmentOf: new Uint16Array(buffer, AT_SEGMENT_OF, BLOCK_FRAMES),
    segments: new Int32Array(buffer, AT_SEGMENTS, SEGMENT_WORDS * MAX_SEGMENTS),
    segmentCount: 0,
  }
}

/** Where frames come from: a file, a pipe, a live interface. */
export interface PacketSource {
  /**
   * The capture in order, block by block; each step reuses the block before it.
   * An incomplete last record ends the capture after the complete ones, with a warning.
   * @throws CaptureError if nothing can be read, or the device fails
   */
  blocks(signal: AbortSignal): AsyncIterable<PacketBlock>
  /** Frames lost before they were read, since the start; undefined if the engine does not count them (never 0). */
  readonly dropped: number | undefined
  /** Problems of the input so far, a sentence each. */
  readonly warnings: readonly string[]
}
