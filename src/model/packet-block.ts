/** Batch of frames in one buffer. The source fills it again after use: keep nothing that points into it. */
export interface PacketBlock {
  bytes: Uint8Array
  /** Frames held, 0 ..= start.length. */
  count: number
  /** Offset of frame i in `bytes`. */
  readonly start: Uint32Array
  /** Octets captured of frame i. */
  readonly caplen: Uint32Array
  /** Octets frame i had on the wire, ≥ caplen. */
  readonly wirelen: Uint32Array
  /** Microseconds since the Unix epoch, fractions kept, exact to the microsecond until 2255. */
  readonly timeMicros: Float64Array
  /** LINKTYPE_ value of frame i (https://www.tcpdump.org/linktypes.html); pcapng may mix them. */
  readonly linkType: Uint16Array
}

/** Frames one block holds at most. Blocks of a mebibyte with the smallest frames (60 + 16 octets) just fit. */
export const BLOCK_FRAMES = 16_384

/** An empty block over `bytes`. */
export function newPacketBlock(bytes: Uint8Array): PacketBlock {
  return {
    bytes,
    count: 0,
    start: new Uint32Array(BLOCK_FRAMES),
    caplen: new Uint32Array(BLOCK_FRAMES),
    wirelen: new Uint32Array(BLOCK_FRAMES),
    timeMicros: new Float64Array(BLOCK_FRAMES),
    linkType: new Uint16Array(BLOCK_FRAMES),
  }
}

/** Where frames come from: a file, a pipe, a live interface. */
export interface PacketSource {
  /**
   * The capture in order, block by block; each step reuses the block before it.
   * A cut last record is the end: what was whole before it is given first, and `warnings` says so.
   * @throws CaptureError where nothing can be read at all, or the device fails
   */
  blocks(signal: AbortSignal): AsyncIterable<PacketBlock>
  /** Frames lost before us since the start, or undefined where the engine cannot know (never 0 for "unknown"). */
  readonly dropped: number | undefined
  /** What was wrong with the input, a sentence each, so far. */
  readonly warnings: readonly string[]
}
