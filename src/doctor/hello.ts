// The test hello: Node's TLS client sends it to a port on loopback. The usual capture, pipeline and store handle it.

import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { reasonOf } from '../base/error-reason.js'
import type { Config } from '../config.js'
import type { Sighting } from '../model/sighting.js'
import type { Store } from '../store/contract.js'
import { storeSink } from '../sensor/sinks.js'
import type { Check } from './check.js'
import type { EventLog } from '../telemetry/event-log.js'
import { runSensor } from '../sensor/sensor.js'

const LOOPBACK = '127.0.0.1'
/** Milliseconds the hello may take from the wire to the store. */
const ARRIVE_MILLIS = 5_000
/** Milliseconds a frame's time may differ from the clock. */
const STAMP_SLACK_MILLIS = 1_000

/** Sends a hello over loopback and waits until `store` returns it. */
export async function helloCheck(config: Config, store: Store, log: EventLog): Promise<Check> {
  const name = 'hello'
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined).resume()
  })
  const stop = new AbortController()
  let sensing: Promise<void> | undefined
  try {
    server.listen(0, LOOPBACK)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    // An error of the capture rejects here.
    await new Promise<void>((ready, refused) => {
      const own = { ...config, interface: ['lo'], ports: [port], server: false }
      sensing = runSensor({
        ...{ config: own, log, signal: stop.signal, sink: storeSink(store), rows: true },
        onReady: () => ready(),
      })
      sensing.catch(refused)
    })
    const { clientPort, sentAt, sentMillis } = await sendHello(port, sockets)
    const sighting = await arrival(store, clientPort, sentAt / 1000 - 1)
    if (sighting === undefined)
      return {
        name,
        outcome: 'failed',
        text: `a hello sent over loopback to port ${port} did not reach the store within ${ARRIVE_MILLIS / 1000} s`,
        remedy:
          'see the failed checks above; if none failed, run hellotap capture -i lo --log-level debug',
      }
    const tookMillis = performance.now() - sentMillis
    const lateMillis = Date.parse(sighting.time) - sentAt
    const text = `sent over loopback, captured and stored in ${tookMillis.toFixed(1)} ms (JA4 ${sighting.ja4 ?? 'not computed'})`
    return Math.abs(lateMillis) > STAMP_SLACK_MILLIS
      ? {
          name,
          outcome: 'warning',
          text: `${text}, but its timestamp differs from the clock by ${(lateMillis / 1000).toFixed(1)} s`,
          remedy: 'synchronise the clock with a time server',
        }
      : { name, outcome: 'ok', text }
  } catch (error) {
    return {
      name,
      outcome: 'failed',
      text: `no hello could be captured: ${reasonOf(error)}`,
    }
  } finally {
    stop.abort()
    await sensing?.catch(() => undefined)
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

interface Sent {
  readonly clientPort: number
  /** Milliseconds since the epoch, and of a monotonic clock. */
  readonly sentAt: number
  readonly sentMillis: number
}

/** Connects and sends a hello by Node's TLS client. The server does not answer. */
async function sendHello(port: number, sockets: Socket[]): Promise<Sent> {
  const socket = connect({ host: LOOPBACK, port })
  sockets.push(socket)
  await once(socket, 'connect')
  const clientPort = socket.localPort ?? 0
  const sent = { clientPort, sentAt: Date.now(), sentMillis: performance.now() }
  connectTls({ socket, servername: 'doctor.hellotap.invalid' }).on('error', () => undefined)
  return sent
}

/** The hello, once the store has written it. */
async function arrival(
  store: Store,
  clientPort: number,
  since: number,
): Promise<Sighting | undefined> {
  const seen = await store.connection(LOOPBACK, clientPort, ARRIVE_MILLIS, since)
  if (seen === undefined) return undefined
  await store.drain()
  return store.connection(LOOPBACK, clientPort, 0, since)
}
