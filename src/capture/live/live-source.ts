import type { PacketBlock, PacketSource } from '../../model/packet-block.js'
import type { EngineName } from './child-message.js'
import { BadFrames } from './stream-frames.js'
import type { LiveOptions } from './live-options.js'
import { Supervisor } from './supervisor.js'

/**
 * The frames of one live interface, captured by a child process that is replaced when it ends. Several interfaces are
 * several sources. The times of npm cap's frames are those at which the child took them over; the native engine gives
 * the kernel's.
 */
export class LiveSource implements PacketSource {
  readonly warnings: readonly string[] = []
  readonly #supervisor: Supervisor
  readonly #options: LiveOptions

  constructor(options: LiveOptions) {
    this.#options = options
    this.#supervisor = new Supervisor(options)
  }

  /** Frames that were captured but not given, as far as they were told of; undefined with npm cap, which cannot know. */
  get dropped(): number | undefined {
    return this.#supervisor.dropped
  }

  /** What captures, once open. */
  get engine(): EngineName | undefined {
    return this.#supervisor.engine
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

  /**
   * Lets only frames from and to `ports` through from now on, without a gap; with npm cap, from the child's next start on.
   */
  watch(ports: readonly number[]): void {
    this.#supervisor.watch(ports)
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
    for await (const child of this.#supervisor.children(signal)) {
      try {
        // not `yield*`, which takes twice as many steps
        for await (const block of child.blocks()) yield block
      } catch (error) {
        if (!(error instanceof BadFrames)) throw error
        // the child is a fence: what it says in error costs the child, not us
        this.#options.log(`${this.#options.interface}: bad capture stream: ${error.message}`)
        child.kill()
      }
    }
  }
}
