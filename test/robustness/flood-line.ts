// A line on which frames of a flood and real hellos come to a pipeline. Real hellos come from 10.0.0.0/16, each from a port
// of its own, which tells them.

import { newCounters } from '../../src/base/counters.js'
import type { CounterName } from '../../src/base/counters.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import { Pipeline } from '../../src/pipeline.js'

/** Bytes of a frame's room in the block. */
const ROOM = 1536
/** Frames handed over at once, 6 MB of them. */
const BLOCK_FRAMES = 4_096
/** Frames a second of packet time: a fast flood on a fast link. */
const FRAMES_PER_SECOND = 500_000
/** Part of the real hellos that must be found. */
const LEAST_FOUND = 0.99

/** Takes frames, and looks at what comes out. */
export class FloodLine {
  frames = 0
  readonly #counters = newCounters()
  readonly #pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: new Set(['ja3', 'ja4']),
      keepHello: false,
      communityId: false,
      seed: 0x2468_ace0_1357,
    },
    this.#counters,
  )
  readonly #block = newPacketBlock(new Uint8Array(BLOCK_FRAMES * ROOM))
  readonly #found = new Set<number>()
  #mostResident = 0

  /** Lets `write` put a frame of `length` bytes where it is told to. */
  append(length: number, write: (bytes: Uint8Array, at: number) => void): void {
    const block = this.#block
    const at = block.count * ROOM
    write(block.bytes, at)
    block.start[block.count] = at
    block.caplen[block.count] = length
    block.wirelen[block.count] = length
    block.timeMicros[block.count] = 1.7e15 + Math.floor((this.frames * 1e6) / FRAMES_PER_SECOND)
    block.linkType[block.count] = 1
    block.count++
    this.frames++
    if (block.count === BLOCK_FRAMES) this.#hand()
  }

  /**
   * Ends the line and says what became of the `hellos` real ones after `what` was sent.
   * @returns whether nearly all were found within `mostMegabytes`, resident at any time
   */
  end(what: string, hellos: number, mostMegabytes: number): boolean {
    this.#hand()
    const { user, system } = process.cpuUsage()
    const found = this.#found.size
    const resident = this.#mostResident.toFixed(0)
    console.log(
      `${what}: ${found} found; ${resident} MB resident at most, ${((user + system) / 1e6).toFixed(1)} CPU s`,
    )
    for (const name of Object.keys(this.#counters) as CounterName[])
      if (/^hello|^quic/.test(name) && this.#counters[name] > 0)
        console.log(`  ${name} ${this.#counters[name]}`)
    return this.#mostResident <= mostMegabytes && found >= hellos * LEAST_FOUND
  }

  /** Gives the block to the pipeline and takes note of the real hellos among what comes out. */
  #hand(): void {
    this.#pipeline.take(this.#block)
    this.#block.count = 0
    const { lines } = this.#pipeline
    for (const [, port] of lines.text().matchAll(/"src":"10\.0\.\d+\.\d+","srcport":(\d+)/g))
      this.#found.add(Number(port))
    lines.len = 0
    this.#mostResident = Math.max(this.#mostResident, process.memoryUsage.rss() / 1e6)
  }
}
