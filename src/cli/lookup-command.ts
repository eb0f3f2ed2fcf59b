import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { RequestOptions } from 'node:http'
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
import { StoreError } from '../store/contract.js'
import { log } from '../telemetry/log.js'
import { socketPath } from '../config/data-dir.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'
import { privacyPolicy } from '../config/privacy-policy.js'

/** Milliseconds an answer may take. */
const ANSWER_MILLIS = 30_000

/**
 * `lookup IP|FINGERPRINT`: what a hellotap on this machine holds about it, by its Unix socket; with a token what one on
 * another machine holds; with --redis what Redis does. The same document each time. Exit 1 where nothing is held.
 */
export async function lookup(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const value = args['value'] as string
  if (isIP(value) === 0 && !/^[\x21-\x7e]{6,4096}$/.test(value))
    throw new ConfigError(`${JSON.stringify(value)} is neither an IP address nor a fingerprint`)
  return config.redis === undefined ? askApi(config, value) : askStore(config, value)
}

async function askApi(config: Config, value: string): Promise<number> {
  const { status, text } = await ask(target(config), value)
  if (status === 200) {
    print(text)
    return 0
  }
  const { detail } = JSON.parse(text) as { detail: string }
  log(`hellotap: ${detail}`)
  return 1
}

interface Target {
  readonly options: RequestOptions
  readonly shown: string
  readonly remedy: string
}

/** Whom to ask, and how: with a token over HTTP, else by the Unix socket. */
function target(config: Config): Target {
  const tokenFile = config['token-file']
  if (tokenFile === undefined) {
    const socket = socketPath(config)
    const remedy =
      'start one with `hellotap up` as this user, or name its --socket or --data-dir; for one on another machine give --token-file, --host and --http-port, or --redis'
    return { options: { socketPath: socket }, shown: `the Unix socket ${socket}`, remedy }
  }
  const host = config.host === 'localhost' ? '127.0.0.1' : config.host
  const port = config['http-port']
  const headers = { Authorization: `Bearer ${readToken(tokenFile)}` }
  const shown = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
  return {
    options: { host, port, headers },
    shown,
    remedy: 'start one there, or name its --http-port',
  }
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new ConfigError(`cannot read the token in ${path}: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function ask(
  { options, shown, remedy }: Target,
  value: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const name = isIP(value) === 0 ? 'fingerprint' : 'ip'
  const path = `/lookup?${name}=${encodeURIComponent(value)}`
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new StoreError('STORE_UNREACHABLE', `no hellotap answers at ${shown}: ${remedy}`, {
          cause,
        }),
      )
    const req = httpRequest({ ...options, path, timeout: ANSWER_MILLIS, agent: false }, (res) => {
      const parts: Buffer[] = []
      res.on('data', (part: Buffer) => parts.push(part))
      res.on('error', fail)
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
      )
    })
    req.on('error', fail)
    req.on('timeout', () => req.destroy(new Error('no answer')))
    req.end()
  })
}

async function askStore(config: Config, value: string): Promise<number> {
  const privacy = privacyPolicy(config)
  const store = await openSightingStore(config.redis, storeLimits(config), { privacy })
  try {
    const ip = canonicalAddress(value)
    if (ip === undefined) {
      const record = await fingerprintAnswer(store, value, systemClock)
      if (record === undefined) return nothing('No sighting held has that fingerprint.')
      print(sortedJson(record))
      return 0
    }
    const page = { ip, offset: 0, limit: API_PAGE_USUAL }
    const output = {
      write: (text: string) => {
        print(text)
        return Promise.resolve(true)
      },
    }
    const held = await writeAddress(store, page, systemClock, output)
    return held ? 0 : nothing(`No sighting of ${ip} is held.`)
  } finally {
    await store.close()
  }
}

function nothing(sentence: string): number {
  log(`hellotap: ${sentence}`)
  return 1
}
