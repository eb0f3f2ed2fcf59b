import type { Config } from '../config.js'
import { historyFiles } from '../history/folder.js'
import { forgetSource } from '../history/forget.js'
import { privateNamesOf } from '../privacy/privacy.js'
import type { Store } from '../store/contract.js'
import { privacyPolicy } from '../config/privacy-policy.js'

/**
 * Deletes the sightings of an address from the store and the history.
 * @param roll has the history's thread write what it holds first
 */
export async function forgetEverywhere(
  config: Config,
  store: Store,
  ip: string,
  roll: () => Promise<void>,
): Promise<number> {
  const count = await store.forget(ip)
  const { history: folder } = config
  if (folder === undefined) return count
  await roll()
  const now = Date.now() / 1000
  const [oldest] = await historyFiles(folder)
  const first = oldest === undefined ? now : Date.parse(oldest.date) / 1000
  const names = privateNamesOf(privacyPolicy(config), ip, first, now)
  // what both have is one sighting
  return Math.max(count, await forgetSource(folder, names))
}
