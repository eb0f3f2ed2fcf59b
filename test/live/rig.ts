// `hellotap up` (or its parts) on one end of a cable, clients on the other: real interfaces, real TCP connections, each of
// them sending a recorded hello, and every answer of the API looked at.

import type { SpawnOptions } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lab, ip } from '../capture/live-lab.js'
import { Daemon, HELLOTAP } from '../hellotap.js'
import type { ClientsOptions, ClientsResult } from './clients.js'
import { recordedHellos } from './recorded-hellos.js'

const SERVER = '10.99.0.1'
const PORT = 443
const API_PORT = 8080
const FIRST_PORT = 10_000
/** Takes connections, and leaves closing to the clients. */
const SINK = `require('net').createServer((s) => s.on('error', () => {}).resume())
  .listen(${PORT}, '0.0.0.0', 4096, () => console.log('listening'))`

/** What a phase of traffic is; see ClientsOptions. */
export type Traffic = Pick<ClientsOptions, 'rate' | 'seconds'> &
  Partial<Pick<ClientsOptions, 'warm' | 'wait'>>

/** Namespace A has the program and the servers, B the clients. Everything made is removed by close(). */
export class Rig {
  readonly lab = new Lab()
  readonly folder = mkdtempSync(join(tmpdir(), 'hellotap-rig-'))
  /** What the clients find in their environment. */
  clientsEnvironment = process.env
  #hellos = 0
  readonly #from: readonly string[]
  readonly #daemons: Daemon[] = []
  #nextPort = FIRST_PORT

  private constructor(clients: number) {
    this.#from = Array.from({ length: clients }, (_, i) => `10.99.1.${i + 1}`)
  }

  /** The two ends, and servers on port 443. @param clients addresses the connections come from, 254 at most */
  static async start(clients = 1): Promise<Rig> {
    const rig = new Rig(clients)
    const hellos = await recordedHellos()
    rig.#hellos = hellos.length
    writeFileSync(rig.#file('hellos'), hellos.join('\n'))
    rig.address()
    await rig.run(/listening/, process.execPath, '-e', SINK)
    return rig
  }

  /** How many different recorded hellos are sent. */
  get hellos(): number {
    return this.#hellos
  }

  /** Gives the interfaces their addresses, as they are needed again after these were made anew. */
  address(): void {
    const lines = this.#from.map((address) => `address add ${address}/16 dev vb\n`)
    writeFileSync(this.#file('addresses'), lines.join(''))
    ip('-n', this.lab.b, '-batch', this.#file('addresses'))
    ip('-n', this.lab.a, 'address', 'add', '10.99.0.3/16', 'dev', 'va')
  }

  /** Starts a command in A and waits until it says it is ready. */
  async run(ready: RegExp, command: string, ...args: readonly string[]): Promise<Daemon> {
    const daemon = this.#spawn({}, command, ...args)
    await daemon.says(ready)
    return daemon
  }

  /** Starts `hellotap COMMAND` on A's end of the cable. */
  async hellotap(
    command: 'up' | 'capture' | 'serve',
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): Promise<Daemon> {
    const sensor = ['-i', 'va', '--ports', String(PORT)]
    const api = ['--host', '0.0.0.0', '--http-port', String(API_PORT), '--https-port', '0']
    api.push('--public', '--data-dir', this.folder, '--trusted-proxy', '10.99.0.0/16')
    const daemon = this.#spawn(
      options,
      ...([process.execPath, HELLOTAP, command] as const),
      ...(command === 'serve' ? [] : sensor),
      ...(command === 'capture' ? [] : api),
      ...args,
    )
    await daemon.says(command === 'capture' ? /capturing on/ : /serving http/)
    return daemon
  }

  /** Has the clients send hellos and ask for each, and tells what came of it. */
  async clients({ rate, seconds, warm = 0, wait = 250 }: Traffic): Promise<ClientsResult> {
    const options: ClientsOptions = {
      hellos: this.#file('hellos'),
      from: this.#from,
      firstPort: this.#nextPort,
      server: SERVER,
      port: PORT,
      socketPath: this.#file('api.sock'),
      ...{ rate, seconds, warm, wait },
    }
    this.#nextPort += Math.ceil((rate * (seconds + warm)) / this.#from.length)
    const loader = createRequire(import.meta.url).resolve('tsx')
    const words = ['netns', 'exec', this.lab.b, process.execPath, '--import', loader]
    words.push(join(import.meta.dirname, 'clients.ts'), JSON.stringify(options))
    const clients = new Daemon('ip', words, { env: this.clientsEnvironment })
    this.#daemons.push(clients)
    if ((await clients.ended()) !== 0) throw new Error(clients.output)
    return JSON.parse(clients.output) as ClientsResult
  }

  /** Has hellos sent for `seconds`, a hundred a second. @throws Error unless each is found */
  async seesAll(seconds = 0.5, wait = 1000): Promise<void> {
    const { sent, found, other } = await this.clients({ rate: 100, seconds, wait })
    const wanted = Math.round(100 * seconds)
    if (found < wanted || sent < wanted)
      throw new Error(`${found} of ${wanted} hellos found: ${JSON.stringify(other)}`)
  }

  /** Waits until a metric is what it should be. @throws Error after ten seconds */
  async until(name: string, holds: (value: number | undefined) => boolean): Promise<void> {
    for (let i = 0; i < 100; i++) {
      if (holds(this.metric(name))) return
      await sleep(100)
    }
    throw new Error(`${name} stays ${this.metric(name)}`)
  }

  /** What the API answers in A. */
  get(path: string): string {
    const socket = ['--unix-socket', this.#file('api.sock')]
    return this.lab.exec(this.lab.a, 'curl', '-s', ...socket, `http://localhost${path}`).toString()
  }

  /** The sum of a metric over its labels; undefined where it has no sample. */
  metric(name: string): number | undefined {
    const lines = [...this.get('/metrics').matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)]
    const values = lines.flatMap(([, key, value]) => (key === name ? [Number(value)] : []))
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) await daemon.stop()
    await this.lab.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #spawn(options: SpawnOptions, command: string, ...args: readonly string[]): Daemon {
    const daemon = new Daemon('ip', ['netns', 'exec', this.lab.a, command, ...args], options)
    this.#daemons.push(daemon)
    return daemon
  }

  #file(name: string): string {
    return join(this.folder, name)
  }
}
