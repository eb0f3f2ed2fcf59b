import type { OctetWriter } from '../base/octet-writer.js'
import type { LinesOutput } from '../output/lines-output.js'

/** Octets of lines that may wait for the parts before theirs until a reader of a file waits too; buffers are up to four times that. */
const WAITING_OCTETS = 32 << 20

/** Lines of one part that wait for the parts before it, with what to call once they are written. */
interface Piece {
  readonly bytes: Uint8Array
  readonly written: () => void
}

/** Writes parts in the order of their numbers, from 0, whatever order they come in. The first that is not over is never held. */
export class OrderedOutput {
  readonly #output: LinesOutput
  readonly #waiting = new Map<number, Piece[]>()
  readonly #ended = new Set<number>()
  /** Buffers that writers of ours can go on with. */
  readonly #spare: Uint8Array[] = []
  #part = 0
  #waitingOctets = 0
  /** Called when part #part is another. */
  #onward: (() => void)[] = []

  constructor(output: LinesOutput) {
    this.#output = output
  }

  /** Takes whole lines of `part`; `written` is called when they are out. @throws OutputClosed */
  take(part: number, bytes: Uint8Array, written: () => void): void {
    if (part === this.#part) {
      this.#write({ bytes, written })
      return
    }
    this.#waitingOctets += bytes.length
    const pieces = this.#waiting.get(part)
    if (pieces === undefined) this.#waiting.set(part, [{ bytes, written }])
    else pieces.push({ bytes, written })
  }

  /**
   * Takes all lines of a writer, and empties it. Where they have to wait and fill a good part of its buffer, that waits with
   * them, and the writer goes on with another; a few are copied, since thousands of small files may wait for a slow one.
   * @throws OutputClosed
   */
  takeOwn(part: number, lines: OctetWriter): void {
    const { bytes, len } = lines
    lines.len = 0
    if (part === this.#part) this.#output.write(bytes, len)
    else if (4 * len < bytes.length) {
      if (len > 0) this.take(part, bytes.slice(0, len), () => undefined)
    } else {
      lines.bytes = this.#spare.pop() ?? new Uint8Array(bytes.length)
      this.take(part, bytes.subarray(0, len), () => this.#spare.push(bytes))
    }
  }

  /** Resolves when there is room for more lines of `part`; undefined where there is. */
  room(part: number): Promise<void> | undefined {
    return this.#isFullFor(part) ? this.#waitForRoom(part) : undefined
  }

  /** Nothing more comes of `part`. @throws OutputClosed */
  end(part: number): void {
    this.#ended.add(part)
    while (this.#ended.delete(this.#part)) {
      this.#part++
      this.#writeWaiting(this.#part)
    }
    this.#goOn()
  }

  /** Nothing more comes of any part before `part`: all of theirs is written. @throws OutputClosed */
  endBefore(part: number): void {
    const parts = [...this.#waiting.keys()].filter((one) => one < part).sort((a, b) => a - b)
    for (const one of parts) this.#writeWaiting(one)
    for (const one of this.#ended) if (one < part) this.#ended.delete(one)
    this.#part = Math.max(this.#part, part)
    this.#goOn()
  }

  /** Who gives the part whose turn it is never waits: those before would wait for it. */
  #isFullFor(part: number): boolean {
    return part !== this.#part && this.#waitingOctets >= WAITING_OCTETS
  }

  async #waitForRoom(part: number): Promise<void> {
    while (this.#isFullFor(part))
      await new Promise<void>((resolve) => {
        this.#onward.push(resolve)
      })
  }

  #goOn(): void {
    const onward = this.#onward
    this.#onward = []
    for (const go of onward) go()
  }

  #writeWaiting(part: number): void {
    for (const piece of this.#waiting.get(part) ?? []) {
      this.#waitingOctets -= piece.bytes.length
      this.#write(piece)
    }
    this.#waiting.delete(part)
  }

  #write({ bytes, written }: Piece): void {
    this.#output.write(bytes, bytes.length)
    written()
  }
}
