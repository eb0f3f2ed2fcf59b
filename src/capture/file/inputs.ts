import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CaptureError } from '../capture-error.js'
import { readError } from './read-error.js'
import { inCaptureOrder } from './ring-buffer.js'
import { isCapture } from './sniff.js'

/** What command-line arguments name. */
export interface Inputs {
  /** Capture files in the order they are to be read. */
  readonly files: readonly string[]
  /** A sentence for each folder or glob that held files which are no captures. */
  readonly notes: readonly string[]
  /** Why an argument names nothing, for each that does not. */
  readonly failures: readonly CaptureError[]
}

/**
 * The capture files that command-line arguments name.
 *
 * An argument is a file, a folder (all captures under it, told by content, by path in code-unit order), a glob, or "-".
 * Symbolic links to folders are not followed.
 * Files of one ring buffer then change places among themselves so that they follow capture time. A file named as such
 * is taken unseen; a file named twice is read once.
 */
export async function expandInputs(args: readonly string[]): Promise<Inputs> {
  const files = new Set<string>()
  const notes: string[] = []
  const failures: CaptureError[] = []
  for (const arg of args) {
    try {
      for (const file of await expand(arg, notes)) files.add(file)
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      failures.push(error)
    }
  }
  return { files: await inCaptureOrder([...files]), notes, failures }
}

/** @throws CaptureError where the argument names nothing */
async function expand(arg: string, notes: string[]): Promise<string[]> {
  if (arg === '-') return [arg]
  let found
  try {
    found = statSync(arg)
  } catch (error) {
    // A name that exists is never a pattern, whatever characters it has; only others need the package.
    const { glob, isDynamicPattern } = await import('tinyglobby')
    if (!isDynamicPattern(arg)) throw readError(arg, error)
    return capturesAmong(await glob(arg, { expandDirectories: false }), arg, notes)
  }
  if (!found.isDirectory()) return [arg]
  return capturesAmong(pathsUnder(arg), arg, notes)
}

/** All under `folder` that is not a folder; links to folders are not followed. @throws CaptureError where one cannot be read */
function pathsUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    throw readError(folder, error)
  }
}

async function capturesAmong(paths: string[], arg: string, notes: string[]): Promise<string[]> {
  const captures: string[] = []
  for (const path of paths.sort(byCodeUnit)) if (await isCapture(path)) captures.push(path)
  if (captures.length === 0)
    throw new CaptureError(
      'NOT_FOUND',
      `no capture found in ${arg}: pcap and pcapng are, plain or in gzip or zstd`,
    )
  const others = paths.length - captures.length
  if (others > 0)
    notes.push(`${arg}: ${others} of ${paths.length} files are not captures and were left out`)
  return captures
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
