import type { PacketBlock } from '../../model/packet-block.js'
import { HEAD_LEN, formatOf, startReader } from './capture-format.js'
import { CaptureError } from '../capture-error.js'
import { gunzip, unzstd } from './decompress.js'
import { FrameFeed, READ_BASE } from './frame-feed.js'
import type { RecordReader } from './record-reader.js'

/** Octets taken in at once. */
const ROOM = 262_144

/** What the caller of a source learns of it besides the blocks. */
export interface Findings {
  readonly name: string
  readonly linkType: number | undefined
  readonly warnings: string[]
  /** Set once the capture's own format is known. */
  reader: RecordReader | undefined
}

/**
 * The blocks of a capture that comes as octets, compressed or not, until they end or `signal` aborts.
 * A block is given for each chunk that completes a frame, so a pipe that is written slowly is read at once.
 * @throws CaptureError where it is no capture
 */
export async function* streamBlocks(
  input: AsyncIterable<Uint8Array>,
  findings: Findings,
  signal: AbortSignal,
): AsyncGenerator<PacketBlock> {
  const { name } = findings
  // What ends early because we stopped is not a fault of the capture: told only where we did not.
  const faults: string[] = []
  let start = await startOf(input)
  try {
    const format = formatOf(start.head)
    if (format === 'gzip' || format === 'zstd') {
      start = await startOf((format === 'gzip' ? gunzip : unzstd)(start.all, faults))
      const [fault] = faults
      if (start.head.length < HEAD_LEN && fault !== undefined && !signal.aborted)
        throw new CaptureError('NOT_A_CAPTURE', `${name} holds no packets: ${fault}`)
    }
    if (!signal.aborted) yield* feedBlocks(start, faults, findings, signal)
  } finally {
    // What was begun but is no capture is not read to its end: its file would stay open.
    await start.end()
  }
}

async function* feedBlocks(
  start: Start,
  faults: readonly string[],
  findings: Findings,
  signal: AbortSignal,
): AsyncGenerator<PacketBlock> {
  const { reader, skip } = startReader(start.head, findings.name, findings.linkType)
  findings.reader = reader
  const feed = new FrameFeed(reader, skip, ROOM)
  try {
    for await (const chunk of start.all) {
      for (let at = 0; at < chunk.length; at += ROOM) {
        const piece = chunk.subarray(at, at + ROOM)
        feed.block.bytes.set(piece, READ_BASE)
        feed.add(piece.length)
        while (feed.next()) yield feed.block
      }
      if (feed.failed || signal.aborted) break
    }
    if (!signal.aborted || feed.failed) findings.warnings.push(...faults, ...feed.warnings())
  } finally {
    feed.close()
  }
}

/** How a stream begins, and the whole of it. */
interface Start {
  /** The first HEAD_LEN octets, or all there are. */
  readonly head: Uint8Array
  readonly all: AsyncGenerator<Uint8Array>
  /** Gives the stream up, wherever it is read to. */
  readonly end: () => Promise<unknown>
}

async function startOf(input: AsyncIterable<Uint8Array>): Promise<Start> {
  const iterator = input[Symbol.asyncIterator]()
  const seen: Uint8Array[] = []
  let length = 0
  while (length < HEAD_LEN) {
    const step = await iterator.next()
    if (step.done === true) break
    seen.push(step.value)
    length += step.value.length
  }
  const first = Buffer.concat(seen)
  return {
    head: first.subarray(0, HEAD_LEN),
    all: resumed(first, iterator),
    end: async () => iterator.return?.(),
  }
}

async function* resumed(
  first: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first
    for (;;) {
      const step = await iterator.next()
      if (step.done === true) return
      yield step.value
    }
  } finally {
    await iterator.return?.()
  }
}
