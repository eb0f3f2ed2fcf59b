import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { KAFKA_RESPONSE_LEN } from '../base/limits.js'

/** One connection to one broker, with one request at a time. */
export class KafkaConnection {
  readonly #name: string
  readonly #timeoutMillis: number
  readonly #socket: Socket
  #correlation = 0
  #bytes = Buffer.alloc(0)
  #settle: ((error?: Error) => void) | undefined

  private constructor(name: string, socket: Socket, timeoutMillis: number) {
    this.#name = name
    this.#timeoutMillis = timeoutMillis
    this.#socket = socket
    socket.on('data', (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data])
      this.#settle?.()
    })
    socket.on('error', (error) => this.#settle?.(error))
    socket.on('close', () =>
      this.#settle?.(
        new Error(`${name} closed the connection: is it a Kafka listener without TLS and SASL?`),
      ),
    )
  }

  static open(host: string, port: number, timeoutMillis: number): Promise<KafkaConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      const name = `${host}:${port}`
      socket.setTimeout(timeoutMillis, () =>
        socket.destroy(new Error(`${name}: no connection in ${timeoutMillis} ms`)),
      )
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.setTimeout(0)
        socket.off('error', reject)
        resolve(new KafkaConnection(name, socket, timeoutMillis))
      })
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  /** Sends what `make` gives for a correlation id. @returns the body of the response */
  async ask(make: (correlation: number) => Buffer): Promise<Buffer> {
    const correlation = ++this.#correlation
    const timer = setTimeout(
      () => this.#settle?.(new Error(`${this.#name} gave no answer in ${this.#timeoutMillis} ms`)),
      this.#timeoutMillis,
    )
    try {
      this.#socket.write(make(correlation))
      for (;;) {
        const body = this.#response(correlation)
        if (body !== undefined) return body
        await new Promise<void>((resolve, reject) => {
          this.#settle = (error) => (error === undefined ? resolve() : reject(error))
        })
      }
    } catch (error) {
      // an answer that comes later must not be taken for another request's
      this.close()
      throw error
    } finally {
      clearTimeout(timer)
      this.#settle = undefined
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #response(correlation: number): Buffer | undefined {
    const bytes = this.#bytes
    if (bytes.length < 8) return undefined
    const len = bytes.readInt32BE(0)
    if (len < 4 || len > KAFKA_RESPONSE_LEN || bytes.readInt32BE(4) !== correlation)
      throw new Error(
        `${this.#name} does not answer as a Kafka broker: check the port. A listener with TLS or SASL is not supported`,
      )
    if (bytes.length < 4 + len) return undefined
    this.#bytes = bytes.subarray(4 + len)
    return bytes.subarray(8, 4 + len)
  }
}
