// Clients in a namespace of their own, started by rig.ts: opens TCP connections at a steady rate, sends one hello on each,
// asks the API for that connection at once, and tells as JSON what the answers were and how long they took.

import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What it is started with, as JSON. */
export interface ClientsOptions {
  /** File of hellos as they go over the wire, a line of base64 each. */
  readonly hellos: string
  /** Addresses the connections come from, in turn. */
  readonly from: readonly string[]
  /** First of the ports they come from. */
  readonly firstPort: number
  readonly server: string
  readonly port: number
  /** The API's Unix socket, which no network namespace hides. */
  readonly socketPath: string
  /** Connections a second, and seconds of them: unmeasured, then measured. */
  readonly rate: number
  readonly warm: number
  readonly seconds: number
  /** Milliseconds the API may wait for a hello. */
  readonly wait: number
}

/** What it prints, as JSON. */
export interface ClientsResult {
  readonly sent: number
  /** Answers with the hello of that connection, and what came in their place. */
  readonly found: number
  readonly other: Readonly<Record<string, number>>
  /** Milliseconds from the hello's last byte to the answer. */
  readonly millis: readonly number[]
  /** Milliseconds of the same request for a hello that is known: what asking takes by itself. */
  readonly asking: readonly number[]
}

const LAST_PORT = 60_999
/** Every so many answers one is asked for again. */
const ASK_AGAIN = 10

const options = JSON.parse(process.argv[2] ?? '{}') as ClientsOptions
const hellos = readFileSync(options.hellos, 'latin1')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => Buffer.from(line, 'base64'))
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const millis: number[] = []
const asking: number[] = []
const other: Record<string, number> = {}
let started = 0
let sent = 0
let found = 0
let underWay = 0

/** Asks for a connection's hello. @returns what it was, once all of the answer is there */
function ask(ip: string, port: number, since: number): Promise<string> {
  return new Promise((resolve) => {
    const path = `/connection?ip=${ip}&port=${port}&wait=${options.wait}`
    get({ socketPath: options.socketPath, path, agent }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (part: string) => (text += part))
      res.on('end', () => {
        if (res.statusCode !== 200) resolve(`status ${res.statusCode ?? 0}`)
        else {
          const { timestamp } = JSON.parse(text) as { timestamp: number }
          resolve(timestamp * 1000 >= since ? 'found' : 'stale')
        }
      })
    }).on('error', (error) => resolve(error.message))
  })
}

function one(measured: boolean): void {
  const number = started++
  const { from, server, port, firstPort } = options
  const localAddress = from[number % from.length] ?? ''
  const localPort = firstPort + (Math.floor(number / from.length) % (LAST_PORT - firstPort))
  const count = (what: string) => (other[what] = (other[what] ?? 0) + 1)
  underWay++
  const socket = connect({ host: server, port, localAddress, localPort, noDelay: true })
  socket.once('error', (error) => {
    if (measured) count(error.message)
    underWay--
  })
  socket.once('connect', () => {
    const since = performance.timeOrigin + performance.now()
    socket.write(hellos[number % hellos.length] ?? '')
    const start = performance.now()
    if (measured) sent++
    void ask(localAddress, localPort, since - 1).then(async (what) => {
      if (measured) {
        if (what === 'found') {
          found++
          millis.push(performance.now() - start)
        } else count(what)
        if (number % ASK_AGAIN === 0) {
          const again = performance.now()
          await ask(localAddress, localPort, 0)
          asking.push(performance.now() - again)
        }
      }
      socket.resetAndDestroy()
      underWay--
    })
  })
}

const total = options.rate * (options.warm + options.seconds)
const start = performance.now()
while (started < total) {
  const due = Math.min(total, ((performance.now() - start) / 1000) * options.rate)
  while (started < due) one(started >= options.rate * options.warm)
  await sleep(1)
}
for (let i = 0; i < 250 && underWay > 0; i++) await sleep(20)
const ascending = (a: number, b: number) => a - b
const result: ClientsResult = {
  sent,
  found,
  other,
  millis: millis.sort(ascending),
  asking: asking.sort(ascending),
}
process.stdout.write(JSON.stringify(result), () => process.exit(0))
