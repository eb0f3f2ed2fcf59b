import { Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import {
  STORE_CONNECT_MILLIS,
  STORE_RETRY_FIRST_MILLIS,
  STORE_RETRY_MOST_MILLIS,
  STORE_SILENT_MILLIS,
} from '../base/limits.js'
import { StoreError } from './store.js'

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

/** What kept us from Redis, as one sentence with its remedy. The client's own error holds the password: it is not passed on. */
export function storeErrorOf(error: unknown, address: RedisAddress): StoreError {
  if (error instanceof StoreError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const at = `Redis at ${address.shown}`
  if (message.startsWith('NOAUTH') || message.includes('HELLO must be called with'))
    return new StoreError(
      'STORE_AUTH',
      `${at} needs a password: put it into the URL, redis://:PASSWORD@HOST:PORT`,
    )
  if (message.startsWith('WRONGPASS') || message.includes('invalid password'))
    return new StoreError(
      'STORE_AUTH',
      `${at} refuses the user name or password: correct them in the URL`,
    )
  if (message.startsWith('NOPERM'))
    return new StoreError(
      'STORE_AUTH',
      `${at} does not let this user do what is needed (${message.slice(7)}): widen its ACL`,
    )
  return new StoreError('STORE_UNREACHABLE', `cannot reach ${at}: ${reasonOf(code, message)}`, {
    cause: new Error(message),
  })
}

function reasonOf(code: string, message: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused. Is it running? Start it (apt-get install redis-server), or name another with --redis'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host name is not known. Correct the URL, or check the name service'
    case 'ENOENT':
      return 'there is no such socket. Is it running?'
    case 'EACCES':
      return 'the socket may not be opened by this user'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it. Check the address and the network'
    case 'ETIMEDOUT':
      return 'no answer. Check the address, the port and any firewall between'
  }
  if (/timed? ?out|Expecting data/i.test(message))
    return 'no answer. Check the address, the port and any firewall between'
  if (/Protocol error|RESP type/i.test(message))
    return 'what answers there does not speak the Redis protocol. Check the port, and rediss:// for TLS'
  if (/writeable|Connection is closed|aborted|max retries|ECONNRESET|EPIPE/i.test(message))
    return 'the connection was lost; it is tried again'
  return message
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
