import { LOSS_LINE_MILLIS } from '../../base/limits.js'

/** Logs frames lost on one interface: the first at once, then one line each LOSS_LINE_MILLIS at most. */
export class LossLog {
  readonly #interface: string
  readonly #log: (line: string) => void
  #total = 0
  #logged = 0
  #lineAt = -Infinity
  #line: NodeJS.Timeout | undefined

  constructor(name: string, log: (line: string) => void) {
    this.#interface = name
    this.#log = log
  }

  /** Takes note of `count` frames more. */
  add(count: number): void {
    if (count === 0) return
    this.#total += count
    if (this.#line !== undefined) return
    const wait = this.#lineAt + LOSS_LINE_MILLIS - performance.now()
    if (wait <= 0) this.#write()
    else this.#line = setTimeout(() => this.#write(), wait).unref()
  }

  /** Logs the frames that no line has yet. */
  close(): void {
    clearTimeout(this.#line)
    if (this.#total > this.#logged) this.#write()
  }

  #write(): void {
    this.#line = undefined
    this.#lineAt = performance.now()
    const total = this.#logged === 0 ? '' : `, ${this.#total} since the start`
    this.#log(
      `${this.#interface}: ${this.#total - this.#logged} frames lost${total}: they came faster than they were read; ` +
        'a larger --ring rides out bursts, fewer --ports or --fanout take load off',
    )
    this.#logged = this.#total
  }
}
