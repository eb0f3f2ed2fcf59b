import { LIVE_BLOCK_OCTETS } from '../base/limits.js'
import type { PacketBlock, PacketSource } from '../model/packet-block.js'
import { newPacketBlock } from '../model/packet-block.js'
import type { CaptureChild } from './capture-child.js'
import { PCAP_HEADER_LEN, PcapReader, readPcapHeader } from './pcap-reader.js'
import type { LiveOptions } from './supervisor.js'
import { Supervisor } from './supervisor.js'

/**
 * The frames of one live interface, captured by npm cap in a child process that is replaced when it ends.
 * Several interfaces are several sources. Times are those at which the child took the frames over.
 */
export class LiveSource implements PacketSource {
  /** cap cannot know what the kernel dropped. */
  readonly dropped = undefined
  readonly warnings: readonly string[] = []
  readonly #supervisor: Supervisor
  readonly #options: LiveOptions

  constructor(options: LiveOptions) {
    this.#options = options
    this.#supervisor = new Supervisor(options)
  }

  /** Process number of the capture child, if one captures now. */
  get childPid(): number | undefined {
    return this.#supervisor.pid
  }

  /**
   * Starts capturing; frames wait, within bounds, until `blocks` takes them.
   * @throws CaptureError NO_INTERFACE, NO_PERMISSION, NO_ENGINE, INTERFACE_DOWN or ENGINE_FAILED
   */
  open(): Promise<void> {
    return this.#supervisor.open()
  }

  /** Stops a capture whose blocks nobody takes. */
  close(): void {
    this.#supervisor.close()
  }

  /**
   * Blocks of at least one frame, as they come, until `signal` aborts; what the child holds then is still given.
   * @throws CaptureError as `open`, if it was not called before
   */
  async *blocks(signal: AbortSignal): AsyncGenerator<PacketBlock, void, void> {
    const block = newPacketBlock(new Uint8Array(LIVE_BLOCK_OCTETS))
    for await (const child of this.#supervisor.children(signal)) {
      yield* this.#blocksOf(child, block)
    }
  }

  async *#blocksOf(child: CaptureChild, block: PacketBlock): AsyncGenerator<PacketBlock> {
    const { bytes } = block
    let reader: PcapReader | undefined
    // octets that wait for the rest of their record are bytes[0, held)
    let held = 0
    for await (const chunk of child.chunks()) {
      for (let taken = 0; taken < chunk.length;) {
        const piece = Math.min(chunk.length - taken, bytes.length - held)
        bytes.set(
          taken === 0 && piece === chunk.length ? chunk : chunk.subarray(taken, taken + piece),
          held,
        )
        taken += piece
        held += piece
        let off = 0
        if (reader === undefined) {
          if (held < PCAP_HEADER_LEN) continue
          reader = new PcapReader(readPcapHeader(bytes, 0))
          off = PCAP_HEADER_LEN
        }
        for (;;) {
          block.count = 0
          off = reader.fill(block, off, held)
          if (block.count === 0) break
          yield block
        }
        if (reader.failure !== undefined) {
          // the child is a fence: what it says in error costs the child, not us
          this.#options.log(`${this.#options.interface}: bad capture stream: ${reader.failure}`)
          child.kill()
          return
        }
        bytes.copyWithin(0, off, held)
        held -= off
      }
    }
  }
}
