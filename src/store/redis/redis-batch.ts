// A batch on its way into Redis: its sightings by partition, and what each partition does not know yet of their parts.

import type { Entry, Part } from '../packed-row.js'
import { fingerprintOf } from '../packed-row.js'
import { MessagePack } from './message-pack.js'
import { PARTITIONS, partitionOf } from './partitions.js'

/** What partitions were told, so that they are not told with every batch. */
const MAX_TOLD = 400_000

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
  #told = new Set<string>()

  /** Forgets what was told: it may be lost, or is past its time soon. */
  forget(): void {
    this.#told = new Set()
  }

  encode({ partition, entries }: PartitionBatch): Buffer {
    if (this.#told.size > MAX_TOLD) this.forget()
    const pack = this.#pack
    const parts: Part[] = []
    const values: string[] = []
    const clients = new Map<string, Entry[]>()
    const prefix = String.fromCharCode(partition)
    for (const entry of entries) {
      const { body, origin, rest, ip } = entry
      if (this.#isNew(prefix, body.id)) {
        parts.push(body)
        for (const value of body.values) if (value !== '') values.push(value, body.id)
      }
      if (this.#isNew(prefix, origin.id)) parts.push(origin)
      if (rest !== undefined && this.#isNew(prefix, rest.id)) parts.push(rest)
      const [first = ''] = entry.values
      if (first !== '' && this.#isNew(prefix, first))
        for (const value of entry.values) values.push(value, body.id)
      const key = entry.isUnconfirmed ? `?${ip}` : ip
      const of = clients.get(key)
      if (of === undefined) clients.set(key, [entry])
      else of.push(entry)
    }
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
    pack.array(values.length)
    for (const value of values) pack.text(value)
    return pack.take()
  }

  #isNew(prefix: string, id: string): boolean {
    const key = prefix + id
    if (this.#told.has(key)) return false
    this.#told.add(key)
    return true
  }
}

/** The prefix of a partition's keys. */
export function keysOf(partition: number): string {
  return PARTITIONS[partition] ?? ''
}
