// A list of sightings as a JSON answer that is written while it is made: bounded in bytes, no faster than the client
// reads, and no further once the client is gone.

import type { Response } from 'express'
import { once } from 'node:events'
import { API_ANSWER_BYTES } from '../base/limits.js'
import type { Sighting } from '../model/sighting.js'
import type { Store } from '../store/contract.js'
import { inSlices } from '../store/in-slices.js'
import { printSteps, sortedJson } from './json.js'
import { pagedSightings } from './paged-sightings.js'
import type { Take } from './turns.js'

const ITEM = '\n    '
const NEXT_ITEM = `,${ITEM}`

/** A page of an address's sightings to write. */
export interface ListAnswer {
  readonly store: Pick<Store, 'sightings'>
  readonly ip: string
  readonly offset: number
  readonly limit: number
  /** Keys beside `fingerprints`, `next`, `num_fingerprints`, `offset`, `limit` and `ip`. */
  readonly keys: Readonly<Record<string, unknown>>
  readonly answerOf: (sighting: Sighting) => object
  /** Has each piece of work done. */
  readonly take: Take
}

/** Where the text of an answer goes. */
export interface ListOutput {
  /** @returns false where nobody takes more */
  write(...parts: readonly (string | Buffer)[]): Promise<boolean>
}

/**
 * Writes the page as the API prints JSON, keys sorted. It ends before `limit` where the answer has its bytes: `next` then
 * tells where to go on. `null` where the address has no sighting; nothing is written then. @throws StoreError, before or
 * amid the text
 */
export async function writeList(answer: ListAnswer, output: ListOutput): Promise<boolean> {
  const { store, ip, offset, limit, keys, answerOf, take } = answer
  const { head, tail } = around(keys)
  let total = 0
  let bytes = 0
  let count = 0
  let next: number | null = null
  pages: for await (const page of pagedSightings(store, ip, offset, limit, take)) {
    total = page.total
    if (total === 0) return false
    if (bytes === 0 && !(await output.write(head))) return true
    bytes ||= head.length
    for (const [i, sighting] of page.sightings.entries()) {
      const parts = await inSlices(itemSteps(answerOf, sighting), take)
      for (const part of parts) bytes += part.length
      if (count > 0 && bytes > API_ANSWER_BYTES) {
        next = page.offset + i
        break pages
      }
      if (!(await output.write(count === 0 ? ITEM : NEXT_ITEM, ...parts))) return true
      count++
    }
  }
  if (next === null && count > 0 && offset + limit < total) next = offset + limit
  const counts = { ip, limit, next, num_fingerprints: total, offset }
  await output.write(`${count === 0 ? '' : '\n  '}],${tail(counts)}`)
  return true
}

function* itemSteps(
  answerOf: ListAnswer['answerOf'],
  sighting: Sighting,
): Generator<undefined, Buffer[]> {
  const answer = answerOf(sighting)
  yield undefined
  return yield* printSteps(answer, ITEM)
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
    write: async (...parts) => {
      if (res.destroyed) return false
      if (!res.headersSent) res.status(200).type('application/json')
      res.cork()
      for (const part of parts) res.write(part)
      res.uncork()
      if (res.writableNeedDrain) {
        const gone = new AbortController()
        res.once('close', () => gone.abort())
        await once(res, 'drain', { signal: gone.signal }).catch(() => undefined)
      }
      return !res.destroyed
    },
  }
}
