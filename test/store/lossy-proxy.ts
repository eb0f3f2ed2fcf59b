import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** Stands between a client and a Redis, and can lose an answer together with its connection after Redis has done the work. */
export class LossyProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #loses = false
  /** Answers lost so far. */
  lost = 0

  private constructor(redisPort: number) {
    this.#server = createServer((client) => {
      const redis = connect(redisPort, '127.0.0.1')
      for (const [from, to] of [
        [client, redis],
        [redis, client],
      ] as const) {
        this.#sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
      client.pipe(redis)
      redis.on('data', (reply: Buffer) => {
        if (!this.#loses) {
          client.write(reply)
          return
        }
        // the first bytes of the answer: Redis is at work; some time later it has done all it was sent
        this.#loses = false
        redis.removeAllListeners('data').resume()
        setTimeout(() => {
          this.lost++
          client.destroy()
        }, 150)
      })
    })
  }

  static async start(redisPort: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(redisPort)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  loseNextReply(): void {
    this.#loses = true
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}
