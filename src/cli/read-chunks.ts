// One worker's share of captures that are too large for one: see flow-dealer.ts for what that is.
//
// Why flows are dealt, and not ranges of the file: what a frame means depends on all that its flow did before it, up to
// five minutes back. A reader that starts in the middle would have to be given the other's flow table, fragments,
// unfinished hellos and hellos that wait for their answer before it could begin, or take back what it said. Whoever
// has seen all of a flow from the start needs nothing from the others, and says what one thread would have said.
// Reading and walking over the records, which is most of the work where hellos are rare, is still shared by ranges.

import { ChunkReader } from '../capture/chunk-reader.js'
import { CHUNK_LEN } from '../capture/chunk-slot.js'
import type { SharedChunks } from '../capture/shared-chunks.js'
import type { Share } from '../pipeline.js'
import { FlowDealer } from './flow-dealer.js'
import { ROUND_CHUNKS } from './read-messages.js'
import type { PartDesk } from './read-messages.js'
import { newPipeline } from './read-set.js'
import type { ReadOptions } from './read-set.js'

/** Looks at the flows of worker `index` in all chunks; `desk.part` is the first of all workers' parts. */
export async function readChunks(
  shared: SharedChunks,
  index: number,
  options: ReadOptions,
  desk: PartDesk,
): Promise<void> {
  const first = desk.part
  const dealer = new FlowDealer(shared.threads)
  const pipeline = newPipeline(options, desk.counters, {
    seed: shared.seed,
    workers: shared.threads,
  })
  const reader = new ChunkReader(shared, index, (block, owner) => {
    pipeline.skim(block)
    dealer.deal(block, owner)
  })
  const share: Share = {
    index,
    owner: new Uint8Array(0),
    isOurs: (packet) => dealer.workerOf(packet) === index,
  }
  let file = -1
  desk.part = first + index
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
    share.owner = chunk.owner
    pipeline.look(block, share)
    if (block.count > 0) pipeline.expire(block.timeMicros[block.count - 1] ?? 0)
    reader.release(chunk)
    desk.octets += CHUNK_LEN / shared.threads
    desk.take(pipeline.lines)
    if ((chunk.number + 1) % ROUND_CHUNKS === 0) {
      await desk.endPart(pipeline.lines)
      desk.part += shared.threads
    }
  }
  pipeline.flush()
  await desk.endPart(pipeline.lines)
  reader.close()
  for (const { file: of, text, failed } of reader.faults)
    if (failed) desk.fail(text)
    else desk.say(`${shared.files[of]?.path}: ${text}`)
}
