// The scripts under lua/, each called by its hash. A reply's strings are bytes.

import { existsSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import type { RedisClient } from './redis-connection.js'

interface Script {
  readonly text: string
  readonly sha: string
}

export const WRITE = script('call-all', 'write')
export const PARTS = script('parts')
export const CHECK = script('check')
export const ROWS = script('rows')
export const CONNECTION = script('connection')
export const STATISTICS = script('statistics')
export const AGENT = script('agent')
export const FIND = script('find')
export const FORGET = script('forget')
export const POPULATION = script('call-all', 'population')
export const TALLIES = script('tallies')

/** What scripts are given. */
export type Argument = string | number | Buffer

/**
 * Runs a script on the shard that has `keys`; it is sent where that shard does not know it yet.
 * @throws ReplyError and errors of the connection
 */
export async function run(
  redis: RedisClient,
  { text, sha }: Script,
  keys: readonly Argument[],
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await redis.callBuffer('EVALSHA', sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return await redis.callBuffer('EVAL', text, keys.length, ...keys, ...args)
  }
}

/** A script of several files, one behind the other. */
function script(...names: readonly string[]): Script {
  const text = names.map(textOf).join('')
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

function textOf(name: string): string {
  // beside this file in the sources, at its place in the package where this is part of a bundle
  const own = new URL(`./lua/${name}.lua`, import.meta.url)
  const packed = () => new URL(import.meta.resolve(`#package/dist/store/redis/lua/${name}.lua`))
  return readFileSync(existsSync(own) ? own : packed(), 'utf8')
}
