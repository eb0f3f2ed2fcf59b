import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RedisServerOptions {
  /** Clients must give it. */
  readonly password?: string
  /** Every answered write survives kill -9: `appendonly yes`, `appendfsync always`. Else nothing survives. */
  readonly durable?: boolean
  /** Further options of redis-server. */
  readonly args?: readonly string[]
  /** File with the seconds that its clock is ahead. */
  readonly clockFile?: string
}

/** A real redis-server on a free port of the loopback, in a folder of its own. */
export class RedisServer {
  readonly port: number
  readonly #options: RedisServerOptions
  readonly folder = mkdtempSync(join(tmpdir(), 'hellotap-redis-'))
  #process: ChildProcess | undefined

  private constructor(port: number, options: RedisServerOptions) {
    this.port = port
    this.#options = options
  }

  /** Starts one, and resolves when it answers. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options)
    await server.restart()
    return server
  }

  get url(): string {
    const { password } = this.#options
    return `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${this.port}`
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Starts it again on the same port and folder. */
  async restart(): Promise<void> {
    const command = ['/usr/bin', '/usr/local/bin']
      .map((folder) => join(folder, 'redis-server'))
      .find((path) => existsSync(path))
    if (command === undefined)
      throw new Error(
        'redis-server is not installed: run `npm test`, which installs it, or `apt-get install redis-server`',
      )
    const durable = this.#options.durable === true
    const child = spawn(
      command,
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder],
        ...['--save', '', '--appendonly', durable ? 'yes' : 'no', '--appendfsync', 'always'],
        ...['--daemonize', 'no', '--loglevel', 'warning'],
        ...(this.#options.password === undefined ? [] : ['--requirepass', this.#options.password]),
        ...(this.#options.args ?? []),
      ],
      { stdio: 'ignore', env: { ...process.env, ...clockEnvironment(this.#options.clockFile) } },
    )
    this.#process = child
    for (let tries = 0; !(await answers(this.port)); tries++) {
      if (child.exitCode !== null || tries > 200)
        throw new Error(`redis-server did not start on port ${this.port}`)
      await pause(20)
    }
  }

  /** Ends it as a power cut would, and resolves when it is gone. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Holds it still without closing a connection, as a host that hangs; `resume` lets it go on. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }
}

/** What sets a program's clock ahead by the seconds in a file. */
export function clockEnvironment(file: string | undefined): Record<string, string> {
  return file === undefined ? {} : { LD_PRELOAD: clockLibrary(), CLOCK_OFFSET_FILE: file }
}

let library: string | undefined

function clockLibrary(): string {
  if (library === undefined) {
    library = join(mkdtempSync(join(tmpdir(), 'hellotap-clock-')), 'clock.so')
    const source = join(import.meta.dirname, '../live/clock.cc')
    execFileSync('c++', ['-O2', '-shared', '-fPIC', '-o', library, source])
  }
  return library
}

/** A port of the loopback that nobody listens on, below the ports that a Cluster adds 10,000 to. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** Whether a Redis on that port has loaded its data and takes commands, or asks for a password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(500, () => socket.destroy())
    socket.once('data', (reply: Buffer) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(reply.toString('latin1')))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Resolves once `condition` holds; throws when it does not within `ms`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms = 5000,
  what = 'the condition',
): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not hold within ${ms} ms`)
    await pause(10)
  }
}
