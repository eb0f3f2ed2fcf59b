// The user's own knowledge file: JSON lines of profiles that `learn` appends to and identification reads.

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod/mini'
import { dataDir } from '../config/data-dir.js'
import { ConfigError } from '../config/config-error.js'
import type { OwnRow } from '../knowledge/identify/own-rows.js'

const natural = z.int().check(z.gte(0))
const Row = z.object({
  library: z.string().check(z.minLength(1)),
  version: z.optional(z.string()),
  application: z.string(),
  source: z.string(),
  licence: z.string(),
  tokens: z.array(natural),
  order: z.array(natural),
  permuting: z.optional(z.boolean()),
  fingerprints: z.record(z.string(), z.array(z.string())),
})

/** Where the file is unless `--knowledge` names another. */
export function knowledgePath(named: string | undefined): string {
  return named ?? join(dataDir({}), 'knowledge.jsonl')
}

/**
 * The rows of the file; none where the default file does not exist.
 *
 * @throws ConfigError where a line is no row, or a file that was named does not exist
 */
export function readOwnRows(named: string | undefined): OwnRow[] {
  const path = knowledgePath(named)
  if (named === undefined && !existsSync(path)) return []
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(
      `cannot read the knowledge file ${path} (${error instanceof Error ? error.message : String(error)})`,
    )
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const row = Row.safeParse(parsed(line))
    if (row.success) return [row.data as OwnRow]
    throw new ConfigError(
      `${path}:${index + 1} is no labelled profile: remove the line, and learn its capture again`,
    )
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

export function appendOwnRows(named: string | undefined, rows: readonly OwnRow[]): string {
  const path = knowledgePath(named)
  mkdirSync(dirname(path), { recursive: true })
  appendFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}
