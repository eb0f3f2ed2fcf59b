// One worker's share of captures that are too large for one: see flow-dealer.ts for what that is.
//
// Why flows are dealt, and not ranges of the file: what a frame means depends on all that its flow did before it, up to
// five minutes back. A reader that starts in the middle would have to be given the other's flow table, fragments,
// unfinished hellos and hellos that wait for their answer before it could begin, or take back what it said. Whoever
// has seen all of a flow from the start needs nothing from the others, and says what one thread would have said.
// Reading and walking over the records, which is most of the work where hellos are rare, is still shared by ranges.

import { ChunkReader } from '../capture/chunk-reader.js'
import type { Chunk } from '../capture/chunk-reader.js'
import { CHUNK_LEN } from '../capture/chunk-slot.js'
import type { SharedChunks } from '../capture/shared-chunks.js'
import { BLOCK_FRAMES } from '../model/block-layout.js'
import { newPacketBlock } from '../model/packet-block.js'
import type { PacketBlock } from '../model/packet-block.js'
import type { Packet } from '../model/packet.js'
import type { Pipeline } from '../pipeline.js'
import { EVERYONE, FlowDealer } from './flow-dealer.js'
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
  const mine = new Share(pipeline, index, dealer)
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
    mine.take(chunk)
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

/** The frames of one worker out of all. */
class Share {
  readonly #pipeline: Pipeline
  readonly #index: number
  readonly #isOurs: (packet: Packet) => boolean
  readonly #block = {
    ...newPacketBlock(new Uint8Array(0)),
    flow: new Int32Array(BLOCK_FRAMES),
  }

  constructor(pipeline: Pipeline, index: number, dealer: FlowDealer) {
    this.#pipeline = pipeline
    this.#index = index
    this.#isOurs = (packet) => dealer.workerOf(packet) === index
  }

  take(chunk: Chunk): void {
    const { block: from, owner } = chunk
    const block = this.#block
    block.bytes = from.bytes
    block.count = 0
    for (let i = 0; i < from.count; i++) {
      if (owner[i] === this.#index) copyFrame(from, i, block)
      else if (owner[i] === EVERYONE) {
        this.#handOn()
        copyFrame(from, i, block)
        this.#pipeline.lookShared(block, this.#isOurs, this.#index === 0)
        block.count = 0
      }
    }
    this.#handOn()
    if (from.count > 0) this.#pipeline.expire(from.timeMicros[from.count - 1] ?? 0)
  }

  /** What was gathered goes before what comes next. */
  #handOn(): void {
    if (this.#block.count > 0) this.#pipeline.look(this.#block)
    this.#block.count = 0
  }
}

function copyFrame(
  from: PacketBlock,
  i: number,
  into: PacketBlock & { readonly flow: Int32Array },
): void {
  const at = into.count++
  into.start[at] = from.start[i] ?? 0
  into.caplen[at] = from.caplen[i] ?? 0
  into.wirelen[at] = from.wirelen[i] ?? 0
  into.timeMicros[at] = from.timeMicros[i] ?? 0
  into.linkType[at] = from.linkType[i] ?? 0
  into.flow[at] = from.flow?.[i] ?? 0
}
