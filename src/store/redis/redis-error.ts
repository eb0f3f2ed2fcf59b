import { StoreError } from '../contract.js'

/**
 * What kept us from Redis, as one sentence with its remedy. The client's own errors hold the commands they are about,
 * a password among them: only their text is passed on.
 * @param address where that Redis is, `shown` as it may be printed
 */
export function storeErrorOf(error: unknown, address: { readonly shown: string }): StoreError {
  const { shown } = address
  if (error instanceof StoreError) return error
  const message = error instanceof Error ? error.message : String(error)
  const cause = new Error(message)
  const refusal = REFUSALS.find(([pattern]) => pattern.test(message))
  if (refusal !== undefined) {
    const [pattern, code, text] = refusal
    return new StoreError(code, `Redis at ${shown} ${text(message.replace(pattern, '').trim())}`)
  }
  if (error instanceof Error && error.name === 'ReplyError')
    return new StoreError(
      'STORE_BAD_DATA',
      `Redis at ${shown} refuses a command (${message}): it must be version 6.2 or later, and its database hellotap's own`,
      { cause },
    )
  if (error instanceof Error && error.name === 'ZodError')
    return new StoreError(
      'STORE_BAD_DATA',
      `Redis at ${shown} holds what hellotap did not write under keys "hellotap:": give hellotap a database of its own`,
      { cause },
    )
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new StoreError(
    'STORE_UNREACHABLE',
    `cannot reach Redis at ${shown}: ${reasonOf(code, message)}`,
    { cause },
  )
}

/** Error replies by their beginning, with what stands before a colon and what to do after it. */
const REFUSALS: readonly (readonly [RegExp, StoreError['code'], (rest: string) => string])[] = [
  [
    /^NOAUTH/,
    'STORE_AUTH',
    () =>
      'needs a password: put it into the URL, redis://:PASSWORD@HOST:PORT, in HELLOTAP_REDIS or the configuration file',
  ],
  [/^WRONGPASS/, 'STORE_AUTH', () => 'refuses the user name or password: correct them in the URL'],
  [
    /^NOPERM/,
    'STORE_AUTH',
    (rest) => `does not let this user do what is needed (${rest}): widen its ACL`,
  ],
  [
    /^LOADING/,
    'STORE_UNREACHABLE',
    () => 'is still loading its data from disk: it answers once that is done',
  ],
  [/^OOM/, 'STORE_UNREACHABLE', () => 'is full: raise its maxmemory, or shorten --ttl or --per-ip'],
  [
    /^MISCONF/,
    'STORE_UNREACHABLE',
    () => 'takes no writes because it cannot save to its disk: see its log and free space',
  ],
  [/^READONLY/, 'STORE_UNREACHABLE', () => 'is a replica that takes no writes: name its primary'],
]

function reasonOf(code: string, message: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused. Is it running? Start it (apt-get install redis-server), or name another with --redis'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host name is not known. Correct the URL, or check the name service'
    case 'ENOENT':
      return 'there is no such socket. Is it running?'
    case 'EACCES':
      return 'the socket may not be opened by this user'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it. Check the address and the network'
    case 'ETIMEDOUT':
      return 'no answer. Check the address, the port and any firewall between'
  }
  if (/timed? ?out|Expecting data/i.test(message))
    return 'no answer. Check the address, the port and any firewall between'
  if (/Protocol error|RESP type/i.test(message))
    return 'what answers there does not speak the Redis protocol. Check the port, and rediss:// for TLS'
  if (/writeable|Connection is closed|aborted|max retries|ECONNRESET|EPIPE/i.test(message))
    return 'the connection was lost; it is tried again'
  return message
}
