/** Octets of lines in a slot: what is worth a message. */
export const LINE_SLOT_LEN = 1 << 18
/** Lines a worker may be ahead of what is printed, in slots: 16 MiB; then it waits. */
const SLOTS = 64
/** Behind the words of the slots: how often one was let go of. */
const RELEASES = SLOTS

/** Memory for the lines of one worker. */
export interface LineSlotsMemory {
  readonly octets: SharedArrayBuffer
  /** A word for each slot, 1 from when it is filled until it is written, and RELEASES. */
  readonly taken: SharedArrayBuffer
}

/** Lines on their way from a worker to the thread that prints them, in memory that both see: they are copied once. */
export class LineSlots {
  readonly memory: LineSlotsMemory
  readonly #octets: Uint8Array
  readonly #taken: Int32Array
  #releases = 0

  constructor(
    memory: LineSlotsMemory = {
      octets: new SharedArrayBuffer(SLOTS * LINE_SLOT_LEN),
      taken: new SharedArrayBuffer(4 * (SLOTS + 1)),
    },
  ) {
    this.memory = memory
    this.#octets = new Uint8Array(memory.octets)
    this.#taken = new Int32Array(memory.taken)
  }

  /** Copies at most LINE_SLOT_LEN octets into a slot. @returns its number, or -1 where none is free */
  fill(octets: Uint8Array): number {
    this.#releases = Atomics.load(this.#taken, RELEASES)
    // The first that is free: as long as the printing keeps up, that is one of few, and those stay in the cache.
    for (let slot = 0; slot < SLOTS; slot++) {
      if (Atomics.load(this.#taken, slot) !== 0) continue
      this.#octets.set(octets, slot * LINE_SLOT_LEN)
      Atomics.store(this.#taken, slot, 1)
      return slot
    }
    return -1
  }

  /** Waits until a slot was let go of since `fill`, for `ms` milliseconds at most. */
  wait(ms: number): void {
    Atomics.wait(this.#taken, RELEASES, this.#releases, ms)
  }

  /** What a slot holds, until it is let go of. */
  octetsOf(slot: number, length: number): Uint8Array {
    return this.#octets.subarray(slot * LINE_SLOT_LEN, slot * LINE_SLOT_LEN + length)
  }

  /** Lets go of a slot: its lines are written. */
  release(slot: number): void {
    Atomics.store(this.#taken, slot, 0)
    Atomics.add(this.#taken, RELEASES, 1)
    Atomics.notify(this.#taken, RELEASES)
  }
}
