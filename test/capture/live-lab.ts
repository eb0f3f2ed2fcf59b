// Two network namespaces of our own, joined by a veth pair, with a live source in the first: real interfaces to take
// down, real packets to find. Everything made here is removed by close().
//
//   namespace A, va 10.99.0.1 fd99::1 ──────── vb 10.99.0.2 fd99::2, namespace B

import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Counters } from '../../src/base/counters.js'
import type { CaptureError } from '../../src/capture/capture-error.js'
import type { EngineName } from '../../src/capture/live/child-message.js'
import type { Gap } from '../../src/capture/live/gaps.js'
import type { LiveOptions } from '../../src/capture/live/live-options.js'

export interface LiveFrame {
  /** Hex. */
  readonly bytes: string
  /** Bytes it had on the wire. */
  readonly wirelen: number
  readonly timeMicros: number
  readonly linkType: number
  /** Monotonic clock when the block was there, milliseconds. */
  readonly at: number
}

interface Report {
  readonly open?: true
  readonly end?: true
  readonly error?: { readonly code: CaptureError['code']; readonly message: string }
  readonly log?: string
  readonly gap?: Gap
  readonly frames?: readonly Omit<LiveFrame, 'at'>[]
  readonly at?: number
  readonly childPid?: number
  readonly dropped?: number
  readonly engine?: EngineName
  readonly counters: Counters
}

export function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** A live source in a process of its own, and all it reported. */
export class Runner {
  readonly frames: LiveFrame[] = []
  readonly gaps: Gap[] = []
  readonly logs: string[] = []
  readonly process: ChildProcess
  isOpen = false
  hasEnded = false
  error: Report['error']
  childPid = 0
  /** As the source tells. */
  dropped: number | undefined
  engine: EngineName | undefined
  counters: Partial<Counters> = {}
  #changed: () => void = () => undefined

  /** `prefix` is the command that puts node where it shall run: `ip netns exec NAME`, for instance. */
  constructor(prefix: readonly string[], options: Partial<LiveOptions>, program?: string) {
    const runner = program ?? fileURLToPath(new URL('./live-runner.ts', import.meta.url))
    const words = [
      ...prefix,
      process.execPath,
      '--import',
      createRequire(import.meta.url).resolve('tsx'),
      runner,
      JSON.stringify(options),
    ]
    this.process = spawn(words[0] ?? process.execPath, words.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.process.on('message', (report: Report) => this.#take(report))
    this.process.on('exit', () => this.#changed())
  }

  #take(report: Report): void {
    if (report.open) this.isOpen = true
    if (report.end) this.hasEnded = true
    if (report.error) this.error = report.error
    if (report.log !== undefined) this.logs.push(report.log)
    if (report.gap) this.gaps.push(report.gap)
    for (const frame of report.frames ?? []) this.frames.push({ ...frame, at: report.at ?? 0 })
    this.childPid = report.childPid ?? 0
    this.dropped = report.dropped
    this.engine = report.engine
    this.counters = report.counters
    this.#changed()
  }

  /** Waits until `condition` holds after some report. */
  async until(what: string, condition: () => boolean, millis = 10_000): Promise<void> {
    const late = performance.now() + millis
    while (!condition()) {
      const left = late - performance.now()
      if (left <= 0 || this.process.exitCode !== null)
        throw new Error(`waited in vain until ${what}; log: ${this.logs.join(' | ')}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50))
        this.#changed = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async opened(): Promise<this> {
    await this.until('it is open', () => this.isOpen || this.error !== undefined)
    if (this.error) throw new Error(this.error.message)
    return this
  }

  /** The error the source began with. */
  async failed(): Promise<NonNullable<Report['error']>> {
    await new Promise((resolve) => this.process.once('exit', resolve))
    if (!this.error) throw new Error('it did not fail')
    return this.error
  }

  /** Stops the source as SIGTERM would, and waits for its last block. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exited = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.send({ stop: true })
    await exited
  }

  /** Sequence numbers of the sender's datagrams among the frames, each once, in order of coming. */
  sequences(frames: readonly LiveFrame[] = this.frames): number[] {
    return [...new Set(frames.flatMap((frame) => datagramOf(frame)?.sequence ?? []))]
  }
}

/** What datagram-sender.mjs put into this frame, over IPv4 on Ethernet with any VLAN tags. */
export function datagramOf(frame: LiveFrame) {
  const bytes = Buffer.from(frame.bytes, 'hex')
  let off = 12
  while (bytes.length > off + 4 && bytes.readUInt16BE(off) === 0x8100) off += 4
  if (bytes.length < off + 44 || bytes.readUInt16BE(off) !== 0x0800) return undefined
  if (bytes[off + 11] !== 17 || bytes[off + 30] !== 0xc0) return undefined
  return {
    sequence: bytes.readUInt32BE(off + 31),
    sentMillis: bytes.readDoubleBE(off + 35) / 1e3,
  }
}

let labs = 0

/** The two namespaces. */
export class Lab {
  readonly a = `hellotap-${process.pid}-${++labs}a`
  readonly b = `hellotap-${process.pid}-${labs}b`
  readonly #processes: ChildProcess[] = []
  readonly #runners: Runner[] = []

  constructor() {
    ip('netns', 'add', this.a)
    ip('netns', 'add', this.b)
    for (const name of [this.a, this.b]) ip('-n', name, 'link', 'set', 'lo', 'up')
    this.addPair()
  }

  /** Makes the veth pair, as at the start. */
  addPair(): void {
    ip('-n', this.a, 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb', 'netns', this.b)
    for (const [name, link, host] of [
      [this.a, 'va', 1],
      [this.b, 'vb', 2],
    ] as const) {
      ip('-n', name, 'address', 'add', `10.99.0.${host}/24`, 'dev', link)
      ip('-n', name, 'address', 'add', `fd99::${host}/64`, 'dev', link, 'nodad')
      ip('-n', name, 'link', 'set', link, 'up')
    }
  }

  /** No frame but those sent from here on: IPv6 speaks by itself (MLD, which any in-kernel filter has to pass). */
  quiet(): void {
    for (const name of [this.a, this.b])
      this.exec(name, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6')
  }

  run(options: Partial<LiveOptions>, program?: string): Runner {
    const runner = new Runner(['ip', 'netns', 'exec', this.a], options, program)
    this.#runners.push(runner)
    return runner
  }

  /** Starts a command in a namespace; it is ended with the lab. */
  spawn(namespace: string, command: string, ...args: string[]): ChildProcess {
    const process = spawn('ip', ['netns', 'exec', namespace, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#processes.push(process)
    return process
  }

  /** Runs a command in a namespace to its end. */
  exec(namespace: string, command: string, ...args: string[]): Buffer {
    return execFileSync('ip', ['netns', 'exec', namespace, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Starts datagrams from B to A. Resolves, where `count` is given, with how many were sent. */
  async send(options: object): Promise<number> {
    const program = fileURLToPath(new URL('./datagram-sender.mjs', import.meta.url))
    const to = { host: '10.99.0.1', port: 443, ...options }
    const sender = this.spawn(this.b, process.execPath, program, JSON.stringify(to))
    if (!('count' in options)) return 0
    const chunks: Buffer[] = []
    sender.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise((resolve) => sender.once('close', resolve))
    return Number(Buffer.concat(chunks).toString())
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop().catch(() => undefined)))
    for (const process of this.#processes) process.kill('SIGKILL')
    for (const name of [this.a, this.b]) ip('netns', 'delete', name)
  }
}
