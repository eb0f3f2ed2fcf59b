import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod/mini'
import type { TokenStore } from './tokens.js'
import { Token } from './tokens.js'

/** Name of the file of tokens in the data directory. */
export const TOKENS_FILE = 'tokens.json'

/** Why the tokens cannot be read or written, in a sentence with the remedy. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code = 'TOKENS'
}

/** Tokens in a file that only its owner may read: those of a hellotap without Redis. */
export class TokenFile implements TokenStore {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** @throws TokenError */
  async list(): Promise<readonly Token[]> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw new TokenError(`cannot read ${this.#path}: ${reason(cause)}`, { cause })
    }
    try {
      return z.array(Token).parse(JSON.parse(text))
    } catch (cause) {
      const remedy = 'restore it, or remove it and add the tokens again'
      throw new TokenError(`${this.#path} is damaged: ${remedy}`, { cause })
    }
  }

  async add(token: Token): Promise<boolean> {
    const tokens = await this.list()
    if (tokens.some(({ name }) => name === token.name)) return false
    await this.#write([...tokens, token])
    return true
  }

  async remove(name: string): Promise<boolean> {
    const tokens = await this.list()
    const rest = tokens.filter((token) => token.name !== name)
    if (rest.length < tokens.length) await this.#write(rest)
    return rest.length < tokens.length
  }

  /** Writes a new file and renames it: a reader sees the old tokens or the new ones. */
  async #write(tokens: readonly Token[]): Promise<void> {
    const beside = `${this.#path}.new`
    const folder = dirname(this.#path)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await rm(beside, { force: true })
      await writeFile(beside, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
      // root adds tokens for the service's user, who owns the folder
      if (process.getuid?.() === 0) {
        const { uid, gid } = await stat(folder)
        await chown(beside, uid, gid)
      }
      await rename(beside, this.#path)
    } catch (cause) {
      const remedy = 'run this as the user hellotap runs as, or choose another --data-dir'
      throw new TokenError(`cannot write ${this.#path} (${reason(cause)}): ${remedy}`, { cause })
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
