import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { reasonOf } from '../base/error-reason.js'
import { ConfigError } from './config-error.js'
import type { PrivacyPolicy } from '../privacy/privacy.js'

/** Minimum length of a key, bytes: a key short enough to guess hides nothing. */
const MIN_KEY_BYTES = 16
const RANDOM_KEY_BYTES = 32

interface PrivacyConfig {
  readonly 'privacy-address': PrivacyPolicy['address']
  readonly 'privacy-sni': PrivacyPolicy['sni']
  readonly 'privacy-key'?: string | undefined
  readonly redis?: string | undefined
  readonly history?: string | undefined
}

/**
 * The configured privacy policy, with the key from its file. Without a file the key is random and ends with the process,
 * which is enough for sightings in memory.
 * @throws ConfigError
 */
export function privacyPolicy(config: PrivacyConfig): PrivacyPolicy {
  const { 'privacy-address': address, 'privacy-sni': sni, 'privacy-key': path } = config
  const hashes = address === 'hmac' || sni === 'hashed'
  return { address, sni, secret: hashes ? readKey(path, config) : new Uint8Array() }
}

function readKey(path: string | undefined, { redis, history }: PrivacyConfig): Uint8Array {
  if (path === undefined) {
    if (redis === undefined && history === undefined) return randomBytes(RANDOM_KEY_BYTES)
    throw new ConfigError(
      'hashed addresses or server names in Redis or a history need --privacy-key FILE, the same on every machine: make one with `head -c 32 /dev/urandom | base64 > FILE`',
    )
  }
  let key: Buffer
  try {
    key = readFileSync(path)
  } catch (cause) {
    throw new ConfigError(`cannot read the privacy key ${path}: ${reasonOf(cause)}`, {
      cause,
    })
  }
  if (key.length < MIN_KEY_BYTES)
    throw new ConfigError(
      `the privacy key ${path} has ${key.length} bytes, fewer than ${MIN_KEY_BYTES}: make one with \`head -c 32 /dev/urandom | base64 > ${path}\``,
    )
  return key
}
