import { setImmediate } from 'node:timers/promises'
import type { OctetWriter } from '../base/octet-writer.js'
import { LINE_SLOT_LEN } from './line-slots.js'
import type { OrderedOutput } from './ordered-output.js'
import type { PartDesk } from './read-messages.js'
import type { ReadTally } from './read-tally.js'

/** The desk of the main thread where it reads beside workers: its lines wait for the parts before theirs, too. */
export class MainDesk implements PartDesk {
  part = 0
  /** Its lines always have room. */
  meanwhile: () => void = () => undefined
  readonly #tally: ReadTally
  readonly #output: OrderedOutput
  readonly #fail: (text: string) => void

  /** @param fail says why a file could not be read */
  constructor(tally: ReadTally, output: OrderedOutput, fail: (text: string) => void) {
    this.#tally = tally
    this.#output = output
    this.#fail = fail
  }

  get counters() {
    return this.#tally.counters
  }

  get octets(): number {
    return this.#tally.octets
  }

  set octets(octets: number) {
    this.#tally.octets = octets
  }

  get files(): number {
    return this.#tally.files
  }

  set files(files: number) {
    this.#tally.files = files
  }

  get failed(): number {
    return this.#tally.failed
  }

  take(lines: OctetWriter): void {
    if (lines.len >= LINE_SLOT_LEN) this.flush(lines)
  }

  room(): Promise<void> | undefined {
    return this.#output.room(this.part)
  }

  flush(lines: OctetWriter): void {
    this.#output.takeOwn(this.part, lines)
  }

  say(text: string): void {
    this.#tally.say(text)
  }

  fail(text: string): void {
    this.#fail(text)
  }

  endPart(lines: OctetWriter): Promise<void> {
    this.flush(lines)
    this.#output.end(this.part)
    return this.turn()
  }

  /** Hears what workers said. */
  turn(): Promise<void> {
    return setImmediate()
  }
}
