import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { Sighting } from '../src/model/sighting.js'
import { HELLOTAP } from './installed.js'

export { HELLOTAP }

/** What a finished command said. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `hellotap ARGS` to its end. `input` becomes its stdin. */
export function hellotap(
  args: readonly string[],
  options: SpawnOptions & { input?: Uint8Array } = {},
): Promise<Finished> {
  return finished(
    spawn(process.execPath, [HELLOTAP, ...args], { stdio: 'pipe', ...options }),
    options.input,
  )
}

/** Waits for a process and gathers what it says. */
export function finished(child: ChildProcess, input?: Uint8Array): Promise<Finished> {
  return new Promise((settle, fail) => {
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', fail)
    child.once('close', (code) =>
      settle({
        code,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
    // a program that does not read its stdin closes it: no fault of the test
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** A port of the loopback nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The sightings of JSON lines. */
export function sightingsIn(lines: string): Sighting[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sighting)
}

/** How often each value occurs. */
export function tally(values: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value ?? 'none'] = (counts[value ?? 'none'] ?? 0) + 1
  return counts
}

/** A running program, stopped by its own pid. */
export class Daemon {
  readonly child: ChildProcess
  readonly #closed: Promise<number | null>
  output = ''

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    this.child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    this.child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    this.#closed = new Promise((settle) => {
      this.child.once('error', (error) => {
        this.output += error.message
        settle(null)
      })
      this.child.once('close', (code) => settle(code))
    })
  }

  /** Waits until `pattern` is in what it said. @throws Error with all it said, after `ms` or when it ended */
  async says(pattern: RegExp, ms = 10_000): Promise<void> {
    const until = Date.now() + ms
    while (!pattern.test(this.output)) {
      if (Date.now() > until || this.child.exitCode !== null)
        throw new Error(
          `${String(pattern)} was not said; exit ${this.child.exitCode}:\n${this.output}`,
        )
      await new Promise((settle) => setTimeout(settle, 20))
    }
  }

  /** Waits until it ends by itself. @returns the exit code */
  ended(): Promise<number | null> {
    return this.#closed
  }

  /** Sends `signal` and waits for the end. @returns the exit code */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.#closed
  }
}
