import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedisClient } from '../../src/store/redis/redis-connection.js'
import { newRedisClient, parseRedisUrl } from '../../src/store/redis/redis-connection.js'
import type { Store, StoreLimits } from '../../src/store/contract.js'
import type { OpenStoreOptions } from '../../src/store/open-store.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { RedisCluster, RedisSentinel } from './redis-groups.js'
import { RedisServer, until } from './redis-server.js'

/** A clock that goes on by itself, and that a test sets by whole seconds: ours, and that of the Redis servers. */
export class Clock {
  readonly file = join(mkdtempSync(join(tmpdir(), 'hellotap-clock-')), 'offset')
  #offset = 0

  constructor() {
    writeFileSync(this.file, '0')
  }

  get ms(): number {
    return Date.now() + this.#offset
  }

  set ms(ms: number) {
    this.#offset = Math.round((ms - Date.now()) / 1000) * 1000
    writeFileSync(this.file, String(this.#offset / 1000))
  }

  get micros(): number {
    return this.ms * 1000
  }

  readonly now = (): number => this.ms
}

/** The kinds of store there are, each opened empty. */
export interface StoreKind {
  readonly name: string
  readonly clock: Clock
  start(): Promise<void>
  open(limits: StoreLimits, options?: OpenStoreOptions): Promise<Store>
  /** One more on what the last one opened. */
  another(limits: StoreLimits, options?: OpenStoreOptions): Promise<Store>
  stop(): Promise<void>
}

export function memoryKind(): StoreKind {
  const clock = new Clock()
  const open = (limits: StoreLimits, options: OpenStoreOptions = {}) =>
    openSightingStore(undefined, limits, { now: clock.now, ...options })
  return {
    name: 'memory store',
    clock,
    start: () => Promise.resolve(),
    open,
    another: open,
    stop: () => Promise.resolve(),
  }
}

interface Servers {
  readonly url: string
  stop(): Promise<void>
}

function kindOf(name: string, start: (clockFile: string) => Promise<Servers>): StoreKind {
  const clock = new Clock()
  let servers: Servers | undefined
  let admin: RedisClient | undefined
  const url = () => servers?.url ?? ''
  const another = (limits: StoreLimits, options: OpenStoreOptions = {}) =>
    openSightingStore(url(), limits, { now: clock.now, ...options })
  return {
    name,
    clock,
    start: async () => {
      servers = await start(clock.file)
      admin = newRedisClient(parseRedisUrl(url()))
      admin.on('error', () => undefined)
      await until(
        () =>
          admin?.connect().then(
            () => true,
            () => admin?.status === 'ready',
          ) ?? true,
      )
    },
    open: async (limits, options) => {
      if (admin !== undefined)
        for (const each of 'nodes' in admin ? admin.nodes('master') : [admin]) await each.flushall()
      return another(limits, options)
    },
    another,
    stop: async () => {
      admin?.disconnect()
      await servers?.stop()
    },
  }
}

export function redisKind(): StoreKind {
  return kindOf('Redis store', (clockFile) => RedisServer.start({ clockFile }))
}

export function sentinelKind(): StoreKind {
  return kindOf('Redis store behind Sentinel', (clockFile) => RedisSentinel.start({ clockFile }))
}

export function clusterKind(): StoreKind {
  return kindOf('Redis Cluster store', (clockFile) => RedisCluster.start({ clockFile }))
}
