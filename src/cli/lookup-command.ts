import { isIP } from 'node:net'
import { ConfigError, storeLimits } from '../config.js'
import { openStore } from '../store/open-store.js'
import { StoreError } from '../store/contract.js'
import { configOf } from './options.js'
import { print } from './print.js'

/** Sightings of an address printed at most. */
const PAGE = 100

/** `lookup IP|FINGERPRINT`: what a running hellotap, or Redis, holds about it, as JSON. Exit 1 where nothing is held. */
export async function lookup(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const value = args['value'] as string
  if (isIP(value) === 0 && !/^[\x21-\x7e]{6,4096}$/.test(value))
    throw new ConfigError(`${JSON.stringify(value)} is neither an IP address nor a fingerprint`)
  const answer =
    config.redis === undefined ? await askApi(config, value) : await askStore(config, value)
  print(`${JSON.stringify(answer.body, null, 2)}\n`)
  return answer.found ? 0 : 1
}

interface Answer {
  readonly found: boolean
  readonly body: unknown
}

async function askApi(
  config: { host: string; 'http-port': number },
  value: string,
): Promise<Answer> {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  const name = isIP(value) === 0 ? 'fingerprint' : 'ip'
  const url = `http://${host}:${config['http-port']}/lookup?${name}=${encodeURIComponent(value)}`
  let response: Response
  try {
    response = await fetch(url)
  } catch (cause) {
    throw new StoreError(
      'STORE_UNREACHABLE',
      `no hellotap answers at ${url}: start one with \`hellotap up\`, or name its --http-port or --redis`,
      { cause },
    )
  }
  return { found: response.ok, body: await response.json() }
}

async function askStore(
  config: { redis: string | undefined; ttl: number; 'per-ip': number; spool: number },
  value: string,
): Promise<Answer> {
  const store = await openStore(config.redis, storeLimits(config))
  try {
    if (isIP(value) === 0) {
      const body = await store.fingerprint(value)
      return { found: body !== undefined, body: body ?? { msg: `nothing is held about ${value}` } }
    }
    const body = await store.sightings(value, 0, PAGE)
    return { found: body.total > 0, body }
  } finally {
    await store.close()
  }
}
