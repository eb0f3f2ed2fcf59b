// Where a Redis is: one server, a Sentinel group or a Cluster, by URL. A password comes by the URL's environment variable or
// file, never by argv, and stands in no message.

import { Cluster, Redis } from 'ioredis'
import type { ClusterNode, RedisOptions } from 'ioredis'
import {
  STORE_CONNECT_MILLIS,
  STORE_RETRY_FIRST_MILLIS,
  STORE_RETRY_MOST_MILLIS,
  STORE_SILENT_MILLIS,
} from '../../base/limits.js'
import { StoreError } from '../contract.js'
import { storeErrorOf } from './redis-error.js'

/** A client of one server, found by Sentinel or not, or of a Cluster. */
export type RedisClient = Redis | Cluster

/** Where a Redis is, and how it is called in messages: without its password. */
export interface RedisAddress {
  readonly shown: string
  readonly kind: 'server' | 'sentinel' | 'cluster'
  /** Of a Cluster the nodes asked first, of Sentinel the sentinels. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** Name of the primary that the sentinels watch. */
  readonly name?: string
  readonly options: Pick<
    RedisOptions,
    'host' | 'port' | 'path' | 'db' | 'username' | 'password' | 'tls'
  >
}

const SHAPE =
  'redis://[USER:PASSWORD@]HOST[:PORT][/DB], unix:///PATH, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; rediss… for TLS'
const PORTS = { server: 6379, sentinel: 26_379, cluster: 6379 } as const

/** @throws StoreError STORE_BAD_URL; no message repeats the URL, which may hold a password */
export function parseRedisUrl(url: string): RedisAddress {
  const bad = (what: string) =>
    new StoreError('STORE_BAD_URL', `the Redis URL ${what}; write it as ${SHAPE}`)
  if (url.startsWith('unix:')) {
    if (!URL.canParse(url)) throw bad('cannot be read')
    const { pathname } = new URL(url)
    const options = { path: decodeURIComponent(pathname) }
    return { shown: `unix://${pathname}`, kind: 'server', nodes: [], options }
  }
  const parts =
    /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/@]*)(?:\/([^/]*))?(?:\/(\d{1,4}))?$/.exec(
      url,
    )
  if (parts === null) {
    const protocol = /^([a-z+]+):/i.exec(url)?.[1]
    const known = /^(rediss?(\+(sentinel|cluster))?)$/.test(protocol ?? '')
    throw bad(
      protocol === undefined || known
        ? 'cannot be read'
        : `begins with ${protocol}:, not with redis:, rediss: or unix:`,
    )
  }
  const [, scheme = '', kind = 'server', login = '', hosts = '', path = '', last] = parts
  const nodes = hosts.split(',').map((text) => nodeOf(text, PORTS[kind as keyof typeof PORTS], bad))
  const [first] = nodes
  if (first === undefined || (kind === 'server' && nodes.length > 1)) throw bad('names no host')
  if (kind === 'sentinel' && path === '') throw bad('names no primary that the sentinels watch')
  const db = kind === 'sentinel' ? (last ?? '') : path
  if (!/^\d{0,4}$/.test(db)) throw bad('has a path that is no database number')
  if (kind === 'cluster' && Number(db) !== 0) throw bad('names a database, which a Cluster has not')
  const colon = login.indexOf(':')
  const username = colon < 0 ? login : login.slice(0, colon)
  const password = colon < 0 ? '' : login.slice(colon + 1)
  const shownHosts = nodes.map(
    ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
  )
  const shownPath =
    kind === 'sentinel' ? `/${path}${db === '' ? '' : `/${db}`}` : db === '' ? '' : `/${db}`
  return {
    shown: `${scheme}${kind === 'server' ? '' : `+${kind}`}://${shownHosts.join(',')}${shownPath}`,
    kind: kind as RedisAddress['kind'],
    nodes,
    ...(kind === 'sentinel' ? { name: path } : {}),
    options: {
      ...(kind === 'server' ? first : {}),
      ...(kind === 'cluster' ? {} : { db: Number(db) }),
      ...(username === '' ? {} : { username: decoded(username, bad) }),
      ...(password === '' ? {} : { password: decoded(password, bad) }),
      ...(scheme === 'rediss' ? { tls: kind === 'server' ? { servername: first.host } : {} } : {}),
    },
  }
}

function nodeOf(text: string, usual: number, bad: (what: string) => StoreError) {
  const [, v6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = v6 ?? name
  if (host === undefined) throw bad('names no host')
  return { host, port: port === undefined ? usual : Number(port) }
}

function decoded(part: string, bad: (what: string) => StoreError): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw bad('has a % in its user name or password that is not written %25')
  }
}

const pauseAfter = (attempt: number) =>
  Math.min(STORE_RETRY_FIRST_MILLIS * 2 ** (attempt - 1), STORE_RETRY_MOST_MILLIS)

/**
 * A client that is not yet connected. It reconnects for ever, and fails a command at once while it is unreachable: what must
 * not be lost waits in our spool, which knows its bound, not in the client's queues.
 */
export function newRedisClient(address: RedisAddress): RedisClient {
  const options = {
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
    retryStrategy: pauseAfter,
  } satisfies RedisOptions
  const { kind, nodes, name } = address
  if (kind === 'cluster')
    return new Cluster(nodes as ClusterNode[], {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: pauseAfter,
      slotsRefreshTimeout: STORE_CONNECT_MILLIS,
      slotsRefreshInterval: STORE_SILENT_MILLIS,
      redisOptions: options,
    })
  if (kind === 'sentinel')
    return new Redis({
      ...options,
      sentinels: nodes.map((node) => ({ ...node })),
      name: name ?? '',
      sentinelRetryStrategy: pauseAfter,
      failoverDetector: true,
      ...(address.options.tls === undefined
        ? {}
        : { enableTLSForSentinelMode: true, sentinelTLS: address.options.tls }),
    })
  return new Redis(options)
}

/**
 * Connects, and knows within three seconds whether Redis is there.
 * @throws StoreError
 */
export async function connectRedis(redis: RedisClient, address: RedisAddress): Promise<void> {
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
