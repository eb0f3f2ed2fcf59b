import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { CHILD_OPEN_MILLIS, CHILD_STOP_MILLIS, HEARTBEATS_MISSED } from '../base/limits.js'
import type { CaptureError } from './capture-error.js'
import type { ChildMessage, ChildOptions } from './child-message.js'
import { interfaceIndex, interfaceState } from './interfaces.js'

/** Why an interface stopped being captured. */
export type GapReason = 'interface-down' | 'interface-gone' | 'child-crashed' | 'child-silent'

/** How a capture child ended. */
export interface ChildExit {
  readonly reason: GapReason
  /** Signal or exit code, and the last line it wrote to stderr. */
  readonly detail: string
  /** When, by the wall clock and by the monotonic one, milliseconds. */
  readonly wallMillis: number
  readonly monotonicMillis: number
}

/** What the child said it cannot do: libpcap's words, or Node's where the engine could not be loaded. */
export class OpenRefused extends Error {
  override readonly name = 'OpenRefused'
  readonly code: CaptureError['code'] | undefined
  constructor(message: string, code?: CaptureError['code']) {
    super(message)
    this.code = code
  }
}

// From src it runs through tsx, from dist by itself.
const FROM_SOURCE = import.meta.url.endsWith('.ts')
const PROGRAM = new URL(FROM_SOURCE ? './cap-child.ts' : './cap-child.js', import.meta.url)
const EXEC_ARGV = FROM_SOURCE ? ['--import', createRequire(import.meta.url).resolve('tsx')] : []
/** Octets of stderr kept to tell why the child ended. */
const STDERR_KEPT = 4096
/** libpcap's complaint about an interface without IPv4, as span ports are: it works all the same. */
const HARMLESS = /This may not actually work/
/** cap's own check, which ends the process when the interface goes down or away. */
const CAP_LOST_INTERFACE = /Assertion `status == 0' failed/

/** The parent's end of one capture child. */
export class CaptureChild {
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ChildExit>
  readonly #process: ChildProcess
  readonly #interface: string
  readonly #index: number | undefined
  readonly #onDropped: (count: number) => void
  #dropped = 0
  #beatsMissed = 0
  #verdict: GapReason | undefined
  #stderr = ''

  private constructor(process: ChildProcess, name: string, onDropped: (count: number) => void) {
    this.#process = process
    this.#interface = name
    this.#index = interfaceIndex(name)
    this.#onDropped = onDropped
    process.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString('utf8')).slice(-STDERR_KEPT)
    })
    const disconnected = new Promise((resolve) => process.once('disconnect', resolve))
    this.exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        const exit = this.#exit(signal ?? `exit code ${code}`)
        // its last words may still be on their way
        void disconnected.then(() => resolve(exit))
      })
      // a process that could not be started never exits
      process.on('error', (error) => resolve(this.#exit(error.message)))
    })
  }

  /**
   * Starts a child and waits until it captures. `onDropped` is told of frames the child dropped, as they come to be known.
   * @throws OpenRefused
   */
  static async start(
    options: ChildOptions,
    onDropped: (count: number) => void,
  ): Promise<CaptureChild> {
    const process = fork(PROGRAM, [JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: EXEC_ARGV,
    })
    const child = new CaptureChild(process, options.interface, onDropped)
    let tooLate: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        process.on('message', (message: ChildMessage) => {
          if (message.kind === 'open') resolve()
          else if (message.kind === 'failed') reject(new OpenRefused(message.message, message.code))
          else child.#alive(message.dropped)
        })
        tooLate = setTimeout(
          () => reject(new OpenRefused(`it did not open in ${CHILD_OPEN_MILLIS / 1000} s`)),
          CHILD_OPEN_MILLIS,
        )
        void child.exited.then(({ detail }) =>
          reject(new OpenRefused(`the capture process ended: ${detail}`)),
        )
      })
    } catch (error) {
      child.kill()
      throw error
    } finally {
      clearTimeout(tooLate)
    }
    child.#watch(options.heartbeatMillis)
    return child
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** The pcap stream, a read at a time, until the child ends. */
  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for await (const chunk of this.#process.stdout as Readable) {
        this.#beatsMissed = 0
        yield chunk as Uint8Array
      }
    } catch {
      // a connection cut by the child's end is its end
    }
  }

  /** Asks the child to hand over what it holds and to end; ends it if it does not. */
  stop(): void {
    this.#process.kill('SIGTERM')
    const impatient = setTimeout(() => this.kill(), CHILD_STOP_MILLIS)
    void this.exited.then(() => clearTimeout(impatient))
  }

  /** Ends the child at once. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #alive(dropped: number): void {
    this.#beatsMissed = 0
    if (dropped === this.#dropped) return
    this.#onDropped(dropped - this.#dropped)
    this.#dropped = dropped
  }

  /**
   * Ends a child that gives no sign of life, and one whose interface was replaced by another of the same name.
   * Counts beats instead of comparing times, so that a stall of our own does not look like one of the child.
   */
  #watch(beatMillis: number): void {
    const watch = setInterval(() => {
      if (++this.#beatsMissed > HEARTBEATS_MISSED) this.#condemn('child-silent')
      if (this.#index !== undefined && interfaceIndex(this.#interface) !== this.#index)
        this.#condemn('interface-gone')
    }, beatMillis)
    void this.exited.then(() => clearInterval(watch))
  }

  #condemn(verdict: GapReason): void {
    this.#verdict ??= verdict
    this.kill()
  }

  #exit(how: string): ChildExit {
    const lines = this.#stderr
      .split('\n')
      .filter((line) => line.trim() !== '' && !HARMLESS.test(line))
    const last = lines.at(-1)
    return {
      reason: this.#verdict ?? this.#reason(),
      detail: last === undefined ? how : `${how}, ${last.trim()}`,
      wallMillis: Date.now(),
      monotonicMillis: performance.now(),
    }
  }

  #reason(): GapReason {
    const state = interfaceState(this.#interface)
    if (state === 'missing') return 'interface-gone'
    if (this.#index !== undefined && interfaceIndex(this.#interface) !== this.#index)
      return 'interface-gone'
    return state === 'down' || CAP_LOST_INTERFACE.test(this.#stderr)
      ? 'interface-down'
      : 'child-crashed'
  }
}
