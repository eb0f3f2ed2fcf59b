import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { choose } from '../../src/cli/main.js'
import type { Finished } from '../hellotap.js'

/** What a command has printed so far. */
export type Printed = Omit<Finished, 'code'>

/**
 * Runs a command of the sources in this process, where coverage sees it; the packed program is what the other tests run.
 * @param words the command line after the program's name
 * @param beside what happens while it runs, given what it has printed: a command that serves ends by `stopCommand`
 */
export async function inProcess(
  words: readonly string[],
  beside?: (printed: () => Printed) => Promise<void>,
): Promise<Finished> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  const printed = () => ({
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
  })
  const restore = divert(out, err)
  try {
    const running = run(words, err)
    await beside?.(printed)
    return { code: await running, ...printed() }
  } finally {
    restore()
  }
}

/** Sends the running command what `kill` would send its process. */
export function stopCommand(): void {
  process.emit('SIGTERM', 'SIGTERM')
}

/** As `src/cli/start.ts` does, but for the process's exit code. */
async function run(words: readonly string[], err: Buffer[]): Promise<number> {
  try {
    const chosen = await choose(words)
    return typeof chosen === 'number' ? chosen : await chosen()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    err.push(Buffer.from(`hellotap: ${error.message}\n`))
    return error.name === 'ConfigError' ? 2 : 1
  }
}

/** Has what is written to stdout and stderr gathered. @returns what undoes it */
function divert(out: Buffer[], err: Buffer[]): () => void {
  const { writeSync } = fs
  const streams = [
    [process.stdout, out],
    [process.stderr, err],
  ] as const
  const listeners = new Map(
    (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const).map((name) => [
      name,
      process.listeners(name),
    ]),
  )
  fs.writeSync = ((fd: number, bytes: Uint8Array, at?: number, length?: number) => {
    if (fd !== 1 && fd !== 2) return writeSync(fd, bytes, at, length)
    const from = at ?? 0
    const end = from + (length ?? bytes.length - from)
    ;(fd === 1 ? out : err).push(Buffer.from(bytes.subarray(from, end)))
    return end - from
  }) as typeof fs.writeSync
  for (const [stream, gathered] of streams)
    stream.write = (text: string | Uint8Array) => gathered.push(Buffer.from(text)) > 0
  syncBuiltinESMExports()
  return () => {
    fs.writeSync = writeSync
    // the method of the prototype shows again
    for (const [stream] of streams) Reflect.deleteProperty(stream, 'write')
    syncBuiltinESMExports()
    for (const [name, kept] of listeners)
      for (const each of process.listeners(name)) if (!kept.includes(each)) process.off(name, each)
  }
}
