// Tokens: who may ask what, from any machine. A token is shown once, when it is made; what is kept of it is a hash.

import { hash, randomBytes } from 'node:crypto'
import * as z from 'zod/mini'
import { TOKENS_READ_MILLIS } from '../base/limits.js'

/** Roles, each with the rights of those before it. */
export const ROLES = ['reader', 'analyst', 'admin'] as const
export type Role = (typeof ROLES)[number]

const TOKEN_BYTES = 32
const PREFIX = 'hellotap_'
const DAY_MILLIS = 86_400_000
const UNIT_MILLIS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: DAY_MILLIS,
  w: 7 * DAY_MILLIS,
}
const MAX_DAYS = 3_650

/** What is kept of a token. */
export const Token = z.strictObject({
  name: z.string().check(z.regex(/^[\w.-]{1,64}$/)),
  role: z.enum(ROLES),
  /** SHA-256 of the token, 64 hex digits: it has 256 random bits, so that no slower hash is needed. */
  hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** RFC 3339, UTC. */
  created: z.iso.datetime(),
  expires: z.optional(z.iso.datetime()),
})
export type Token = z.output<typeof Token>

/** Where tokens are kept. */
export interface TokenStore {
  list(): Promise<readonly Token[]>
  /** Adds a token, or replaces nothing: false where its name is taken. */
  add(token: Token): Promise<boolean>
  /** @returns whether there was one of that name */
  remove(name: string): Promise<boolean>
}

/** Makes a token that is valid from now on. `secret` is what is sent; it cannot be had again. */
export function newToken(
  name: string,
  role: Role,
  validMillis: number | undefined,
  nowMillis = Date.now(),
): { readonly token: Token; readonly secret: string } {
  const secret = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
  const created = new Date(nowMillis).toISOString()
  const expires =
    validMillis === undefined ? {} : { expires: new Date(nowMillis + validMillis).toISOString() }
  return { token: { name, role, hash: hash('sha256', secret), created, ...expires }, secret }
}

/** Milliseconds of `12h`, `90d` or `2w`, ten years at most; undefined for anything else. */
export function parseValidity(text: string): number | undefined {
  const [, number = '', unit = ''] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? []
  const millis = Number(number) * (UNIT_MILLIS[unit] ?? NaN)
  return millis <= MAX_DAYS * DAY_MILLIS ? millis : undefined
}

/** Whether the roles' order gives `has` the rights of `needed`. */
export function includesRole(has: Role, needed: Role): boolean {
  return ROLES.indexOf(has) >= ROLES.indexOf(needed)
}

/**
 * Tokens as an API process knows them: read again at most once a second, so that one added or revoked counts within that
 * time, however many requests come.
 */
export class TokenBook {
  readonly #store: Pick<TokenStore, 'list'>
  readonly #now: () => number
  #byHash = new Map<string, Token>()
  #readAt = -Infinity
  #reading: Promise<void> | undefined

  constructor(store: Pick<TokenStore, 'list'>, now: () => number = Date.now) {
    this.#store = store
    this.#now = now
  }

  /** The valid token whose secret is `secret`. @throws what reading the tokens does, until they were read once */
  async find(secret: string): Promise<Token | undefined> {
    // a clock set back reads them again as well
    if (Math.abs(this.#now() - this.#readAt) >= TOKENS_READ_MILLIS)
      await (this.#reading ??= this.#read())
    const token = this.#byHash.get(hash('sha256', secret))
    const expires = token?.expires
    return expires !== undefined && Date.parse(expires) <= this.#now() ? undefined : token
  }

  async #read(): Promise<void> {
    try {
      const tokens = await this.#store.list()
      this.#byHash = new Map(tokens.map((token) => [token.hash, token]))
    } catch (error) {
      if (this.#readAt === -Infinity) throw error
    } finally {
      this.#reading = undefined
    }
    this.#readAt = this.#now()
  }
}
