import { identifyLines } from '../knowledge/identify/identify-line.js'
import { loadBase } from '../knowledge/identify/load-base.js'
import type { IdentifyHello } from '../fingerprint/sighting-writer.js'
import { readOwnRows } from './own-knowledge.js'

/**
 * What `--identify` adds to each line, from the base of this release and the user's knowledge file.
 *
 * @throws ConfigError where that file is faulty
 */
export function openIdentify(knowledge: string | undefined): Promise<IdentifyHello> {
  return Promise.resolve(
    identifyLines(loadBase(readOwnRows(knowledge)), Math.floor(Math.random() * 2 ** 31), false),
  )
}
