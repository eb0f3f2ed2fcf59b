import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FdOutput, OutputError } from './fd-output.js'
import { PatientFile, reasonOf } from './retrying-file.js'
import type { Sink, SinkEvents } from './sink.js'

export interface RotatingFileOptions extends SinkEvents {
  readonly path: string
  /** Bytes and milliseconds after which a file is renamed and another begun; undefined: never. */
  readonly maxBytes?: number | undefined
  readonly everyMillis?: number | undefined
  /** Renamed files kept; undefined keeps all. */
  readonly keep?: number | undefined
  /** What stands at a file's begin and end. */
  readonly head: () => string
  readonly tail: () => string
  /** Whether a full disk costs rows, which a live capture must bear, rather than ending the run. */
  readonly isLive: boolean
  /** Bytes that wait while a live capture's disk is full. */
  readonly held: number
  readonly now: () => Date
}

const NAME_TIME = /\.\d{8}T\d{6}(\.\d+)?$/

/**
 * A file that rows are appended to. By size, by age or on request it is renamed to `NAME.20261130T140000` and another one
 * is begun, so that no row is in two files.
 */
export class RotatingFile implements Sink {
  readonly #options: RotatingFileOptions
  #fd = -1
  #length = 0
  #openedAt = 0
  #patient: PatientFile | undefined

  /** @throws OutputError if the file cannot be opened */
  constructor(options: RotatingFileOptions) {
    this.#options = options
    this.#open()
  }

  put(rows: readonly string[]): number {
    const { maxBytes = Infinity, everyMillis = Infinity, now } = this.#options
    let dropped = 0
    if (now().getTime() - this.#openedAt >= everyMillis) this.rotate()
    let from = 0
    let length = 0
    for (const [at, row] of rows.entries()) {
      const rowLength = Buffer.byteLength(row)
      if (this.#length + length + rowLength > maxBytes && this.#length + length > 0) {
        dropped += this.#write(rows.slice(from, at))
        this.rotate()
        from = at
        length = 0
      }
      length += rowLength
    }
    return dropped + this.#write(rows.slice(from))
  }

  /** Ends this file, renames it, and begins another. */
  rotate(): void {
    const { path, now } = this.#options
    this.#end()
    const stamp = now().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
    let name = `${path}.${stamp}`
    for (let n = 1; existsSync(name); n++) name = `${path}.${stamp}.${n}`
    if (existsSync(path)) renameSync(path, name)
    this.#prune()
    this.#open()
  }

  /** Opens the file anew under its name, for a program that renamed it (logrotate). */
  reopen(): void {
    this.#end()
    this.#open()
  }

  close(): Promise<number> {
    return Promise.resolve(this.#end())
  }

  #open(): void {
    const { path, isLive, held, head, now, onStuck, onFree } = this.#options
    try {
      mkdirSync(dirname(path), { recursive: true })
      this.#fd = openSync(path, 'a', 0o640)
    } catch (error) {
      throw new OutputError(error as NodeJS.ErrnoException, path)
    }
    this.#length = fstatSync(this.#fd).size
    this.#openedAt = now().getTime()
    this.#patient = isLive
      ? new PatientFile(this.#fd, {
          held,
          onStuck: (error) => onStuck?.(path, reasonOf(error)),
          onFree: ({ dropped }) => onFree?.(path, dropped),
        })
      : undefined
    if (this.#length === 0) this.#write([head()])
  }

  /** @returns rows lost */
  #end(): number {
    this.#write([this.#options.tail()])
    const lost = this.#patient?.close() ?? 0
    closeSync(this.#fd)
    return lost
  }

  #write(rows: readonly string[]): number {
    const bytes = Buffer.from(rows.join(''))
    if (bytes.length === 0) return 0
    this.#length += bytes.length
    if (this.#patient !== undefined) return this.#patient.put(bytes)
    new FdOutput(this.#fd).write(bytes, bytes.length)
    return 0
  }

  /** Removes the oldest renamed files beyond those to keep. */
  #prune(): void {
    const { path, keep } = this.#options
    if (keep === undefined) return
    const folder = dirname(path)
    const name = basename(path)
    const renamed = readdirSync(folder)
      .filter((entry) => entry.startsWith(`${name}.`) && NAME_TIME.test(entry))
      .sort()
    for (const entry of renamed.slice(0, Math.max(0, renamed.length - keep)))
      unlinkSync(join(folder, entry))
  }
}
