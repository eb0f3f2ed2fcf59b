import type { ChildProcess } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { CHILD_OPEN_MILLIS, CHILD_STOP_MILLIS, HEARTBEATS_MISSED } from '../../base/limits.js'
import type { PacketBlock } from '../../model/packet-block.js'
import type { CaptureError } from '../capture-error.js'
import type { ChildCommand, ChildMessage, ChildOptions, Losses } from './child-message.js'
import type { GapReason, GapStart } from './gaps.js'
import { interfaceIndex, interfaceState } from './interfaces.js'
import { LaunchedChild } from './launched-child.js'
import { CONTROL_SOCKET, FRAMES_SOCKET } from './launcher.js'
import type { NativeAddon, SharedMemory } from './native-addon.js'
import { SharedFrames } from './shared-frames.js'
import { startCapChild, startNativeChild } from './start-child.js'
import { streamFrames } from './stream-frames.js'

/** How a capture child ended: signal or exit code, and the last line it wrote to stderr. */
export type ChildExit = GapStart

/** What the child said it cannot do: libpcap's words, or Node's where the engine could not be loaded. */
export class OpenRefused extends Error {
  override readonly name = 'OpenRefused'
  readonly code: CaptureError['code'] | undefined
  constructor(message: string, code?: CaptureError['code']) {
    super(message)
    this.code = code
  }
}

/** Bytes of stderr kept to tell why the child ended. */
const STDERR_KEPT = 4096
/** libpcap's complaint about an interface without IPv4, as span ports are: it works all the same. */
const HARMLESS = /This may not actually work/
/** cap's own check, which ends the process when the interface goes down or away. */
const CAP_LOST_INTERFACE = /Assertion `status == 0' failed/

/** What the native engine's child is started with besides its options. */
export interface NativeParts {
  readonly addon: NativeAddon
  readonly memory: SharedMemory
  /** Folder of the launcher that starts it, where we have not the privilege. */
  readonly launcher: string | undefined
}

/** Whom a child tells how it goes. */
export interface ChildListener {
  /** Frames lost since it was told last. */
  readonly onLost: (losses: Losses) => void
  /** The interface went down while the child captured on, and came up. */
  readonly onDown: () => void
  readonly onUp: () => void
}

/** The parent's end of one capture child. */
export class CaptureChild {
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ChildExit>
  readonly #process: ChildProcess | LaunchedChild
  readonly #interface: string
  readonly #index: number | undefined
  readonly #listener: ChildListener
  readonly #frames: SharedFrames | undefined
  #unlimited: string | undefined
  #losses: Losses = { child: 0 }
  #beatsMissed = 0
  /** When it gave its last sign of life, by the wall clock and by the monotonic one, milliseconds. */
  #aliveAt = now()
  #verdict: GapReason | undefined
  #stderr = ''

  private constructor(
    process: ChildProcess | LaunchedChild,
    name: string,
    frames: SharedFrames | undefined,
    listener: ChildListener,
  ) {
    this.#process = process
    this.#interface = name
    this.#index = interfaceIndex(name)
    this.#frames = frames
    this.#listener = listener
    process.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString('utf8')).slice(-STDERR_KEPT)
    })
    const disconnected = new Promise((resolve) => process.once('disconnect', resolve))
    this.exited = new Promise((resolve) => {
      process.once('exit', (code: number | null, signal: string | null) => {
        const exit = this.#exit(signal ?? `exit code ${code}`)
        // its last words may still be on their way
        void disconnected.then(() => resolve(exit))
      })
      // a process that could not be started never exits
      process.on('error', (error: Error) => resolve(this.#exit(error.message)))
    })
  }

  /**
   * Starts a child and waits until it captures: the native engine's, or, without its parts, npm cap's.
   * @throws OpenRefused
   */
  static async start(
    options: ChildOptions,
    native: NativeParts | undefined,
    listener: ChildListener,
  ): Promise<CaptureChild> {
    const { process, frames } =
      native === undefined
        ? { process: startCapChild(options), frames: undefined }
        : startNative(options, native)
    const child = new CaptureChild(process, options.interface, frames, listener)
    let tooLate: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        process.on('message', (message: ChildMessage) => {
          if (message.kind === 'open') {
            if (frames !== undefined) frames.linkType = message.linkType
            child.#unlimited = message.unlimited
            resolve()
          } else if (message.kind === 'failed')
            reject(new OpenRefused(message.message, message.code))
          else child.#hear(message)
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

  /** Why flows are not limited in the kernel, where they were to be. */
  get unlimited(): string | undefined {
    return this.#unlimited
  }

  /** Blocks of at least one frame, until the child ends. @throws BadFrames */
  blocks(): AsyncIterableIterator<PacketBlock, void, void> {
    return this.#frames ?? streamFrames(this.#chunks())
  }

  /** Replaces the filter while frames come; npm cap's child cannot. */
  setFilter(expression: string): void {
    if (this.#frames === undefined || !this.#process.connected) return
    this.#process.send({ kind: 'filter', expression } satisfies ChildCommand)
  }

  /** What comes over stdout, a read at a time, until the child ends. */
  async *#chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for await (const chunk of this.#process.stdout as Readable) {
        this.#noteAlive()
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

  #noteAlive(): void {
    this.#beatsMissed = 0
    this.#aliveAt = now()
  }

  #hear(message: Exclude<ChildMessage, { kind: 'open' | 'failed' }>): void {
    this.#noteAlive()
    if (message.kind === 'down') this.#listener.onDown()
    else if (message.kind === 'up') this.#listener.onUp()
    else {
      const { losses } = message
      this.#listener.onLost(difference(losses, this.#losses))
      this.#losses = losses
    }
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
    const reason = this.#verdict ?? this.#reason()
    return {
      reason,
      detail: last === undefined ? how : `${how}, ${last.trim()}`,
      // one that is silent captured nothing from its last sign of life on, not only since it was ended
      ...(reason === 'child-silent' ? this.#aliveAt : now()),
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

function now(): Pick<GapStart, 'wallMillis' | 'monotonicMillis'> {
  return { wallMillis: Date.now(), monotonicMillis: performance.now() }
}

function difference(now: Losses, before: Losses): Losses {
  return {
    child: now.child - before.child,
    ...(now.kernel !== undefined && { kernel: now.kernel - (before.kernel ?? 0) }),
    ...(now.interface !== undefined && { interface: now.interface - (before.interface ?? 0) }),
  }
}

let launched = 0

/** Starts a child of the native engine, or has the launcher do so. @throws OpenRefused */
function startNative(
  options: ChildOptions,
  { addon, memory, launcher }: NativeParts,
): { process: ChildProcess | LaunchedChild; frames: SharedFrames } {
  if (launcher === undefined) {
    const [ours, theirs] = addon.createSocketPair()
    const process = startNativeChild(options, memory.fd, theirs)
    closeSync(theirs)
    return { process, frames: new SharedFrames(memory.buffer, ours) }
  }
  const { pid } = globalThis.process
  const name = `${pid}.${++launched}`
  let fd: number
  try {
    fd = addon.connectTo(join(launcher, FRAMES_SOCKET))
    writeSync(fd, `${name}\n`)
  } catch (error) {
    throw new OpenRefused((error as Error).message)
  }
  const process = new LaunchedChild(join(launcher, CONTROL_SOCKET), {
    options,
    memory: `/proc/${pid}/fd/${memory.fd}`,
    frames: name,
  })
  return { process, frames: new SharedFrames(memory.buffer, fd) }
}
