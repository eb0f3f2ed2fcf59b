import type { OctetWriter } from '../base/octet-writer.js'
import type { FdOutput } from '../output/fd-output.js'

/** Lines of one part that wait for the parts before it, with what to call once they are written. */
interface Piece {
  readonly bytes: Uint8Array
  readonly written: () => void
}

/** Writes parts in the order of their numbers, from 0, whatever order they come in. The first that is not over is never held. */
export class OrderedOutput {
  readonly #output: FdOutput
  readonly #waiting = new Map<number, Piece[]>()
  readonly #ended = new Set<number>()
  /** Buffers that writers of ours can go on with. */
  readonly #spare: Uint8Array[] = []
  #part = 0

  constructor(output: FdOutput) {
    this.#output = output
  }

  /** Takes whole lines of `part`; `written` is called when they are out. @throws OutputClosed */
  take(part: number, bytes: Uint8Array, written: () => void): void {
    if (part === this.#part) {
      this.#write({ bytes, written })
      return
    }
    const pieces = this.#waiting.get(part)
    if (pieces === undefined) this.#waiting.set(part, [{ bytes, written }])
    else pieces.push({ bytes, written })
  }

  /**
   * Takes all lines of a writer, and empties it. Where they have to wait it goes on with another buffer: new ones for each
   * half megabyte of copies took a twentieth of the time.
   * @throws OutputClosed
   */
  takeOwn(part: number, lines: OctetWriter): void {
    const { bytes, len } = lines
    lines.len = 0
    if (part === this.#part) this.#output.write(bytes, len)
    else if (len > 0) {
      lines.bytes = this.#spare.pop() ?? new Uint8Array(bytes.length)
      this.take(part, bytes.subarray(0, len), () => this.#spare.push(bytes))
    }
  }

  /** Nothing more comes of `part`. @throws OutputClosed */
  end(part: number): void {
    this.#ended.add(part)
    while (this.#ended.delete(this.#part)) {
      this.#part++
      this.#writeWaiting(this.#part)
    }
  }

  /** Nothing more comes of any part before `part`: all of theirs is written. @throws OutputClosed */
  endBefore(part: number): void {
    const parts = [...this.#waiting.keys()].filter((one) => one < part).sort((a, b) => a - b)
    for (const one of parts) this.#writeWaiting(one)
    for (const one of this.#ended) if (one < part) this.#ended.delete(one)
    this.#part = Math.max(this.#part, part)
  }

  #writeWaiting(part: number): void {
    for (const piece of this.#waiting.get(part) ?? []) this.#write(piece)
    this.#waiting.delete(part)
  }

  #write({ bytes, written }: Piece): void {
    this.#output.write(bytes, bytes.length)
    written()
  }
}
