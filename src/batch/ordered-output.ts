import type { LinesOutput } from '../output/lines-output.js'

/** Lines of one part that wait for the parts before it, with what to call once they are written. */
interface Piece {
  readonly bytes: Uint8Array
  readonly onWritten: () => void
}

/** Writes parts in the order of their numbers, from 0, whatever order their lines arrive in. */
export class OrderedOutput {
  readonly #output: LinesOutput
  readonly #waiting = new Map<number, Piece[]>()
  readonly #ended = new Set<number>()
  /** The part whose turn it is: its lines are written at once. */
  #part = 0

  constructor(output: LinesOutput) {
    this.#output = output
  }

  /** Takes whole lines of `part`; calls `onWritten` once they are written. @throws OutputClosed, OutputError */
  take(part: number, bytes: Uint8Array, onWritten: () => void): void {
    const piece = { bytes, onWritten }
    const pieces = this.#waiting.get(part)
    if (part === this.#part) this.#write(piece)
    else if (pieces === undefined) this.#waiting.set(part, [piece])
    else pieces.push(piece)
  }

  /** Marks `part` as complete. @throws OutputClosed, OutputError */
  end(part: number): void {
    this.#ended.add(part)
    while (this.#ended.delete(this.#part)) {
      this.#part++
      for (const piece of this.#waiting.get(this.#part) ?? []) this.#write(piece)
      this.#waiting.delete(this.#part)
    }
  }

  #write({ bytes, onWritten }: Piece): void {
    this.#output.write(bytes, bytes.length)
    onWritten()
  }
}
