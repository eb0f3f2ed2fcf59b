// What goes wrong with a store, drilled with real processes: `hellotap read -` is fed a capture piece by piece, something
// happens to its Redis meanwhile, and every sighting must be accounted for at the end.

import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSightingStore } from '../../src/sighting-store.js'
import { HELLOTAP } from '../hellotap.js'
import { until } from '../store/redis-server.js'

export const HELLOS = 6000
const PIECES = 30
const PIECE_MILLIS = 40
const LIMITS = { ttlSeconds: 86_400, perIp: 1000, spool: 1 }

let capture: Buffer | undefined

/** A capture of HELLOS hellos, each of a client of its own. */
export function captureBytes(): Buffer {
  if (capture === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-drill-'))
    const file = join(folder, 'hellos.pcap')
    const generator = resolve(import.meta.dirname, '../../tools/bench/gen-hellos.mjs')
    execFileSync(process.execPath, [generator, file, String(HELLOS)])
    capture = readFileSync(file)
    rmSync(folder, { recursive: true })
  }
  return capture
}

/** What became of the sightings of one reader, by what it printed. */
export interface Account {
  readonly in: number
  readonly stored: number
  readonly merged: number
  readonly too_old: number
  readonly refused: number
  readonly dropped: number
  readonly lost: number
}

/** A `hellotap read -` that writes to a store. */
export class Reader {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #said = ''
  #at = 0

  constructor(url: string, ...args: readonly string[]) {
    // the URL may hold a password: never by argv
    const env = { ...process.env, HELLOTAP_REDIS: url }
    const words = ['read', '-', '--as-of', 'now', ...args]
    this.#child = spawn(process.execPath, [HELLOTAP, ...words], { env, stdio: 'pipe' })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    this.#child.stdin?.on('error', () => undefined)
    this.#ended = once(this.#child, 'close')
  }

  /** Feeds pieces of the capture up to a part of it, one every few milliseconds. */
  async feed(part: number): Promise<void> {
    const bytes = captureBytes()
    const end = Math.floor(bytes.length * part)
    while (this.#at < end) {
      const next = Math.min(end, this.#at + Math.ceil(bytes.length / PIECES))
      this.#child.stdin?.write(bytes.subarray(this.#at, next))
      this.#at = next
      await sleep(PIECE_MILLIS)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async gone(): Promise<void> {
    await this.#ended
  }

  /** Ends the capture, waits for the reader's end. @returns its account */
  async end(): Promise<Account> {
    this.#child.stdin?.end()
    await this.#ended
    const hellos = /([\d,]+) hellos?\b/.exec(this.#said)?.[1]?.replaceAll(',', '')
    const line =
      /store: (\d+) stored, (\d+) known already, (\d+) too old, (\d+) refused, (\d+) dropped, (\d+) lost/.exec(
        this.#said,
      )
    if (hellos === undefined || line === null) throw new Error(`the reader said: ${this.#said}`)
    const [stored = 0, merged = 0, too_old = 0, refused = 0, dropped = 0, lost = 0] = line
      .slice(1)
      .map(Number)
    return { in: Number(hellos), stored, merged, too_old, refused, dropped, lost }
  }
}

/** The sightings that a store counts. */
export async function heldIn(url: string): Promise<number> {
  let held = -1
  await until(
    async () => {
      const store = await openSightingStore(url, LIMITS).catch(() => undefined)
      try {
        held = (await store?.total()) ?? -1
      } catch {
        held = -1
      } finally {
        await store?.close()
      }
      return held >= 0
    },
    20_000,
    'an answer of the store',
  )
  return held
}

/** The sum of several readers. */
export function sumOf(accounts: readonly Account[]): Account {
  const sum = { in: 0, stored: 0, merged: 0, too_old: 0, refused: 0, dropped: 0, lost: 0 }
  for (const account of accounts)
    for (const name of Object.keys(sum) as (keyof Account)[]) sum[name] += account[name]
  return sum
}

/**
 * The account in a line.
 *
 * @param isCut whether the reader ended while Redis was unreachable: Redis may hold sightings whose answer never came, of
 *   those that count as dropped
 * @throws Error where a sighting is not accounted for
 */
export function settle(account: Account, held: number, isCut = false): string {
  const { stored, merged, too_old, refused, dropped, lost } = account
  const line =
    `${account.in} sightings in = ${stored} stored + ${merged} merged + ${too_old} too old + ${refused} refused` +
    ` + ${dropped} dropped; ${lost} of the stored lost, ${held} held`
  const unanswered = held - (stored - lost)
  const isHeld = isCut ? unanswered >= 0 && unanswered <= dropped : unanswered === 0
  if (account.in !== stored + merged + too_old + refused + dropped || !isHeld)
    throw new Error(`not accounted for: ${line}`)
  return line
}
