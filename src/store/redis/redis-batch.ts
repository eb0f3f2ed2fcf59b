// A batch on its way into Redis: its sightings by partition.

import type { Entry } from '../packed-row.js'
import { fingerprintOf } from '../packed-row.js'
import { MessagePack } from './message-pack.js'
import { PARTITIONS, partitionOf } from './partitions.js'

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

  encode({ entries }: PartitionBatch): Buffer {
    const pack = this.#pack
    const clients = new Map<string, Entry[]>()
    for (const entry of entries) {
      const key = entry.isUnconfirmed ? `?${entry.ip}` : entry.ip
      const of = clients.get(key)
      if (of === undefined) clients.set(key, [entry])
      else of.push(entry)
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
    return pack.take()
  }
}

/** The prefix of a partition's keys. */
export function keysOf(partition: number): string {
  return PARTITIONS[partition] ?? ''
}
