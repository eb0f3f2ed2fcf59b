import { Redis } from 'ioredis'
import { openStore } from '../../src/store/open-store.js'
import type { Store, StoreLimits } from '../../src/store/contract.js'
import { RedisServer } from './redis-server.js'

/** A clock the test sets. */
export class Clock {
  ms = 1_700_000_000_000
  readonly now = () => this.ms
  get micros(): number {
    return this.ms * 1000
  }
}

/** The kinds of store there are, each opened empty. */
export interface StoreKind {
  readonly name: string
  start(): Promise<void>
  open(limits: StoreLimits, clock: Clock): Promise<Store>
  stop(): Promise<void>
}

export function memoryKind(): StoreKind {
  return {
    name: 'memory store',
    start: () => Promise.resolve(),
    open: (limits, { now }) => openStore(undefined, limits, { now }),
    stop: () => Promise.resolve(),
  }
}

export function redisKind(): StoreKind {
  let server: RedisServer | undefined
  let admin: Redis | undefined
  return {
    name: 'Redis store',
    start: async () => {
      server = await RedisServer.start()
      admin = new Redis(server.port, '127.0.0.1')
    },
    open: async (limits, { now }) => {
      await admin?.flushall()
      return openStore(server?.url, limits, { now })
    },
    stop: async () => {
      admin?.disconnect()
      await server?.stop()
    },
  }
}
