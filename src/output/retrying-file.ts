import { fstatSync, writeSync } from 'node:fs'
import { ByteWriter } from '../base/byte-writer.js'

/** Milliseconds between two tries to write to a disk that had no room. */
const RETRY_MILLIS = 1_000
/** What time heals: no room on the disk or in the quota, and a disk that fails. */
const PASSING = ['ENOSPC', 'EDQUOT', 'EIO']
const NEWLINE = 0x0a

/** A time in which lines could not be written. */
export interface Stuck {
  readonly millis: number
  /** Lines let go in it. */
  readonly dropped: number
}

/** Who is told of it, once each time. */
export interface PatientFileOptions {
  /** Bytes of lines that wait at most, besides one that is written in part. */
  readonly held: number
  readonly onStuck?: (error: NodeJS.ErrnoException) => void
  readonly onFree?: (stuck: Stuck) => void
}

/** The system's words for why a write failed. */
export function reasonOf({ message }: NodeJS.ErrnoException): string {
  return /^\w+: ([^,]+)/.exec(message)?.[1] ?? message
}

/** Whether a descriptor is a file's, which writes at once or not at all; a pipe's reader may be slow, and may be gone. */
export function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}

/**
 * A file that whole lines are appended to, for months: while there is no room for them on the disk they wait within a
 * bound, then the newest are let go and counted, and when there is room again writing goes on where it stopped.
 */
export class PatientFile {
  readonly #fd: number
  readonly #options: PatientFileOptions
  /** What waits; its first line may be written in part. */
  readonly #waiting = new ByteWriter(1 << 12)
  #timer: NodeJS.Timeout | undefined
  #stuckAt = 0
  #dropped = 0

  constructor(fd: number, options: PatientFileOptions) {
    this.#fd = fd
    this.#options = options
  }

  /**
   * Writes whole lines, keeps them, or lets them go. @returns how many were let go
   * @throws NodeJS.ErrnoException where the fault is none that time heals
   */
  put(lines: Uint8Array): number {
    if (this.#timer !== undefined) return this.#hold(lines, 0)
    const written = this.#write(lines, lines.length)
    return written < lines.length ? this.#hold(lines, written) : 0
  }

  /** Tries to write what waits, for the last time. @returns lines that were not written */
  close(): number {
    if (this.#timer === undefined) return 0
    this.#retry()
    clearInterval(this.#timer)
    this.#timer = undefined
    const { bytes, len } = this.#waiting
    return countLines(bytes, 0, len)
  }

  /** @returns bytes that there was room for */
  #write(bytes: Uint8Array, length: number): number {
    let at = 0
    try {
      while (at < length) at += writeSync(this.#fd, bytes, at, length - at)
    } catch (error) {
      if (!PASSING.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      if (this.#timer === undefined) this.#begin(error as NodeJS.ErrnoException)
    }
    return at
  }

  #begin(error: NodeJS.ErrnoException): void {
    this.#stuckAt = performance.now()
    this.#dropped = 0
    this.#timer = setInterval(() => this.#retry(), RETRY_MILLIS).unref()
    this.#options.onStuck?.(error)
  }

  #retry(): void {
    const waiting = this.#waiting
    const written = this.#write(waiting.bytes, waiting.len)
    waiting.bytes.copyWithin(0, written, waiting.len)
    waiting.len -= written
    if (waiting.len > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    const millis = Math.round(performance.now() - this.#stuckAt)
    this.#options.onFree?.({ millis, dropped: this.#dropped })
  }

  /** Keeps the lines from `from` on as far as there is room, a line begun in any case. @returns how many were let go */
  #hold(lines: Uint8Array, from: number): number {
    const isBegun = from > 0 && lines[from - 1] !== NEWLINE
    let end = isBegun ? lines.indexOf(NEWLINE, from) + 1 : from
    const room = this.#options.held - this.#waiting.len
    const last = Math.min(lines.length, from + Math.max(0, room))
    end = Math.max(end, lines.lastIndexOf(NEWLINE, last - 1) + 1)
    this.#waiting.copy(lines, from, end)
    const dropped = countLines(lines, end, lines.length)
    this.#dropped += dropped
    return dropped
  }
}

function countLines(bytes: Uint8Array, from: number, end: number): number {
  let count = 0
  for (let at = from; at < end; at++) if (bytes[at] === NEWLINE) count++
  return count
}
