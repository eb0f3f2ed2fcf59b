// Rows as Redis holds them become sightings: parts are fetched once, and remembered within a bound.

import { Cluster } from 'ioredis'
import { STORE_PARTS_BYTES } from '../../base/limits.js'
import type { MakeSighting } from '../../model/row.js'
import type { Sighting } from '../../model/sighting.js'
import { PACKED_ID, PACKED_ORIGIN, partIds, trustOf, unpack } from '../packed-row.js'
import { readingOfConnection } from '../readings.js'
import { withWitnesses } from '../witnesses.js'
import { PARTITIONS, partitionOf, prefixOf } from './partitions.js'
import type { RedisClient } from './redis-connection.js'
import { CONNECTION, ROWS, run } from './redis-scripts.js'

/** Bytes in front of a packed row: the time it is held under. */
const HELD_LEN = 8
const PART_ID_LEN = 8
/** Keys of rows, as SCAN matches them, and where behind the tag's `}:` the address begins. */
const ROW_KEYS = 'hellotap:{*}:[su]:*'
const ADDRESS_AT = 4
const KEYS_AT_ONCE = 256
const PARTS_AT_ONCE = 512

/** A row of an address. */
export interface HeldRow {
  /** Microseconds. */
  readonly micros: number
  /** A TRUST_ number (readings.ts). */
  readonly trust: number
  readonly packed: Buffer
  /** Ids of the origins of others that saw the same. */
  readonly witnesses: readonly string[]
}

/** Keys of an address: its bytes in latin1. */
export function rowKeys(ip: string): readonly [Buffer, Buffer] {
  const prefix = prefixOf(ip)
  return [Buffer.from(`${prefix}s:${ip}`, 'latin1'), Buffer.from(`${prefix}u:${ip}`, 'latin1')]
}

/** Fetches parts, each from the partition of its id; one that is not held is left out. */
export async function fetchParts(
  redis: RedisClient,
  ids: Iterable<string>,
): Promise<Map<string, Buffer>> {
  const byPartition = new Map<number, string[]>()
  for (const id of ids) {
    const partition = partitionOf(id)
    const of = byPartition.get(partition)
    if (of === undefined) byPartition.set(partition, [id])
    else of.push(id)
  }
  const parts = new Map<string, Buffer>()
  await Promise.all(
    [...byPartition].map(async ([partition, of]) => {
      const prefix = PARTITIONS[partition] ?? ''
      for (let at = 0; at < of.length; at += PARTS_AT_ONCE) {
        const some = of.slice(at, at + PARTS_AT_ONCE)
        const keys = some.map((id) => Buffer.from(`${prefix}b:${id}`, 'latin1'))
        for (const [i, bytes] of (await redis.mgetBuffer(...keys)).entries())
          if (bytes !== null) parts.set(some[i] ?? '', bytes)
      }
    }),
  )
  return parts
}

export class RedisRows {
  readonly #redis: RedisClient
  readonly #make: MakeSighting
  readonly #ttlSeconds: number
  readonly #parts = new Map<string, Buffer>()
  /** Parts on their way: those who need one wait for the same answer. */
  readonly #fetching = new Map<string, Promise<void>>()
  #bytes = 0
  #clears = 0
  badRows = 0

  constructor(redis: RedisClient, make: MakeSighting, ttlSeconds: number) {
    this.#redis = redis
    this.#make = make
    this.#ttlSeconds = ttlSeconds
  }

  /** All addresses that have rows, bytes in latin1; one that comes meanwhile may be left out, and one may come twice. */
  async *addresses(): AsyncGenerator<string> {
    const nodes = this.#redis instanceof Cluster ? this.#redis.nodes('master') : [this.#redis]
    for (const node of nodes) {
      let cursor = '0'
      do {
        const [next, keys] = await node.scanBuffer(cursor, 'MATCH', ROW_KEYS, 'COUNT', KEYS_AT_ONCE)
        const seen = new Set<string>()
        for (const key of keys) {
          const text = key.toString('latin1')
          seen.add(text.slice(text.indexOf('}:') + ADDRESS_AT))
        }
        yield* seen
        cursor = next.toString()
      } while (cursor !== '0')
    }
  }

