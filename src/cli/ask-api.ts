// Asks a running hellotap: by its Unix socket, or with a token over HTTP.

import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { RequestOptions } from 'node:http'
import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { socketPath } from '../config/data-dir.js'
import { print } from '../output/print.js'
import { StoreError } from '../store/contract.js'
import { log } from '../telemetry/log.js'

/** Milliseconds an answer may take. */
const ANSWER_MILLIS = 30_000

/**
 * Prints what a running hellotap answers at `path`. @returns 0, or 1 where it has no answer, with the reason logged.
 * @throws StoreError, ConfigError
 */
export async function printAnswer(config: Config, path: string): Promise<number> {
  const { status, text } = await ask(target(config), path)
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
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
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
