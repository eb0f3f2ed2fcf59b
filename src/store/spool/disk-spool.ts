// What waits to be written, on disk too: it survives the end of the process, kill -9 included. A log of segments; each
// begins with how many sightings of each partition the log had before, and holds records of a length, a checksum and the
// sightings of one put. A record that is cut or damaged ends its segment.
//
// Replay counts nothing twice: Redis says how many sightings of this writer each partition has taken, in order, and the log
// says which those are. What was taken without being logged, or logged and never taken, is the shift between the two.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { STORE_PARTITIONS } from '../../base/limits.js'
import { StoreError } from '../contract.js'
import type { Entry, Part } from '../packed-row.js'
import { packedOf } from '../packed-row.js'

const SEGMENT_BYTES = 8 << 20
const MAGIC = Buffer.from('HTSPOOL1')
const HEAD_LEN = MAGIC.length + 8 * STORE_PARTITIONS
const RECORD_HEAD_LEN = 8
const SEGMENT = /^\d{12}\.spool$/

interface Segment {
  readonly path: string
  size: number
  /** Entries pushed to the queue in memory when the last of this segment was. */
  end: number
}

interface Logged {
  readonly parts: readonly Part[]
  readonly rows: readonly (Omit<Entry, 'slab' | 'off' | 'len' | 'body' | 'origin' | 'rest'> & {
    readonly packed: Uint8Array
    /** Numbers of its parts; -1 for none. */
    readonly uses: readonly number[]
  })[]
}

/** A sighting of an earlier process, and its place among those of its partition. */
export interface Recovered {
  readonly entry: Entry
  readonly partition: number
  readonly place: number
}

export class DiskSpool {
  /** The writer's name in Redis: that of every process that uses this folder. */
  readonly name: string
  /** What is in the log, oldest first. */
  readonly recovered: readonly Recovered[]
  readonly #folder: string
  readonly #bound: number
  readonly #partitionOf: (ip: string) => number
  readonly #counts = new Float64Array(STORE_PARTITIONS)
  readonly #shift = new Float64Array(STORE_PARTITIONS)
  readonly #shiftFd: number
  #segments: Segment[] = []
  #fd: number | undefined
  #serial = 0
  #bytes = 0
  /** Sightings that the disk had no room for: they wait in memory alone. */
  unspooled = 0

