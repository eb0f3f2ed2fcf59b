// One thread's share of captures that are too large for one.
//
// Reading, walking over the records and finding the frames that can matter is shared by ranges; where hellos are rare that
// is most of the work, and thread 0 alone looks at what was found. Where they are not, all threads do, each at its own
// flows: see flow-dealer.ts for what those are.
//
// Why flows are dealt, and not ranges of the file: what a frame means depends on all that its flow did before it, up to
// five minutes back. A reader that starts in the middle would have to be given the other's flow table, fragments,
// unfinished hellos and hellos that wait for their answer before it could begin, or take back what it said. Whoever
// has seen all of a flow from the start needs nothing from the others, and says what one thread would have said.

import { ChunkReader } from '../capture/file/chunk-reader.js'
import { CHUNK_LEN } from '../capture/file/chunk-slot.js'
import type { SharedChunks } from '../capture/file/shared-chunks.js'
import type { Pipeline, Share } from '../pipeline.js'
import type { PacketBlock } from '../model/packet-block.js'
import { FlowDealer } from './flow-dealer.js'
import { ROUND_CHUNKS } from './read-messages.js'
import type { PartDesk } from './read-messages.js'
import { newPipeline } from './read-set.js'
import type { ReadOptions } from './read-set.js'

/** Octets that are read, walked over and skimmed in the time that one frame is looked at. */
const OCTETS_PER_LOOK = 8192

/** Does thread `index`'s share of all chunks; `desk.part` is the first of all threads' parts. */
export async function readChunks(
  shared: SharedChunks,
  index: number,
  options: ReadOptions,
  desk: PartDesk,
): Promise<void> {
  const { threads } = shared
  const dealer = new FlowDealer(threads)
  const pipeline = newPipeline(options, desk.counters, { seed: shared.seed, workers: threads })
  const reader = new ChunkReader(shared, index, {
    skim: (block) => {
      pipeline.skim(block)
    },
    lookers: (block) => lookersFor(block, threads),
    deal: (block, owner) => {
      dealer.deal(block, owner)
    },
  })
  desk.part += index
  desk.meanwhile = () => {
    reader.walkOn()
  }
  if (index === 0 || index < reader.waitForLookers()) {
    await look(shared, reader, pipeline, desk, {
      index,
      owner: new Uint8Array(0),
      isOurs: (packet) => dealer.workerOf(packet) === index,
    })
    pipeline.flush()
    await desk.endPart(pipeline.lines)
  } else reader.help()
  desk.meanwhile = () => undefined
  reader.close()
  for (const { file, text, failed } of reader.faults)
    if (failed) desk.fail(text)
    else desk.say(`${shared.files[file]?.path}: ${text}`)
}

/** Looks at all chunks, or at what is `share` of them where others look too. */
async function look(
  shared: SharedChunks,
  reader: ChunkReader,
  pipeline: Pipeline,
  desk: PartDesk,
  share: Share,
): Promise<void> {
  let file = -1
  while (!reader.isOver) {
    const chunk = reader.next()
    if (chunk === undefined) {
      await desk.turn()
      continue
    }
    if (chunk.file !== file) {
      file = chunk.file
      pipeline.setOrigin({ file: shared.files[file]?.path ?? '' })
    }
    const { block } = chunk
    const { lookers } = reader
    share.owner = chunk.owner
    pipeline.look(block, lookers > 1 ? share : undefined)
    if (block.count > 0) pipeline.expire(block.timeMicros[block.count - 1] ?? 0)
    reader.release(chunk)
    desk.octets += CHUNK_LEN / lookers
    desk.take(pipeline.lines)
    if ((chunk.number + 1) % ROUND_CHUNKS === 0) {
      await desk.endPart(pipeline.lines)
      desk.part += lookers
    }
  }
}

/**
 * How many of `threads` threads are to look at chunks like `block`, skimmed: one as long as that is no more than its part of
 * all the work.
 */
function lookersFor({ count, caplen, keptCount, flow }: PacketBlock, threads: number): number {
  let looks = 0
  // Frames of flows that must be watched to matter are nearly always left out.
  for (let k = 0; k < keptCount; k++) if (flow === undefined || flow[k] === 0) looks++
  let octets = 0
  for (let i = 0; i < count; i++) octets += caplen[i] ?? 0
  return looks * OCTETS_PER_LOOK * (threads - 1) < octets ? 1 : threads
}