  /** The rows of an address that are not past their time, newest first. */
  async of(ip: string): Promise<HeldRow[]> {
    const answer = await run(this.#redis, ROWS, rowKeys(ip), [prefixOf(ip), this.#ttlSeconds])
    const [, rows, seen] = answer as [Buffer, Buffer[], Buffer[]]
    const witnesses = new Map<string, string[]>()
    for (let i = 0; i + 1 < seen.length; i += 2) {
      const origins = seen[i + 1]?.toString('latin1') ?? ''
      witnesses.set(seen[i]?.toString('latin1') ?? '', inParts(origins))
    }
    const held = rows.flatMap((row) => {
      if (row.length <= HELD_LEN + PACKED_ORIGIN) {
        this.badRows++
        return []
      }
      const packed = row.subarray(HELD_LEN)
      const id = packed.toString('latin1', PACKED_ID, PACKED_ID + PART_ID_LEN)
      return [{ ...heldRow(row), witnesses: witnesses.get(id) ?? [] }]
    })
    // a list is by arrival, newest first, and a sort keeps the order of equals
    return held.sort((a, b) => b.micros - a.micros)
  }

  /** The row to answer with of an address and port, kept under `sinceMicros` or later. */
  async connection(ip: string, port: number, sinceMicros = 0): Promise<HeldRow | undefined> {
    const connection = Buffer.concat([
      Buffer.from(ip, 'latin1'),
      Buffer.from([port >> 8, port & 0xff]),
    ])
    const args = [prefixOf(ip), this.#ttlSeconds, connection]
    const rows = (await run(this.#redis, CONNECTION, rowKeys(ip), args)) as Buffer[]
    const held = rows.map(heldRow).filter(({ micros }) => micros >= sinceMicros)
    return readingOfConnection(held.sort((a, b) => b.micros - a.micros))
  }

  /** The sightings of rows; what is none is left out, and counted. */
  async sightings(ip: string, rows: readonly HeldRow[]): Promise<Sighting[]> {
    const ids = rows.flatMap(({ packed, witnesses }) => [
      ...(packed.length > PACKED_ORIGIN + PART_ID_LEN ? partIds(packed) : []),
      ...witnesses,
    ])
    await this.#fetch(new Set(ids))
    const sightings: Sighting[] = []
    for (const { packed, witnesses } of rows) {
      const parts = unpack(packed, ip, (id) => this.#parts.get(id))
      const sighting = parts === undefined ? undefined : this.#make(parts)
      if (sighting === undefined) this.badRows++
      else if (witnesses.length === 0) sightings.push(sighting)
      else {
        const others = witnesses.flatMap((id) => this.#parts.get(id) ?? [])
        sightings.push(withWitnesses(sighting, others))
      }
    }
    return sightings
  }

  async #fetch(ids: ReadonlySet<string>): Promise<void> {
    const missing = [...ids].filter((id) => !this.#parts.has(id))
    if (missing.length === 0) return
    const clears = this.#clears
    const asked = missing.filter((id) => !this.#fetching.has(id))
    if (asked.length > 0) {
      const fetching = this.#load(asked).finally(() => {
        for (const id of asked) this.#fetching.delete(id)
      })
      for (const id of asked) this.#fetching.set(id, fetching)
    }
    await Promise.all(new Set(missing.flatMap((id) => this.#fetching.get(id) ?? [])))
    // those that this question knew are asked again
    if (this.#clears !== clears) return this.#fetch(ids)
  }

  async #load(ids: readonly string[]): Promise<void> {
    const found = await fetchParts(this.#redis, ids)
    if (this.#bytes > STORE_PARTS_BYTES) {
      this.#parts.clear()
      this.#bytes = 0
      this.#clears++
    }
    for (const [id, bytes] of found) {
      this.#parts.set(id, bytes)
      this.#bytes += bytes.length
    }
  }
}

function heldRow(row: Buffer): HeldRow {
  const packed = row.subarray(HELD_LEN)
  return { micros: row.readDoubleBE(0), trust: trustOf(packed), packed, witnesses: [] }
}

function inParts(ids: string): string[] {
  const parts: string[] = []
  for (let at = 0; at < ids.length; at += PART_ID_LEN) parts.push(ids.slice(at, at + PART_ID_LEN))
  return parts
}
