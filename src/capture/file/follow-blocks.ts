import { closeSync, fstatSync, statSync, watch } from 'node:fs'
import type { Stats } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { PacketBlock } from '../../model/packet-block.js'
import { HEAD_LEN, formatOf, isCompression, startReader } from './capture-format.js'
import { FILE_ROOM, openToRead, readAt, readHead } from './file-blocks.js'
import { CaptureError } from '../capture-error.js'
import { FrameFeed, READ_BASE } from './frame-feed.js'
import type { Findings } from './stream-blocks.js'

/** Milliseconds after which the file is looked at again where the system tells nothing of changes (network mounts). */
const POLL_MS = 250

/**
 * The blocks of a capture file that is still being written, until `signal` aborts.
 *
 * An unfinished last record waits for its rest. Where the file is cut short, or another one takes its name, reading
 * starts over with that. A file cut and written past the old place within one poll is not noticed.
 * @throws CaptureError where it cannot be read, or is no plain capture
 */
export async function* followBlocks(
  path: string,
  findings: Findings,
  signal: AbortSignal,
): AsyncGenerator<PacketBlock> {
  while (!signal.aborted) {
    const fd = openToRead(path)
    try {
      const finished = yield* followOne(fd, path, findings, signal)
      if (finished) return
    } finally {
      closeSync(fd)
    }
  }
}

/** @returns true where nothing more can be read, false where reading starts over */
async function* followOne(
  fd: number,
  path: string,
  findings: Findings,
  signal: AbortSignal,
): AsyncGenerator<PacketBlock, boolean> {
  const opened = fstatSync(fd)
  let head = readHead(fd, path)
  while (head.length < HEAD_LEN) {
    if (isReplaced(opened, path)) return false
    await changed(path, signal)
    if (signal.aborted) return true
    head = readHead(fd, path)
  }
  const format = formatOf(head)
  if (format === 'zip' || isCompression(format))
    throw new CaptureError(
      'NOT_A_CAPTURE',
      `${path} is compressed and cannot be followed: follow the plain file, or pipe it to "-"`,
    )
  const { reader, skip } = startReader(head, findings.name, findings.linkType)
  findings.reader = reader
  const feed = new FrameFeed(reader, skip, FILE_ROOM)
  try {
    while (!signal.aborted) {
      // Asked before the read: what was written before the file was replaced is read to its end.
      const replaced = isReplaced(opened, path)
      const count = readAt(fd, path, feed.block.bytes, READ_BASE, FILE_ROOM, feed.taken)
      if (count > 0) {
        feed.add(count)
        while (feed.next()) yield feed.block
        if (feed.failed) {
          findings.warnings.push(...feed.warnings())
          return true
        }
        await setImmediate()
      } else if (replaced || fstatSync(fd).size < feed.taken) {
        findings.warnings.push(...feed.warnings())
        return false
      } else {
        await changed(path, signal)
      }
    }
  } finally {
    feed.close()
  }
  return true
}

/** Whether another file has taken the name since. A name without a file is still ours: the next one is on its way. */
function isReplaced(opened: Stats, path: string): boolean {
  const now = statSync(path, { throwIfNoEntry: false })
  return now !== undefined && (now.ino !== opened.ino || now.dev !== opened.dev)
}

/** Resolves when the file changes, after POLL_MS at the latest, or when `signal` aborts. */
function changed(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watchOf(path)
    const timer = setTimeout(done, POLL_MS)
    function done(): void {
      clearTimeout(timer)
      watcher?.close()
      signal.removeEventListener('abort', done)
      resolve()
    }
    watcher?.once('change', done)
    watcher?.once('error', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

function watchOf(path: string): ReturnType<typeof watch> | undefined {
  try {
    return watch(path)
  } catch {
    // No watches left, or a file system without them: the timer alone.
    return undefined
  }
}
