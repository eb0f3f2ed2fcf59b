import { closeSync, createReadStream, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import type { Readable } from 'node:stream'
import type { PacketBlock, PacketSource } from '../../model/packet-block.js'
import { CaptureError } from '../capture-error.js'
import { formatOf, isCompression } from './capture-format.js'
import { fileBlocks, openToRead, readHead } from './file-blocks.js'
import { followBlocks } from './follow-blocks.js'
import { folderError, readError } from './read-error.js'
import { streamBlocks } from './stream-blocks.js'
import type { Findings } from './stream-blocks.js'
import type { RecordReader } from './record-reader.js'

/** Bytes of a compressed file or a pipe asked for at once. */
const STREAM_LEN = 262_144

export interface OpenOptions {
  /** Where "-" is read from. */
  readonly stdin?: Readable
  /** LINKTYPE_ value to read all frames as, in place of what the capture says. */
  readonly linkType?: number
  /** Keep reading what is appended to the file, until the signal aborts. Not for compressed files. */
  readonly follow?: boolean
}

/**
 * Opens a saved capture: of any format and compression that formatOf() knows. "-" is stdin.
 *
 * A file is opened anew by each call of `blocks`; stdin can be read once.
 * @throws CaptureError where the file is missing, unreadable, a folder or empty, or is no capture
 */
export function openCapture(path: string, options: OpenOptions = {}): PacketSource {
  if (path === '-') {
    const { stdin } = options
    if (stdin === undefined)
      throw new CaptureError(
        'NOT_READABLE',
        'there is no stdin to read: name a file instead of "-"',
      )
    return openStream(stdin, 'stdin', options)
  }
  const found = statOf(path)
  if (found.isDirectory()) throw folderError(path)
  if (options.follow === true)
    return new SavedCapture(path, options, (findings, signal) =>
      followBlocks(path, findings, signal),
    )
  if (found.isFile() && !isCompressed(path))
    return new SavedCapture(path, options, (findings, signal) => fileBlocks(path, findings, signal))
  return new SavedCapture(path, options, (findings, signal) => {
    const stream = createReadStream(path, { highWaterMark: STREAM_LEN })
    return streamBlocks(read(stream, path, signal), findings, signal)
  })
}

/** Opens a saved capture that comes as bytes and can be read once. `name` is what messages call it. */
export function openStream(
  stream: Readable,
  name: string,
  options: Pick<OpenOptions, 'linkType'> = {},
): PacketSource {
  return new SavedCapture(name, options, (findings, signal) =>
    streamBlocks(read(stream, name, signal), findings, signal),
  )
}

/** A capture that can be read, and what was found out about it by reading. */
export class SavedCapture implements PacketSource, Findings {
  readonly name: string
  readonly linkType: number | undefined
  readonly warnings: string[] = []
  reader: RecordReader | undefined
  private readonly start: (findings: Findings, signal: AbortSignal) => AsyncIterable<PacketBlock>

  constructor(
    name: string,
    options: { readonly linkType?: number },
    start: (findings: Findings, signal: AbortSignal) => AsyncIterable<PacketBlock>,
  ) {
    this.name = name
    this.linkType = options.linkType
    this.start = start
  }

  /** What the interface statistics of a pcapng say was lost while it was written; undefined where nothing does. */
  get dropped(): number | undefined {
    return this.reader?.dropped
  }

  blocks(signal: AbortSignal): AsyncIterable<PacketBlock> {
    this.warnings.length = 0
    return this.start(this, signal)
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (error) {
    throw readError(path, error)
  }
}

/** Whether a regular file is compressed or an archive. @throws CaptureError where it cannot be read or is no capture */
function isCompressed(path: string): boolean {
  const fd = openToRead(path)
  try {
    const format = formatOf(readHead(fd, path))
    return format === 'zip' || isCompression(format)
  } finally {
    closeSync(fd)
  }
}

/** The chunks of a stream until it ends or `signal` aborts. @throws CaptureError where it fails */
async function* read(
  stream: Readable,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk
  } catch (error) {
    if (!signal.aborted) throw readError(name, error)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
