import type { Redis } from 'ioredis'
import type { Sighting } from '../model/sighting.js'
import { rowsChannel } from './redis-writer.js'

type Listener = (ports: string) => void

interface Channel {
  readonly listeners: Set<Listener>
  readonly subscribed: Promise<unknown>
}

/** Listens for rows that other processes write, on a connection of its own that is opened when first needed. */
export class RowWatch {
  readonly #redis: Redis
  readonly #channels = new Map<string, Channel>()
  #connected: Promise<void> | undefined

  constructor(redis: Redis) {
    this.#redis = redis
    // why Redis is away is told by the store's other connection
    redis.on('error', () => undefined)
    redis.on('message', (name, ports) => {
      for (const listener of [...(this.#channels.get(name)?.listeners ?? [])]) listener(ports)
    })
  }

  /**
   * What `look` finds once a row of that address and port was written; undefined after `waitMs`, or when `elsewhere`
   * has found one.
   */
  first(
    ip: string,
    port: number,
    waitMs: number,
    look: () => Promise<Sighting | undefined>,
    elsewhere: Promise<Sighting | undefined>,
  ): Promise<Sighting | undefined> {
    const name = rowsChannel(ip)
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        this.#unlisten(name, listener)
      }
      const lookAgain = async (isLast: boolean) => {
        try {
          const found = await look()
          if (found === undefined && !isLast) return
          settle()
          resolve(found)
        } catch (error) {
          settle()
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const listener = (ports: string) => {
        if (ports.split(' ').includes(String(port))) void lookAgain(false)
      }
      const timer = setTimeout(() => void lookAgain(true), waitMs)
      void elsewhere.then((found) => {
        if (found === undefined) return
        settle()
        resolve(undefined)
      })
      // a row written between the caller's own look and the subscription is found by this one
      this.#listen(name, listener).then(
        () => void lookAgain(false),
        // without a subscription the last look has to do
        () => undefined,
      )
    })
  }

  close(): void {
    this.#redis.disconnect()
  }

  #listen(name: string, listener: Listener): Promise<unknown> {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      const subscribed = this.#connect().then(() => this.#redis.subscribe(name))
      this.#channels.set(name, (channel = { listeners: new Set(), subscribed }))
    }
    channel.listeners.add(listener)
    return channel.subscribed
  }

  /** Resolves with the first connection; later ones are the client's to make, and to subscribe again. */
  #connect(): Promise<void> {
    this.#connected ??= new Promise((resolve) => {
      this.#redis.once('ready', resolve)
      this.#redis.connect().catch(() => undefined)
    })
    return this.#connected
  }

  #unlisten(name: string, listener: Listener): void {
    const channel = this.#channels.get(name)
    if (channel?.listeners.delete(listener) !== true || channel.listeners.size > 0) return
    this.#channels.delete(name)
    channel.subscribed.then(() => this.#redis.unsubscribe(name)).catch(() => undefined)
  }
}
