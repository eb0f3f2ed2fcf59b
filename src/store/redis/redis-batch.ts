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
    /** Confirmed clients with one sighting, and others. */
    const singles = new Map<string, Entry>()
    const clients = new Map<string, Entry[]>()
    let announced = 0
    for (const entry of entries) {
      const { ip, isUnconfirmed } = entry
      announced += ip.length + 3
      const key = isUnconfirmed ? `?${ip}` : ip
      const single = isUnconfirmed ? undefined : singles.get(ip)
      const of = single === undefined ? clients.get(key) : [single]
      if (of !== undefined) {
        of.push(entry)
        if (single !== undefined) {
          singles.delete(ip)
          clients.set(key, of)
        }
      } else if (isUnconfirmed) clients.set(key, [entry])
      else singles.set(ip, entry)
    }
    pack.array(3)
    pack.head(announced)
    for (const { ip, port } of entries) {
      pack.byte(ip.length)
      pack.latin1(ip)
      pack.byte(port >> 8)
      pack.byte(port & 0xff)
    }
    pack.array(2 * singles.size)
    for (const [ip, entry] of singles) {
      pack.text(fingerprintOf(entry) + ip)
      pack.bytes(entry.slab, entry.off, entry.off + entry.len)
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
