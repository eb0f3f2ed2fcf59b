import type { ByteWriter } from '../base/byte-writer.js'

/** Bytes of lines gathered before they are handed on. */
const BATCH_LEN = 1 << 18

/** Where a reader of captures puts its JSON lines. */
export interface LinesOutput {
  /** Takes the lines once there are enough of them, and empties the writer. @throws OutputClosed, OutputError */
  take(lines: ByteWriter): void
  /** Takes all lines there are, and empties the writer. @throws OutputClosed, OutputError */
  flush(lines: ByteWriter): void
  /** Takes the first `length` bytes, which are whole lines. @throws OutputClosed, OutputError */
  write(bytes: Uint8Array, length: number): void
  /** Resolves once there is room for more lines; undefined if there is. @throws OutputClosed, OutputError */
  room?(): Promise<void> | undefined
}

/** What takes JSON lines: outputs in other formats, the history. */
export interface LinesConsumer {
  /** Takes whole lines and is done with the bytes when it returns. A promise asks the caller to wait. */
  put(lines: Uint8Array): Promise<void> | undefined
  /** Writes what waits. */
  close(): Promise<void>
}

/** Hands the lines of a reader to several consumers. */
export class ConsumersOutput implements LinesOutput {
  readonly #consumers: readonly LinesConsumer[]
  #room: Promise<void> | undefined

  constructor(consumers: readonly LinesConsumer[]) {
    this.#consumers = consumers
  }

  take(lines: ByteWriter): void {
    if (lines.len >= BATCH_LEN) this.flush(lines)
  }

  flush(lines: ByteWriter): void {
    this.write(lines.bytes, lines.len)
    lines.len = 0
  }

  write(bytes: Uint8Array, length: number): void {
    if (length === 0) return
    const waits = this.#consumers.flatMap((each) => each.put(bytes.subarray(0, length)) ?? [])
    if (waits.length === 0) return
    const before = this.#room
    const room = Promise.all(before === undefined ? waits : [before, ...waits]).then(() => {
      if (this.#room === room) this.#room = undefined
    })
    // a rejection is thrown where the room is waited for
    room.catch(() => undefined)
    this.#room = room
  }

  room(): Promise<void> | undefined {
    return this.#room
  }

  async close(): Promise<void> {
    await this.#room
    for (const each of this.#consumers) await each.close()
  }
}
