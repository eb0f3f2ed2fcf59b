import type { TokenStore } from './tokens.js'
import { Token } from './tokens.js'

/** Key of the hash of tokens: name to JSON. */
export const TOKENS_KEY = 'hellotap:tokens'

/** The commands needed, as ioredis has them. */
export interface HashCommands {
  hvals(key: string): Promise<string[]>
  hsetnx(key: string, field: string, value: string): Promise<number>
  hdel(key: string, field: string): Promise<number>
}

/** Tokens in Redis: every API process that reads this Redis knows them. */
export class RedisTokens implements TokenStore {
  readonly #redis: HashCommands

  constructor(redis: HashCommands) {
    this.#redis = redis
  }

  /** Those that can be read: what another version wrote gives no rights. */
  async list(): Promise<readonly Token[]> {
    const tokens: Token[] = []
    for (const text of await this.#redis.hvals(TOKENS_KEY)) {
      const token = Token.safeParse(jsonOf(text))
      if (token.success) tokens.push(token.data)
    }
    return tokens
  }

  async add(token: Token): Promise<boolean> {
    return (await this.#redis.hsetnx(TOKENS_KEY, token.name, JSON.stringify(token))) === 1
  }

  async remove(name: string): Promise<boolean> {
    return (await this.#redis.hdel(TOKENS_KEY, name)) === 1
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
