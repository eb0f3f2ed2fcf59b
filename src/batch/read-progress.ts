import type { SingleBar } from 'cli-progress'

/** Milliseconds a reading takes before its progress is shown, and between two looks at it. */
const FIRST_MS = 1_000
const EVERY_MS = 250

/** How far a reading is. */
export interface Done {
  /** Bytes of file read. */
  readonly bytes: number
  readonly hellos: number
}

/** Progress of a long reading on a terminal: bytes, rate, hellos and time left. */
export class ReadProgress {
  readonly #total: number | undefined
  readonly #stream: NodeJS.WriteStream
  #timer: NodeJS.Timeout | undefined
  #bar: SingleBar | undefined
  #isOver = false

  /** @param total bytes to be read, undefined where that cannot be known */
  constructor(total: number | undefined, stream: NodeJS.WriteStream) {
    this.#total = total
    this.#stream = stream
  }

  /** Begins to ask, now and then, what is done. */
  start(ask: () => Done): void {
    const begun = performance.now()
    const total = this.#total ?? 0
    const look = () => {
      const { bytes, hellos } = ask()
      const rate = bytes / ((performance.now() - begun) / 1000)
      const payload = {
        done: inMegabytes(bytes),
        all: inMegabytes(total),
        rate: inMegabytes(rate),
        hellos: String(hellos),
      }
      this.#bar?.update(Math.min(bytes, total || bytes), payload)
    }
    const open = async () => {
      const { SingleBar } = (await import('cli-progress')).default
      if (this.#isOver) return
      this.#bar = new SingleBar({
        stream: this.#stream,
        format:
          total > 0
            ? '{bar} {percentage}% | {done} of {all} | {rate}/s | {hellos} hellos | {eta_formatted} left'
            : '{done} | {rate}/s | {hellos} hellos',
        barsize: 20,
        barCompleteChar: '#',
        barIncompleteChar: '.',
        clearOnComplete: true,
        // ours is the signal that stops the reading
        gracefulExit: false,
      })
      const begin = { done: '0 MB', all: inMegabytes(total), rate: '0 MB', hellos: '0' }
      this.#bar.start(total, 0, begin)
      look()
      this.#timer = setInterval(look, EVERY_MS).unref()
    }
    this.#timer = setTimeout(() => void open(), FIRST_MS).unref()
  }

  /** Makes way for a line; the bar is drawn again below it. */
  clear(): void {
    if (this.#bar !== undefined) this.#stream.write('\r\x1b[K')
  }

  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#bar?.stop()
  }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
