// Reads the captures of captures/field with the built program and compares what it prints with the values beside them.
//
//   npm run score:field [-- WORD...]     only the captures whose kind or name contains one of the words
//
// Prints a table of kinds and a line for each capture that fails. Exit 0 if all pass, 1 otherwise.

import { readFileSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import type { Sighting } from '../../src/model/sighting.js'
import { hellotap, sightingsIn } from '../hellotap.js'

export const FIELD = resolve(import.meta.dirname, '../../captures/field')

/** What stands beside a capture: its kind and the right sightings. */
export interface FieldCase {
  readonly file: string
  readonly kind: string
  readonly what: string
  /** The right sightings, by the keys of a sighting; null where a key must be absent. */
  readonly expected: readonly Readonly<Record<string, unknown>>[]
  /** Present where other hellos may be printed too, if their `quality` marks them. */
  readonly accept?: string
}

/** The cases of the folder, by name. */
export function fieldCases(): FieldCase[] {
  return readdirSync(FIELD)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(FIELD, name), 'utf8')) as FieldCase)
}

/** What is wrong with the sightings of a capture, in a sentence; "" if nothing is. */
export function faultIn(
  { expected, accept }: FieldCase,
  sightings: readonly Partial<Sighting>[],
): string {
  const left = [...sightings]
  for (const wanted of expected) {
    const at = left.findIndex((sighting) => differences(wanted, sighting).length === 0)
    if (at >= 0) left.splice(at, 1)
    else if (sightings.length === 0) return 'no hello printed'
    else return sightings.map((sighting) => differences(wanted, sighting).join(', ')).join(' | ')
  }
  const unmarked = left.filter(({ quality }) => accept === undefined || quality === undefined)
  return unmarked.length === 0 ? '' : `${unmarked.length} further hello(s) printed without a mark`
}

function differences(
  wanted: Readonly<Record<string, unknown>>,
  sighting: Partial<Sighting>,
): string[] {
  const given = sighting as Record<string, unknown>
  return Object.entries(wanted)
    .filter(([key, value]) => (given[key] ?? null) !== value)
    .map(([key, value]) => `${key} is ${String(given[key])}, not ${String(value)}`)
}

async function main(words: readonly string[]): Promise<void> {
  const cases = fieldCases().filter(
    ({ file, kind }) =>
      words.length === 0 || words.some((word) => file.includes(word) || kind.includes(word)),
  )
  const faults = new Map<FieldCase, string>()
  const waiting = [...cases]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { stdout, stderr } = await hellotap(['read', '--server', join(FIELD, next.file)])
      const fault = faultIn(next, sightingsIn(stdout))
      if (fault !== '')
        faults.set(
          next,
          `${fault}${/error|cannot/i.exec(stderr) ? ` (${stderr.trim().split('\n')[0]})` : ''}`,
        )
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))

  const kinds = [...new Set(cases.map(({ kind }) => kind))].sort()
  const width = Math.max(...kinds.map((kind) => kind.length), 4)
  for (const kind of kinds) {
    const ofKind = cases.filter((one) => one.kind === kind)
    const failed = ofKind.filter((one) => faults.has(one))
    console.log(`${kind.padEnd(width)}  ${ofKind.length - failed.length} of ${ofKind.length}`)
    for (const one of failed) console.log(`  FAIL ${one.file}: ${faults.get(one) ?? ''}`)
  }
  console.log(`${cases.length} captures: ${cases.length - faults.size} pass, ${faults.size} fail`)
  process.exitCode = faults.size === 0 ? 0 : 1
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2))
