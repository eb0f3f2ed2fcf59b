// The drills by name. Each ends with its account (drill.ts), or throws.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { partitionOf } from '../../src/store/redis/partitions.js'
import { DiskSpool } from '../../src/store/spool/disk-spool.js'
import { ask, RedisCluster, RedisSentinel } from '../store/redis-groups.js'
import { RedisServer, until } from '../store/redis-server.js'
import type { RedisServerOptions } from '../store/redis-server.js'
import type { Account } from './drill.js'
import { HELLOS, heldIn, Reader, settle, sumOf } from './drill.js'

export interface Drill {
  readonly what: string
  /** Whether it ends within some ten seconds, so that a CI runs it. */
  readonly isQuick: boolean
  run(): Promise<string>
}

function expectAll(account: Account, name: 'stored' | 'dropped' | 'lost', count: number): void {
  if (account[name] !== count) throw new Error(`${account[name]} ${name}, not ${count}`)
}

/** A drill on one server: half of the capture, what happens, the other half. */
function onServer(
  what: string,
  options: RedisServerOptions,
  happens: (server: RedisServer, reader: Reader) => Promise<void>,
  check: (account: Account) => void = (account) => {
    expectAll(account, 'stored', HELLOS)
    expectAll(account, 'lost', 0)
  },
  isCut = false,
): Drill {
  return {
    what,
    isQuick: true,
    run: async () => {
      const server = await RedisServer.start(options)
      try {
        const reader = new Reader(server.url)
        await reader.feed(0.5)
        // each client has a key of its own
        const isUnderWay = async () => Number(await ask(server.port, 'DBSIZE')) > HELLOS / 4
        await until(isUnderWay, 30_000, 'a reader under way')
        await happens(server, reader)
        await reader.feed(1)
        const account = await reader.end()
        const line = settle(account, await heldIn(server.url), isCut)
        check(account)
        return line
      } finally {
        await server.stop()
      }
    },
  }
}

const isFound = (account: Account) => {
  if (account.lost === 0) throw new Error('the loss was not found')
}

async function clientsOff(port: number): Promise<void> {
  await ask(port, 'CLIENT', 'KILL', 'TYPE', 'normal')
}

/** A reader with its spool on disk is killed while Redis is unreachable; another one with the same folder follows. */
async function killedReader(): Promise<string> {
  const server = await RedisServer.start({ durable: true })
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-drill-spool-'))
  try {
    const first = new Reader(server.url, '--spool-dir', folder)
    await first.feed(0.5)
    const isUnderWay = async () => Number(await ask(server.port, 'DBSIZE')) > HELLOS / 4
    await until(isUnderWay, 30_000, 'a reader under way')
    await server.kill()
    await first.feed(0.8)
    const size = () =>
      readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    await until(() => size() > 50_000, 10_000, 'sightings on disk')
    first.signal('SIGKILL')
    await first.gone()
    const logged = loggedIn(folder)
    await server.restart()
    const before = await heldIn(server.url)
    const second = new Reader(server.url, '--spool-dir', folder)
    const account = await second.end()
    const held = await heldIn(server.url)
    const left = loggedIn(folder)
    const line = `${logged} on disk at the kill, ${before} held before, ${account.stored} stored by the next, ${held} held, ${left} left on disk`
    if (
      held !== before + account.stored ||
      left !== 0 ||
      account.stored === 0 ||
      account.stored > logged
    )
      throw new Error(`not accounted for: ${line}`)
    return `${account.stored} sightings in = ${account.stored} stored; ${line}`
  } finally {
    rmSync(folder, { recursive: true })
    await server.stop()
  }
}

/** Sightings in a spool on disk. */
function loggedIn(folder: string): number {
  const spool = new DiskSpool(folder, 1024, partitionOf)
  spool.close()
  return spool.recovered.length
}

/** Two readers of one capture at one time, or one after the other. */
async function twoReaders(): Promise<string> {
  const server = await RedisServer.start()
  try {
    const readers = ['north', 'south'].map(
      (sensor) => new Reader(server.url, '--dedupe', '--sensor', sensor),
    )
    await Promise.all(readers.map((each) => each.feed(1)))
    const account = sumOf(await Promise.all(readers.map((each) => each.end())))
    const line = settle(account, await heldIn(server.url))
    expectAll(account, 'stored', HELLOS)
    return line
  } finally {
    await server.stop()
  }
}

interface Group {
  readonly url: string
  stop(): Promise<void>
}

/** A drill on a group of servers. */
function onGroup<T extends Group>(
  what: string,
  start: () => Promise<T>,
  happens: (group: T) => Promise<void>,
): Drill {
  return {
    what,
    isQuick: false,
    run: async () => {
      const group = await start()
      try {
        const reader = new Reader(group.url)
        await reader.feed(0.4)
        await until(async () => (await heldIn(group.url)) > 0, 30_000, 'a reader under way')
        const happening = happens(group)
        await reader.feed(0.8)
        await happening
        await reader.feed(1)
        const account = await reader.end()
        return settle(account, await heldIn(group.url))
      } finally {
        await group.stop()
      }
    },
  }
}

