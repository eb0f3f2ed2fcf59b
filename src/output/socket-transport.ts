import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'
import type { Transport } from './sink.js'

/** Milliseconds a connection may take, and a receiver may read nothing. */
const SILENT_MILLIS = 10_000

/** Rows over a stream socket, which is connected when there is something to send, and again after it broke. */
export class SocketTransport implements Transport {
  readonly #address: NetConnectOpts
  #socket: Socket | undefined

  constructor(address: NetConnectOpts) {
    this.#address = address
  }

  async send(rows: readonly string[]): Promise<undefined> {
    const socket = (this.#socket ??= await this.#connect())
    await new Promise<void>((resolve, reject) => {
      const fail = (error?: Error) => {
        this.#socket = undefined
        socket.destroy()
        reject(error ?? new Error('connection closed by the receiver'))
      }
      const onClose = () => fail()
      const onTimeout = () => fail(new Error(`the receiver read nothing for ${SILENT_MILLIS} ms`))
      socket.once('error', fail).once('close', onClose).once('timeout', onTimeout)
      socket.write(rows.join(''), (error) => {
        socket.off('error', fail).off('close', onClose).off('timeout', onTimeout)
        if (error) fail(error)
        else resolve()
      })
    })
  }

  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.end(() => socket.destroySoon())
    })
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#address)
      socket.setTimeout(SILENT_MILLIS, () => undefined)
      const onTimeout = () => socket.destroy(new Error(`no connection in ${SILENT_MILLIS} ms`))
      socket.once('error', reject).once('timeout', onTimeout)
      socket.once('connect', () => {
        socket.off('error', reject).off('timeout', onTimeout)
        // while nothing is sent, an error is heard of by the close that follows
        socket.on('error', () => undefined)
        socket.once('close', () => {
          if (this.#socket === socket) this.#socket = undefined
        })
        socket.resume()
        resolve(socket)
      })
    })
  }
}

/** Rows as UDP datagrams, one each. Nobody confirms them. */
export function datagramTransport(host: string, port: number): Transport {
  let opened: Promise<{ send: (row: string) => Promise<void>; close: () => void }> | undefined
  const open = async () => {
    const { address, family } = await lookup(host)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    socket.on('error', () => undefined).unref()
    return {
      send: (row: string) =>
        new Promise<void>((resolve, reject) =>
          socket.send(row, port, address, (error) => (error ? reject(error) : resolve())),
        ),
      close: () => socket.close(),
    }
  }
  return {
    send: async (rows): Promise<undefined> => {
      try {
        const { send } = await (opened ??= open())
        for (const row of rows) await send(row)
      } catch (error) {
        opened = undefined
        throw error
      }
    },
    close: async () => (await opened)?.close(),
  }
}
