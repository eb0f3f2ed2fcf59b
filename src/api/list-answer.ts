// A list of sightings as a JSON answer that is written while it is made: bounded in bytes, no faster than the client
// reads, and no further once the client is gone.

import type { Response } from 'express'
import { once } from 'node:events'
import { API_ANSWER_BYTES, API_ROWS_AT_A_TIME } from '../base/limits.js'
import type { Sighting } from '../model/sighting.js'
import type { Store } from '../store/contract.js'
import { sortedJson } from './json.js'

/** A page of an address's sightings to write. */
export interface ListAnswer {
  readonly store: Pick<Store, 'sightings'>
  readonly ip: string
  readonly offset: number
  readonly limit: number
  /** Keys beside `fingerprints`, `next`, `num_fingerprints`, `offset`, `limit` and `ip`. */
  readonly keys: Readonly<Record<string, unknown>>
  readonly answerOf: (sighting: Sighting) => object
  /** Awaited before each piece of work. */
  readonly turn: () => Promise<void>
}

/** Where the text of an answer goes. */
export interface ListOutput {
  /** @returns false where nobody takes more */
  write(text: string): Promise<boolean>
}

/**
 * Writes the page as the API prints JSON, keys sorted. It ends before `limit` where the answer has its bytes: `next` then
 * tells where to go on. `null` where the address has no sighting; nothing is written then. @throws StoreError, before or
 * amid the text
 */
export async function writeList(answer: ListAnswer, output: ListOutput): Promise<boolean> {
  const { store, ip, offset, limit, keys, answerOf, turn } = answer
  let page = await store.sightings(ip, offset, Math.min(limit, API_ROWS_AT_A_TIME))
  if (page.total === 0) return false
  const { head, tail } = around(keys)
  let bytes = head.length
  if (!(await output.write(head))) return true
  let count = 0
  while (page.sightings.length > 0) {
    for (const sighting of page.sightings) {
      await turn()
      const text = sortedJson(answerOf(sighting)).trimEnd().replaceAll('\n', '\n    ')
      if (count > 0 && bytes + text.length > API_ANSWER_BYTES) return end(true)
      bytes += text.length
      if (!(await output.write(`${count === 0 ? '' : ','}\n    ${text}`))) return true
      count++
    }
    const rest = Math.min(limit - count, API_ROWS_AT_A_TIME)
    if (rest === 0 || offset + count >= page.total) break
    page = await store.sightings(ip, offset + count, rest)
  }
  return end(count > 0 && offset + count < page.total)

  async function end(more: boolean): Promise<true> {
    await output.write(
      `${count === 0 ? '' : '\n  '}],${tail({
        ip,
        limit,
        next: more ? offset + count : null,
        num_fingerprints: page.total,
        offset,
      })}`,
    )
    return true
  }
}

/** The text before the list's items, and the one after its bracket. */
function around(keys: Readonly<Record<string, unknown>>) {
  const split = (from: Readonly<Record<string, unknown>>, before: boolean) =>
    Object.fromEntries(Object.entries(from).filter(([key]) => key < 'fingerprints' === before))
  const first = Object.keys(split(keys, true)).length > 0
  const head = first ? `${sortedJson(split(keys, true)).slice(0, -3)},\n` : '{\n'
  return {
    head: `${head}  "fingerprints": [`,
    tail: (more: Readonly<Record<string, unknown>>) =>
      sortedJson({ ...split(keys, false), ...more }).slice(1),
  }
}

/** The response as an output: it waits while the client's buffers are full. */
export function responseOutput(res: Response): ListOutput {
  return {
    write: async (text) => {
      if (res.destroyed) return false
      if (!res.headersSent) res.status(200).type('application/json')
      if (!res.write(text)) {
        const gone = new AbortController()
        res.once('close', () => gone.abort())
        await once(res, 'drain', { signal: gone.signal }).catch(() => undefined)
      }
      return !res.destroyed
    },
  }
}
