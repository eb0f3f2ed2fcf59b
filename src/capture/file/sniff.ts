import { closeSync, readSync, statSync } from 'node:fs'
import { formatOf, isCaptureFormat } from './capture-format.js'
import { decompress } from './compression/decompress.js'
import { openToRead } from './file-blocks.js'
import { openCapture } from './open-capture.js'
import { MAX_NESTED } from './stream-blocks.js'

/** Bytes looked at: the first block of a zstd frame must be whole, and has 128 KiB at most (RFC 8878 §3.1.1.2.4). */
const SNIFF_LEN = 132_096

/** Whether the regular file holds a capture, plain or compressed. A file that cannot be read does not. */
export async function isCapture(path: string): Promise<boolean> {
  let head = new Uint8Array(SNIFF_LEN)
  try {
    // Opening a pipe waits for its writer.
    if (!statSync(path).isFile()) return false
    const fd = openToRead(path)
    try {
      head = head.subarray(0, readSync(fd, head, 0, SNIFF_LEN, 0))
    } finally {
      closeSync(fd)
    }
    return await holdsCapture(head, 0)
  } catch {
    return false
  }
}

/** Capture time of the first packet, microseconds since the epoch; undefined where there is none to be read. */
export async function firstPacketMicros(path: string): Promise<number | undefined> {
  try {
    const source = openCapture(path)
    for await (const block of source.blocks(new AbortController().signal))
      return block.timeMicros[0]
  } catch {
    // The reader of the file reports what is wrong with it.
  }
  return undefined
}

/** Whether what begins with `head` is a capture, or compressed and one within. */
async function holdsCapture(head: Uint8Array, depth: number): Promise<boolean> {
  const format = formatOf(head)
  if (isCaptureFormat(format)) return true
  if (format === undefined || depth === MAX_NESTED) return false
  if (format === 'zip') {
    try {
      const { zipMembers } = await import('./compression/zip.js')
      for await (const { bytes } of zipMembers(once(head)))
        if (await holdsCapture(await firstOf(bytes), depth + 1)) return true
    } catch {
      // the archive goes on behind what is looked at, or is damaged: its reader reports that
    }
    return false
  }
  return holdsCapture(await firstOf(decompress(format, once(head), [])), depth + 1)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

async function firstOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const chunk of chunks) return chunk
  return new Uint8Array(0)
}
