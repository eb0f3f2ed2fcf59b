// A batch on its way into Redis: its sightings by partition, and what each partition does not know yet of their parts.

import type { Entry, Part } from '../packed-row.js'
import { fingerprintOf } from '../packed-row.js'
import { MessagePack } from './message-pack.js'
import { PARTITIONS, partitionOf } from './partitions.js'

/** What partitions were told, so that they are not told with every batch. */
const MAX_TOLD = 200_000

/** Lists that a partition keeps the keys of values in, by their first byte; `find` looks through one. */
export const VALUE_LISTS = 64

/** Sightings of one partition. */
export interface PartitionBatch {
  readonly partition: number
  readonly entries: readonly Entry[]
}

/** The sightings of a batch by partition. */
export function byPartition(entries: readonly Entry[]): PartitionBatch[] {
  const parts: Entry[][] = []
  for (const entry of entries) (parts[partitionOf(entry.ip)] ??= []).push(entry)
  return parts.flatMap((of, partition) => [{ partition, entries: of }])
}

/** Encodes batches for the script `write`. */
export class BatchEncoder {
  readonly #pack = new MessagePack()
  /** Parts, and lists of values, that each partition was told: the packer has one object of each. */
  readonly #told: Set<object>[] = []
  #count = 0

  /** Forgets what was told: it may be lost, or is past its time soon. */
  forget(): void {
    this.#told.length = 0
    this.#count = 0
  }

  encode({ partition, entries }: PartitionBatch): Buffer {
    if (this.#count > MAX_TOLD) this.forget()
    const pack = this.#pack
    const told = (this.#told[partition] ??= new Set())
    const before = told.size
    const parts: Part[] = []
    /** Records by list: keys of values, each with its body's id behind it. */
    const records = new Map<number, string>()
    const note = (value: string, body: string) => {
      const list = value.charCodeAt(0) % VALUE_LISTS
      records.set(list, (records.get(list) ?? '') + value + body)
    }
    const clients = new Map<string, Entry[]>()
    for (const entry of entries) {
      const { body, origin, rest, ip, values } = entry
      if (!told.has(body)) {
        told.add(body)
        parts.push(body)
        for (const value of body.values) if (value !== '') note(value, body.id)
      }
      for (const part of [origin, rest])
        if (part !== undefined && !told.has(part)) {
          told.add(part)
          parts.push(part)
        }
      if (!told.has(values)) {
        told.add(values)
        for (const value of values) note(value, body.id)
      }
      const key = entry.isUnconfirmed ? `?${ip}` : ip
      const of = clients.get(key)
      if (of === undefined) clients.set(key, [entry])
      else of.push(entry)
    }
    this.#count += told.size - before
    pack.array(3)
    pack.array(2 * parts.length)
    for (const { id, bytes } of parts) {
      pack.text(id)
      pack.bytes(bytes, 0, bytes.length)
    }
    pack.array(clients.size)
    for (const of of clients.values()) {
      const [first] = of
      if (first === undefined) continue
      pack.array(3)
      pack.text(first.ip)
      pack.small(first.isUnconfirmed ? 1 : 0)
      pack.array(2 * of.length)
      for (const entry of of) {
        pack.text(fingerprintOf(entry))
        pack.bytes(entry.slab, entry.off, entry.off + entry.len)
      }
    }
    pack.array(2 * records.size)
    for (const [list, text] of records) {
      pack.text(String(list))
      pack.text(text)
    }
    return pack.take()
  }
}

/** The prefix of a partition's keys. */
export function keysOf(partition: number): string {
  return PARTITIONS[partition] ?? ''
}
