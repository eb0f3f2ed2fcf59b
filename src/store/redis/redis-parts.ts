// Parts that many sightings share, and the keys that values are found by: sent once, each to the partition that its own id
// falls into. They are remembered as long as a sighting may need them. Where a partition has lost some, all are sent again.

import type { Entry, Part } from '../packed-row.js'
import { MessagePack } from './message-pack.js'
import { partitionOf } from './partitions.js'

/** Parts remembered as sent; beyond, the oldest are forgotten. */
const MAX_SENT = 200_000

/** Lists that a partition keeps the keys of values in, by their first byte; `find` looks through one. */
export const VALUE_LISTS = 8

/** Parts and keys of values for one partition. */
export interface PartsBatch {
  readonly partition: number
  readonly count: number
  /** For the script `parts`. */
  readonly bytes: Buffer
}

/** A part, or the values that one order of extensions has; and when it was sent last. */
interface Sent {
  readonly thing: Part | readonly string[]
  /** The id of the body that has the values. */
  readonly body: string
  at: number
}

interface Message {
  readonly parts: Part[]
  /** Records by list: keys of values, each with its body's id behind it. */
  readonly records: Map<number, string>
}

/** Knows which parts the partitions were sent. Times are milliseconds of any one clock. */
export class PartsSender {
  readonly #pack = new MessagePack()
  readonly #sent = new Map<object, Sent>()
  readonly #againMillis: number
  readonly #keepMillis: number
  #isAllDue = false

  /** @param againMillis after which a part that comes is sent again. @param keepMillis how long sightings need a part */
  constructor(againMillis: number, keepMillis: number) {
    this.#againMillis = againMillis
    this.#keepMillis = keepMillis
  }

  /** Has all parts sent again that sightings may need: some may be lost. */
  sendAll(): void {
    this.#isAllDue = this.#sent.size > 0
  }

  /** Whether parts are to be sent though no sighting comes. */
  get isAllDue(): boolean {
    return this.#isAllDue
  }

  /** Has the parts of `entries` sent again when they come again: a batch failed. */
  unsend(entries: Iterable<Entry>): void {
    for (const { body, origin, rest, values } of entries)
      for (const thing of [body, origin, rest, values]) {
        const sent = thing === undefined ? undefined : this.#sent.get(thing)
        if (sent !== undefined) sent.at = -Infinity
      }
  }

  /** The parts to be sent before `entries`. They count as sent from here on: `unsend` where that fails. */
  take(entries: Iterable<Entry>, now: number): PartsBatch[] {
    const messages = new Map<number, Message>()
    for (const { body, origin, rest, values } of entries) {
      this.#note(messages, body, body.id, now)
      this.#note(messages, origin, '', now)
      if (rest !== undefined) this.#note(messages, rest, '', now)
      if (values.length > 0) this.#note(messages, values, body.id, now)
    }
    if (this.#isAllDue)
      for (const [key, sent] of this.#sent)
        if (now - sent.at > this.#keepMillis) this.#sent.delete(key)
        else if (sent.at !== now) add(messages, sent)
    this.#isAllDue = false
    return [...messages].map(([partition, message]) => this.#encode(partition, message))
  }

  #note(
    messages: Map<number, Message>,
    thing: Part | readonly string[],
    body: string,
    now: number,
  ): void {
    let sent = this.#sent.get(thing)
    if (sent !== undefined && now - sent.at < this.#againMillis) return
    // the last one sent is the last one to be forgotten
    if (sent !== undefined) this.#sent.delete(thing)
    else if (this.#sent.size >= MAX_SENT)
      for (const oldest of this.#sent.keys()) {
        this.#sent.delete(oldest)
        break
      }
    sent = { thing, body, at: now }
    this.#sent.set(thing, sent)
    add(messages, sent)
  }

  #encode(partition: number, { parts, records }: Message): PartsBatch {
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

function add(messages: Map<number, Message>, { thing, body }: Sent): void {
  const of = (id: string) => {
    const partition = partitionOf(id)
    let message = messages.get(partition)
    if (message === undefined)
      messages.set(partition, (message = { parts: [], records: new Map() }))
    return message
  }
  if ('id' in thing) of(thing.id).parts.push(thing)
  for (const value of 'id' in thing ? thing.values : thing) {
    if (value === '') continue
    const { records } = of(value)
    const list = value.charCodeAt(0) % VALUE_LISTS
    records.set(list, (records.get(list) ?? '') + value + body)
  }
}
