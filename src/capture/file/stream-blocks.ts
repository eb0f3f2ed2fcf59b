import type { PacketBlock } from '../../model/packet-block.js'
import { HEAD_LEN, SNIFF_LEN, formatOf, isCompression, startReader } from './capture-format.js'
import { CaptureError } from '../capture-error.js'
import { decompress } from './compression/decompress.js'
import { FrameFeed, READ_BASE } from './frame-feed.js'
import type { RecordReader } from './record-reader.js'

/** Compressions and archives around each other. */
export const MAX_NESTED = 4
/** Bytes taken in at once. */
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
 * The blocks of a capture that comes as bytes, compressed or not, until they end or `signal` aborts.
 * A block is given for each chunk that completes a frame, so a pipe that is written slowly is read at once.
 * @throws CaptureError where it is no capture
 */
export async function* streamBlocks(
  input: AsyncIterable<Uint8Array>,
  findings: Findings,
  signal: AbortSignal,
): AsyncGenerator<PacketBlock> {
  // What ends early because we stopped is no fault of the capture: reported only where we did not.
  const faults: string[] = []
  yield* nestedBlocks(await startOf(input, HEAD_LEN), faults, findings, signal, 0)
}

/** The blocks of what begins with `start`: a capture, or captures in compressions and archives around each other. */
async function* nestedBlocks(
  start: Start,
  faults: string[],
  findings: Findings,
  signal: AbortSignal,
  depth: number,
): AsyncGenerator<PacketBlock> {
  const { name } = findings
  try {
    const format = formatOf(start.head)
    if (format !== 'zip' && !isCompression(format)) {
      const [fault] = faults
      if (start.head.length < HEAD_LEN && fault !== undefined && !signal.aborted)
        throw new CaptureError('NOT_A_CAPTURE', `${name} holds no packets: ${fault}`)
      if (!signal.aborted) yield* feedBlocks(start, faults, findings, signal)
      return
    }
    if (depth === MAX_NESTED)
      throw new CaptureError(
        'NOT_A_CAPTURE',
        `${name} is compressed more than ${MAX_NESTED} times: decompress it first`,
      )
    if (format === 'zip') yield* memberBlocks(start, faults, findings, signal, depth)
    else {
      const inner = await startOf(decompress(format, start.all, faults), SNIFF_LEN)
      yield* nestedBlocks(inner, faults, findings, signal, depth + 1)
    }
  } finally {
    // What was begun but is no capture is not read to its end: its file would stay open.
    await start.end()
  }
}

async function* memberBlocks(
  start: Start,
  faults: string[],
  findings: Findings,
  signal: AbortSignal,
  depth: number,
): AsyncGenerator<PacketBlock> {
  const { zipMembers } = await import('./compression/zip.js')
  let captures = 0
  try {
    for await (const member of zipMembers(start.all)) {
      if (signal.aborted) return
      const inner = await startOf(member.bytes, SNIFF_LEN)
      if (formatOf(inner.head) === undefined) continue
      captures++
      yield* nestedBlocks(inner, faults, findings, signal, depth + 1)
    }
  } catch (error) {
    if (error instanceof CaptureError) throw error
    faults.push(
      `its zip data is damaged, cut or encrypted (${(error as Error).message}): extract it with unzip`,
    )
  }
  if (captures > 0) findings.warnings.push(...faults.splice(0))
  else if (!signal.aborted)
    throw new CaptureError(
      'NOT_A_CAPTURE',
      `${findings.name} holds no capture${faults.length > 0 ? `: ${faults.join('; ')}` : ''}`,
    )
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
  /** The first bytes, as many as were asked for or all there are. */
  readonly head: Uint8Array
  readonly all: AsyncGenerator<Uint8Array>
  /** Gives the stream up, wherever it is read to. */
  readonly end: () => Promise<unknown>
}

/**
 * @param headLen bytes to wait for: no more than HEAD_LEN of a stream that may still be written; always as many, so that
 *   what is recognised does not depend on the chunks
 */
async function startOf(input: AsyncIterable<Uint8Array>, headLen: number): Promise<Start> {
  const iterator = input[Symbol.asyncIterator]()
  const seen: Uint8Array[] = []
  let length = 0
  while (length < headLen) {
    const step = await iterator.next()
    if (step.done === true) break
    seen.push(step.value)
    length += step.value.length
  }
  const first = Buffer.concat(seen)
  return {
    head: first.subarray(0, headLen),
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
