import { historyFiles, removeFile } from './folder.js'

/** Bounds of a history; undefined: none. */
export interface Retention {
  readonly days?: number | undefined
  readonly bytes?: number | undefined
}

const HOUR_MILLIS = 3_600_000
const DAY_MILLIS = 24 * HOUR_MILLIS

/**
 * Removes the hours that are older than the bound, and the oldest ones until what is left fits. The hour that is written
 * now stays. @returns files removed
 */
export async function enforceRetention(
  folder: string,
  { days, bytes }: Retention,
  now: number,
): Promise<number> {
  if (days === undefined && bytes === undefined) return 0
  const files = await historyFiles(folder)
  let left = files.reduce((sum, file) => sum + file.bytes, 0)
  let removed = 0
  for (const { path, date, hour, bytes: length } of files) {
    const end = Date.parse(`${date}T${hour}:00:00Z`) + HOUR_MILLIS
    const isOld = days !== undefined && end <= now - days * DAY_MILLIS
    const isTooMuch = bytes !== undefined && left > bytes && end <= now
    if (!isOld && !isTooMuch) continue
    await removeFile(folder, path)
    left -= length
    removed++
  }
  return removed
}
