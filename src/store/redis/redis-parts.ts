// Parts that many sightings share, and the keys that values are found by: told once, each to the partition that its own id
// falls into. Remembered for as long as a sighting may need them: where a partition has lost some, all are told again.

import type { Entry, Part } from '../packed-row.js'
import { MessagePack } from './message-pack.js'
import { partitionOf } from './partitions.js'

/** Parts remembered as told; beyond, the oldest are forgotten. */
const MAX_TOLD = 200_000

/** Lists that a partition keeps the keys of values in, by their first byte; `find` looks through one. */
export const VALUE_LISTS = 8

/** What one partition is told. */
export interface PartsBatch {
  readonly partition: number
  readonly count: number
  /** For the script `parts`. */
  readonly bytes: Buffer
}

/** A part, or the values that one order of extensions has; and when it was told last. */
interface Told {
  readonly thing: Part | readonly string[]
  /** The id of the body that has the values. */
  readonly body: string
  at: number
}

interface Telling {
  readonly parts: Part[]
  /** Records by list: keys of values, each with its body's id behind it. */
  readonly records: Map<number, string>
}

/** Knows what the partitions were told of parts. Times are milliseconds of any one clock. */
export class PartsTeller {
  readonly #pack = new MessagePack()
  readonly #told = new Map<object, Told>()
  readonly #againMillis: number
  readonly #keepMillis: number
  #isAllDue = false

  /** @param againMillis after which a part that is seen is told again. @param keepMillis for which sightings need it */
  constructor(againMillis: number, keepMillis: number) {
    this.#againMillis = againMillis
    this.#keepMillis = keepMillis
  }

  /** Has all parts told again that sightings may need: some may be lost. */
  tellAll(): void {
    this.#isAllDue = this.#told.size > 0
  }

  /** Whether something is to be told though nothing comes. */
  get isAllDue(): boolean {
    return this.#isAllDue
  }

  /** Has the parts of `entries` told again when they come again. */
  untell(entries: Iterable<Entry>): void {
    for (const { body, origin, rest, values } of entries)
      for (const thing of [body, origin, rest, values]) {
        const told = thing === undefined ? undefined : this.#told.get(thing)
        if (told !== undefined) told.at = -Infinity
      }
  }

  /** What the partitions are to be told before they get `entries`. Counts as told from here on: `untell` where it fails. */
  take(entries: Iterable<Entry>, now: number): PartsBatch[] {
    const tellings = new Map<number, Telling>()
    for (const { body, origin, rest, values } of entries) {
      this.#note(tellings, body, body.id, now)
      this.#note(tellings, origin, '', now)
      if (rest !== undefined) this.#note(tellings, rest, '', now)
      if (values.length > 0) this.#note(tellings, values, body.id, now)
    }
    if (this.#isAllDue)
      for (const [key, told] of this.#told)
        if (now - told.at > this.#keepMillis) this.#told.delete(key)
        else if (told.at !== now) add(tellings, told)
    this.#isAllDue = false
    return [...tellings].map(([partition, telling]) => this.#encode(partition, telling))
  }

  #note(
    tellings: Map<number, Telling>,
    thing: Part | readonly string[],
    body: string,
    now: number,
  ): void {
    let told = this.#told.get(thing)
    if (told !== undefined && now - told.at < this.#againMillis) return
    // the last one told is the last one to be forgotten
    if (told !== undefined) this.#told.delete(thing)
    else if (this.#told.size >= MAX_TOLD)
      for (const oldest of this.#told.keys()) {
        this.#told.delete(oldest)
        break
      }
    told = { thing, body, at: now }
    this.#told.set(thing, told)
    add(tellings, told)
  }

  #encode(partition: number, { parts, records }: Telling): PartsBatch {
    const pack = this.#pack
    pack.array(2)
    pack.array(2 * parts.length)
    for (const { id, bytes } of parts) {
      pack.text(id)
      pack.bytes(bytes, 0, bytes.length)
    }
    pack.array(2 * records.size)
    for (const [list, text] of records) {
      pack.text(String(list))
      pack.text(text)
    }
    return { partition, count: parts.length, bytes: pack.take() }
  }
}

function add(tellings: Map<number, Telling>, { thing, body }: Told): void {
  const of = (id: string) => {
    const partition = partitionOf(id)
    let telling = tellings.get(partition)
    if (telling === undefined)
      tellings.set(partition, (telling = { parts: [], records: new Map() }))
    return telling
  }
  if ('id' in thing) of(thing.id).parts.push(thing)
  for (const value of 'id' in thing ? thing.values : thing) {
    if (value === '') continue
    const { records } = of(value)
    const list = value.charCodeAt(0) % VALUE_LISTS
    records.set(list, (records.get(list) ?? '') + value + body)
  }
}
