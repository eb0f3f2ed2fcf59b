import { writeSync } from 'node:fs'
import type { ByteWriter } from '../base/byte-writer.js'
import { reasonOf } from './retrying-file.js'

/** Bytes gathered before one write: fewer, larger system calls. */
const WRITE_LEN = 1 << 20

/** The reader of our output has closed it (`| head`): no fault of ours, but nothing more to do. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

/** Output that cannot be written, in a sentence with its remedy. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
  readonly code: string
  /** @param target which output, where there are several */
  constructor(cause: NodeJS.ErrnoException, target?: string) {
    super(
      target === undefined
        ? `the output cannot be written: ${reasonOf(cause)}. Make room on its disk, or write it elsewhere`
        : `the output ${target} cannot be written: ${reasonOf(cause)}`,
      { cause },
    )
    this.code = cause.code ?? ''
  }
}

/** Writes lines to a file descriptor, a mebibyte at a time. */
export class FdOutput {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  /** Takes the lines once there are enough of them, and empties the writer. @throws OutputClosed, OutputError */
  take(lines: ByteWriter): void {
    if (lines.len >= WRITE_LEN) this.flush(lines)
  }

  /** Takes all lines there are, and empties the writer. @throws OutputClosed, OutputError */
  flush(lines: ByteWriter): void {
    this.write(lines.bytes, lines.len)
    lines.len = 0
  }

  /** Writes the first `length` bytes. @throws OutputClosed, OutputError */
  write(bytes: Uint8Array, length: number): void {
    let at = 0
    while (at < length) {
      try {
        at += writeSync(this.#fd, bytes, at, length - at)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EPIPE') throw new OutputClosed('output closed', { cause: error })
        // the reader made the pipe non-blocking and is slower than we are
        if (code !== 'EAGAIN') throw new OutputError(error as NodeJS.ErrnoException)
        Atomics.wait(PAUSE, 0, 0, 1)
      }
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4))
