import { addressBytes } from './address.js'
import { historyFiles, removeFile } from './folder.js'
import { PartFile } from './part-file.js'
import { BadHistoryFile, readRows } from './read-part.js'
import { COLUMNS } from './schema.js'
import { zstd } from './zstd.js'

/** Passes over the files: a compaction under way may write a file of what it read before. */
const MOST_PASSES = 4

/**
 * Deletes the sightings of a source from a history. A file that has any is written anew without them.
 * @param names the address, or the names it is kept under @returns how many sightings
 */
export async function forgetSource(folder: string, names: readonly string[]): Promise<number> {
  const sources = names.flatMap((name) => {
    const bytes = addressBytes(name)
    return bytes === undefined ? [] : [Buffer.from(bytes).toString('hex')]
  })
  const isForgotten = (src: unknown) =>
    sources.includes(Buffer.from(src as Uint8Array).toString('hex'))
  const { compressors } = await zstd()
  let count = 0
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    let found = 0
    for (const { path } of await historyFiles(folder))
      try {
        const has = (await readRows(path, ['src'])).filter(({ src }) => isForgotten(src)).length
        if (has === 0) continue
        found += has
        const kept = (await readRows(path)).filter(({ src }) => !isForgotten(src))
        if (kept.length === 0) {
          await removeFile(folder, path)
          continue
        }
        const file = new PartFile(compressors)
        for (const row of kept) file.add(COLUMNS.map(({ name }) => row[name] ?? undefined))
        file.finish(path)
      } catch (error) {
        const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
        if (!(error instanceof BadHistoryFile) && !isGone) throw error
      }
    if (found === 0) break
    count += found
  }
  return count
}
