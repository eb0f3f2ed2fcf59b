// Requests to a running hellotap: over its Unix socket, or over HTTP with a token.

import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { RequestOptions } from 'node:http'
import { reasonOf } from '../base/error-reason.js'
import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { socketPath } from '../config/data-dir.js'
import { print } from '../output/print.js'
import { StoreError } from '../store/contract.js'
import { log } from '../telemetry/log.js'

/** Milliseconds without a byte after which an answer is given up. */
const ANSWER_MILLIS = 30_000

/** A running hellotap: how to reach it, its name in errors, and the remedy if it does not answer. */
export interface Target {
  readonly options: RequestOptions
  readonly shown: string
  readonly remedy: string
}

/** An answer of the API: HTTP status and body. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * Prints the answer to `path`.
 * @returns 0, or 1 with the reason logged if the API has no answer
 * @throws StoreError if no hellotap answers, ConfigError if the token cannot be read
 */
export async function printAnswer(config: Config, path: string): Promise<number> {
  const { status, text } = await ask(targetOf(config), path)
  if (status === 200) {
    print(text)
    return 0
  }
  log(`hellotap: ${detailOf(text) ?? `${path} answered with status ${status}`}`)
  return 1
}

/** The hellotap behind the Unix socket of the configuration. */
export function socketTarget(config: Config): Target {
  const path = socketPath(config)
  return {
    options: { socketPath: path },
    shown: `the Unix socket ${path}`,
    remedy: 'start one with `hellotap up` as this user, or name its --socket or --data-dir',
  }
}

/** @throws StoreError if no answer comes */
export function ask({ options, shown, remedy }: Target, path: string): Promise<Answer> {
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

/** The hellotap of --token-file, or else the one behind the Unix socket. */
function targetOf(config: Config): Target {
  const tokenFile = config['token-file']
  if (tokenFile === undefined) {
    const local = socketTarget(config)
    const remedy = `${local.remedy}; for one on another machine give --token-file, --host and --http-port, or --redis`
    return { ...local, remedy }
  }
  const host = config.host === 'localhost' ? '127.0.0.1' : config.host
  const port = config['http-port']
  const headers = { Authorization: `Bearer ${readToken(tokenFile)}` }
  return {
    options: { host, port, headers },
    shown: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    remedy: 'start one there, or name its --http-port',
  }
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new ConfigError(`cannot read the token in ${path}: ${reasonOf(cause)}`, { cause })
  }
}

/** The sentence of a problem document (RFC 9457); undefined for any other body. */
function detailOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { detail?: string }).detail
  } catch {
    return undefined
  }
}
