import { Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import {
  STORE_CONNECT_MILLIS,
  STORE_RETRY_FIRST_MILLIS,
  STORE_RETRY_MOST_MILLIS,
  STORE_SILENT_MILLIS,
} from '../../base/limits.js'
import { storeErrorOf } from './redis-error.js'
import { StoreError } from '../contract.js'

/** Where a Redis is, and how it is called in messages: without its password. */
export interface RedisAddress {
  readonly shown: string
  readonly options: Pick<
    RedisOptions,
    'host' | 'port' | 'path' | 'db' | 'username' | 'password' | 'tls'
  >
}

const SHAPE = 'redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://… for TLS, or unix:///PATH'

/** @throws StoreError STORE_BAD_URL; no message repeats the URL, which may hold a password */
export function parseRedisUrl(url: string): RedisAddress {
  const bad = (what: string) =>
    new StoreError('STORE_BAD_URL', `the Redis URL ${what}; write it as ${SHAPE}`)
  if (!URL.canParse(url)) throw bad('cannot be read')
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  if (protocol !== 'redis:' && protocol !== 'rediss:' && protocol !== 'unix:')
    throw bad(`begins with ${protocol}, not with redis:, rediss: or unix:`)
  if (protocol === 'unix:')
    return { shown: `unix://${pathname}`, options: { path: decodeURIComponent(pathname) } }
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '') throw bad('names no host')
  const db = /^\/?(\d{0,4})$/.exec(pathname)?.[1]
  if (db === undefined) throw bad('has a path that is no database number')
  return {
    shown: `${protocol}//${hostname}:${port === '' ? '6379' : port}${db === '' ? '' : `/${db}`}`,
    options: {
      host,
      port: port === '' ? 6379 : Number(port),
      db: Number(db),
      ...(username === '' ? {} : { username: decoded(username, bad) }),
      ...(password === '' ? {} : { password: decoded(password, bad) }),
      ...(protocol === 'rediss:' ? { tls: { servername: host } } : {}),
    },
  }
}

function decoded(part: string, bad: (what: string) => StoreError): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw bad('has a % in its user name or password that is not written %25')
  }
}

/**
 * A client that is not yet connected. It reconnects for ever, and fails a command at once while it is away: what must
 * not be lost waits in our spool, which knows its bound, not in the client's queues.
 */
export function newRedisClient(address: RedisAddress): Redis {
  return new Redis({
    ...address.options,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // with anything but 0 the commands in flight at a loss would never be answered
    maxRetriesPerRequest: 0,
    connectTimeout: STORE_CONNECT_MILLIS,
    socketTimeout: STORE_SILENT_MILLIS,
    disableClientInfo: true,
    connectionName: 'hellotap',
    retryStrategy: (attempt) =>
      Math.min(STORE_RETRY_FIRST_MILLIS * 2 ** (attempt - 1), STORE_RETRY_MOST_MILLIS),
  })
}

/**
 * Connects, and knows within three seconds whether Redis is there.
 * @throws StoreError
 */
export async function connectRedis(redis: Redis, address: RedisAddress): Promise<void> {
  let last: unknown
  const note = (error: unknown) => (last = error)
  redis.on('error', note)
  let timer: NodeJS.Timeout | undefined
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(last instanceof Error ? last : new Error('timed out')),
      STORE_CONNECT_MILLIS,
    )
  })
  try {
    await Promise.race([redis.connect().then(() => redis.ping()), bound])
  } catch (error) {
    // the client says only that the connection was closed; why, its error events told before
    throw storeErrorOf(last ?? error, address)
  } finally {
    clearTimeout(timer)
    redis.off('error', note)
  }
}