  /** @throws StoreError where the folder cannot be used, or another process uses it */
  constructor(folder: string, mib: number, partitionOf: (ip: string) => number) {
    this.#folder = folder
    this.#bound = mib * 2 ** 20
    this.#partitionOf = partitionOf
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      this.#lock()
      this.name = this.#once('writer', () => Buffer.from(randomBytes(8).toString('hex'))).toString()
      this.#shift.set(
        new Float64Array(
          new Uint8Array(this.#once('shift', () => Buffer.alloc(8 * STORE_PARTITIONS))).buffer,
        ),
      )
      this.#shiftFd = openSync(join(folder, 'shift'), 'r+')
      this.recovered = this.#replay()
    } catch (error) {
      if (error instanceof StoreError) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new StoreError('STORE_BAD_DATA', `cannot use --spool-dir ${folder}: ${reason}`)
    }
  }

  /**
   * Logs entries; what is logged when this returns survives the process.
   * @param pushed entries pushed to the queue in memory, these included
   */
  append(entries: readonly Entry[], pushed: number): void {
    if (entries.length === 0) return
    const payload = serialize(logged(entries))
    const head = Buffer.alloc(RECORD_HEAD_LEN)
    head.writeUInt32LE(payload.length, 0)
    head.writeUInt32LE(crc32(payload), 4)
    const isLogged = this.#write(Buffer.concat([head, payload]))
    for (const { ip } of entries) {
      const counts = isLogged ? this.#counts : this.#shift
      const at = this.#partitionOf(ip)
      counts[at] = (counts[at] ?? 0) + (isLogged ? 1 : -1)
    }
    const last = this.#segments.at(-1)
    if (isLogged && last !== undefined) last.end = pushed
    if (isLogged) return
    this.unspooled += entries.length
    this.#writeShift()
  }

  /** Notes that `count` sightings of a partition that were logged are not among those it has taken. */
  notTaken(partition: number, count: number): void {
    this.#shift[partition] = (this.#shift[partition] ?? 0) + count
    this.#writeShift()
  }

  /** The place up to which a partition that has taken so many has what is in the log. */
  placeOf(partition: number, taken: number): number {
    return taken + (this.#shift[partition] ?? 0)
  }

  /** Says that the queue in memory has so many pushed, which are those of the log so far. */
  resume(pushed: number): void {
    for (const segment of this.#segments) segment.end = pushed
  }

  /** Deletes the segments whose entries have all left the queue in memory. */
  left(count: number): void {
    while (this.#segments[0] !== undefined && this.#segments[0].end <= count) {
      const [first] = this.#segments.splice(0, 1)
      if (this.#segments.length === 0) this.#closeSegment()
      rmSync(first?.path ?? '', { force: true })
      this.#bytes -= first?.size ?? 0
    }
  }

  close(): void {
    this.#closeSegment()
    closeSync(this.#shiftFd)
    rmSync(join(this.#folder, 'lock'), { force: true })
  }

  #write(record: Buffer): boolean {
    if (this.#bytes + record.length + HEAD_LEN > this.#bound) return false
    const last = this.#segments.at(-1)
    const at = last?.size ?? 0
    try {
      if (this.#fd === undefined || at > SEGMENT_BYTES) this.#newSegment()
      const segment = this.#segments.at(-1)
      if (this.#fd === undefined || segment === undefined) return false
      if (writeSync(this.#fd, record) < record.length) throw new Error('the disk is full')
      segment.size += record.length
      this.#bytes += record.length
      return true
    } catch {
      const segment = this.#segments.at(-1)
      if (this.#fd !== undefined && segment !== undefined) ftruncateSync(this.#fd, segment.size)
      return false
    }
  }

  #newSegment(): void {
    this.#closeSegment()
    const path = join(this.#folder, `${String(++this.#serial).padStart(12, '0')}.spool`)
    const fd = openSync(path, 'ax', 0o600)
    const head = Buffer.concat([MAGIC, Buffer.from(this.#counts.slice().buffer)])
    if (writeSync(fd, head) < head.length) {
      closeSync(fd)
      rmSync(path)
      throw new Error('the disk is full')
    }
    this.#fd = fd
    this.#segments.push({ path, size: head.length, end: Infinity })
    this.#bytes += head.length
  }

  #closeSegment(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #replay(): Recovered[] {
    const recovered: Recovered[] = []
    for (const file of readdirSync(this.#folder).sort()) {
      if (!SEGMENT.test(file)) continue
      const path = join(this.#folder, file)
      const bytes = readFileSync(path)
      this.#serial = Number(file.slice(0, 12))
      this.#segments.push({ path, size: bytes.length, end: Infinity })
      this.#bytes += bytes.length
      if (bytes.length < HEAD_LEN || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) continue
      this.#counts.set(
        new Float64Array(new Uint8Array(bytes.subarray(MAGIC.length, HEAD_LEN)).buffer),
      )
      for (const entry of entriesIn(bytes)) {
        const partition = this.#partitionOf(entry.ip)
        const place = (this.#counts[partition] ?? 0) + 1
        this.#counts[partition] = place
        recovered.push({ entry, partition, place })
      }
    }
    return recovered
  }

  #once(file: string, make: () => Buffer): Buffer {
    const path = join(this.#folder, file)
    try {
      return readFileSync(path)
    } catch {
      writeFileSync(path, make(), { mode: 0o600 })
      return readFileSync(path)
    }
  }

  #lock(): void {
    const path = join(this.#folder, 'lock')
    const holder = Number(this.#once('lock', () => Buffer.from(String(process.pid))).toString())
    if (holder === process.pid) return
    if (isRunning(holder))
      throw new StoreError(
        'STORE_BAD_DATA',
        `process ${holder} uses --spool-dir ${this.#folder}: give each process a folder of its own`,
      )
    writeFileSync(path, String(process.pid))
  }

  #writeShift(): void {
    // in place: this needs no room on a full disk
    writeSync(this.#shiftFd, Buffer.from(this.#shift.buffer), 0, undefined, 0)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function logged(entries: readonly Entry[]): Logged {
  const numbers = new Map<Part, number>()
  const numberOf = (part: Part | undefined) => {
    if (part === undefined) return -1
    const number = numbers.get(part) ?? numbers.size
    numbers.set(part, number)
    return number
  }
  const rows = entries.map((entry) => ({
    packed: packedOf(entry),
    micros: entry.micros,
    ip: entry.ip,
    port: entry.port,
    isUnconfirmed: entry.isUnconfirmed,
    values: entry.values,
    uses: [entry.body, entry.origin, entry.rest].map(numberOf),
  }))
  return { parts: [...numbers.keys()], rows }
}

function* entriesIn(bytes: Buffer): Generator<Entry> {
  for (let at = HEAD_LEN; at + RECORD_HEAD_LEN <= bytes.length;) {
    const from = at + RECORD_HEAD_LEN
    const payload = bytes.subarray(from, from + bytes.readUInt32LE(at))
    if (payload.length < bytes.readUInt32LE(at) || crc32(payload) !== bytes.readUInt32LE(at + 4))
      return
    const { parts, rows } = deserialize(payload) as Logged
    const made = parts.map((part) => ({ ...part, bytes: Buffer.from(part.bytes) }))
    for (const { packed, uses, ...row } of rows) {
      const [body, origin, rest] = uses.map((number) => made[number])
      if (body === undefined || origin === undefined) continue
      const slab = Buffer.from(packed)
      yield { ...row, slab, off: 0, len: slab.length, body, origin, rest }
    }
    at = from + payload.length
  }
}
