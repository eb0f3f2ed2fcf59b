import { isIP } from 'node:net'
import { canonicalAddress } from '../api/address.js'
import { systemClock } from '../api/clock.js'
import { sortedJson } from '../api/json.js'
import { fingerprintAnswer, writeAddress } from '../api/lookup-answer.js'
import { API_PAGE_USUAL } from '../base/limits.js'
import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { storeLimits } from '../config.js'
import { openSightingStore } from '../sighting-store.js'
import { log } from '../telemetry/log.js'
import { printAnswer } from './ask-api.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'
import { privacyPolicy } from '../config/privacy-policy.js'

/**
 * `lookup IP|FINGERPRINT`: the stored sightings of an address or fingerprint, from a hellotap on this machine (Unix socket) or
 * another (token), or directly from Redis. The document is the same. Exit 0, 1 without a sighting, 2 on bad usage.
 */
export async function lookup(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const value = args['value'] as string
  if (isIP(value) === 0 && !/^[\x21-\x7e]{6,4096}$/.test(value))
    throw new ConfigError(`${JSON.stringify(value)} is neither an IP address nor a fingerprint`)
  if (config.redis !== undefined) return askStore(config, value)
  const name = isIP(value) === 0 ? 'fingerprint' : 'ip'
  return printAnswer(config, `/lookup?${name}=${encodeURIComponent(value)}`)
}

async function askStore(config: Config, value: string): Promise<number> {
  const privacy = privacyPolicy(config)
  const store = await openSightingStore(config.redis, storeLimits(config), { privacy })
  try {
    const ip = canonicalAddress(value)
    if (ip === undefined) {
      const record = await fingerprintAnswer(store, value, systemClock)
      if (record === undefined) return nothing('no stored sighting has that fingerprint')
      print(sortedJson(record))
      return 0
    }
    const page = { ip, offset: 0, limit: API_PAGE_USUAL }
    const output = {
      write: (...parts: readonly (string | Buffer)[]) => {
        print(parts.map(String).join(''))
        return Promise.resolve(true)
      },
    }
    const held = await writeAddress(store, page, systemClock, output)
    return held ? 0 : nothing(`no sighting of ${ip} is stored`)
  } finally {
    await store.close()
  }
}

function nothing(sentence: string): number {
  log(`hellotap: ${sentence}`)
  return 1
}