/** Moves all slots of the first primary to the second, while both serve. */
async function moveSlots({ servers }: RedisCluster): Promise<void> {
  const [first] = servers
  const nodes = (await ask(first?.port ?? 0, 'CLUSTER', 'NODES')).split('\n')
  const primaries = nodes.filter((line) => line.includes('master')).map((line) => line.split(' '))
  const [from, to] = primaries
  await ask(
    first?.port ?? 0,
    ...['--cluster', 'reshard', from?.[1]?.split('@')[0] ?? ''],
    ...['--cluster-from', from?.[0] ?? '', '--cluster-to', to?.[0] ?? ''],
    ...['--cluster-slots', '1500', '--cluster-yes'],
  )
}

export const DRILLS: Readonly<Record<string, Drill>> = {
  kill: onServer('kill -9 of a durable Redis mid-batch', { durable: true }, async (server) => {
    await server.kill()
    await server.restart()
  }),
  full: onServer('Redis full (noeviction), then given room', {}, async ({ port }, reader) => {
    await ask(port, 'CONFIG', 'SET', 'maxmemory', '1')
    await reader.feed(0.7)
    await ask(port, 'CONFIG', 'SET', 'maxmemory', '0')
  }),
  replica: onServer('Redis becomes a read-only replica', {}, async ({ port }, reader) => {
    await ask(port, 'REPLICAOF', '127.0.0.1', '9')
    await reader.feed(0.7)
    await ask(port, 'REPLICAOF', 'NO', 'ONE')
  }),
  freeze: onServer('Redis held still (SIGSTOP) for six seconds', {}, async (server, reader) => {
    server.freeze()
    await reader.feed(0.7)
    await sleep(6000)
    server.resume()
  }),
  password: onServer('the password changes, and changes back', {}, async ({ port }, reader) => {
    await ask(port, 'CONFIG', 'SET', 'requirepass', 'other')
    await clientsOff(port).catch(() => undefined)
    await ask(port, '-a', 'other', '--no-auth-warning', 'CLIENT', 'KILL', 'TYPE', 'normal')
    await reader.feed(0.7)
    await ask(port, '-a', 'other', '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', '')
  }),
  empty: onServer(
    'Redis killed, back without anything',
    {},
    async (server) => {
      await server.kill()
      await server.restart()
    },
    isFound,
  ),
  flushall: onServer(
    'FLUSHALL',
    {},
    async ({ port }) => {
      await ask(port, 'FLUSHALL')
    },
    isFound,
  ),
  rdb: onServer(
    "Debian's default persistence (snapshots alone), killed after one",
    { args: ['--save', '3600 1 300 100 60 10000', '--appendonly', 'no'] },
    async (server, reader) => {
      await ask(server.port, 'SAVE')
      const saved = Number(await ask(server.port, 'DBSIZE'))
      await reader.feed(0.8)
      const isLater = async () => Number(await ask(server.port, 'DBSIZE')) > saved + 200
      await until(isLater, 30_000, 'sightings after the snapshot')
      await server.kill()
      await server.restart()
    },
    isFound,
  ),
  sigterm: onServer(
    'SIGTERM to the reader while Redis is unreachable',
    { durable: true },
    async (server, reader) => {
      await server.kill()
      await reader.feed(0.8)
      reader.signal('SIGTERM')
      await sleep(6000)
      await server.restart()
    },
    (account) => {
      if (account.dropped === 0) throw new Error('nothing was dropped')
    },
    true,
  ),
  spool: {
    what: 'kill -9 of the reader with a spool on disk, while Redis is unreachable',
    isQuick: true,
    run: killedReader,
  },
  two: { what: 'two sensors see one flow', isQuick: true, run: twoReaders },
  sentinel: onGroup(
    'Sentinel failover under load, and the old primary returns',
    () => RedisSentinel.start(),
    async (group) => {
      const old = await group.primary()
      await old.kill()
      await until(async () => (await group.primary()) !== old, 30_000, 'another primary')
      await old.restart()
    },
  ),
  cluster: onGroup(
    'a primary of a Cluster is killed under load',
    () => RedisCluster.start(),
    async ({ servers }) => {
      const [first, second] = servers
      await first?.kill()
      const isWhole = async () =>
        /cluster_state:ok/.test(await ask(second?.port ?? 0, 'CLUSTER', 'INFO'))
      await until(async () => !(await isWhole()), 10_000, 'a Cluster that noticed').catch(
        () => undefined,
      )
      await until(isWhole, 30_000, 'a Cluster that is whole again')
    },
  ),
  slots: onGroup('slots move between shards under load', () => RedisCluster.start(), moveSlots),
}
