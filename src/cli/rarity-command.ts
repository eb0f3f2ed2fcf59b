import { isIP } from 'node:net'
import { canonicalAddress } from '../api/address.js'
import { systemClock } from '../api/clock.js'
import { sortedJson } from '../api/json.js'
import { rarityOfFingerprint } from '../api/rarity-answer.js'
import { storeLimits } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { privacyPolicy } from '../config/privacy-policy.js'
import { print } from '../output/print.js'
import { ListIndex } from '../knowledge/lists/listed.js'
import { listsPath, readLists } from '../serving/lists-file.js'
import { openSightingStore } from '../sighting-store.js'
import { log } from '../telemetry/log.js'
import { printAnswer } from './ask-api.js'
import { configOf } from './options.js'

/**
 * `rarity FINGERPRINT`: how many clients share it and each part of its hello; with --ip also whether it is new for that client.
 * From a hellotap on this machine or another, or directly from Redis. Exit 0, 1 if no client with it is counted.
 */
export async function rarity(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const fingerprint = String(args['fingerprint'])
  const asked = args['ip'] as string | undefined
  if (!/^[\x21-\x7e]{6,4096}$/.test(fingerprint))
    throw new ConfigError(`${JSON.stringify(fingerprint)} is no fingerprint`)
  if (asked !== undefined && isIP(asked) === 0)
    throw new ConfigError(`--ip ${JSON.stringify(asked)} is no IP address`)
  const ip = asked === undefined ? undefined : canonicalAddress(asked)
  if (config.redis === undefined) {
    const query = ip === undefined ? '' : `?ip=${encodeURIComponent(ip)}`
    return printAnswer(config, `/api/v1/rarity/${encodeURIComponent(fingerprint)}${query}`)
  }
  const privacy = privacyPolicy(config)
  const store = await openSightingStore(config.redis, storeLimits(config), { privacy })
  try {
    const lists = new ListIndex(readLists(listsPath(config)).entries)
    const find = (values: readonly string[]) => lists.find(values)
    const answer = await rarityOfFingerprint(store, fingerprint, ip, systemClock() / 1e6, find)
    if (answer === undefined) {
      log('hellotap: no counted client has that fingerprint')
      return 1
    }
    print(sortedJson(answer))
    return 0
  } finally {
    await store.close()
  }
}
