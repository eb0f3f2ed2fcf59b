import type { Token } from '../api/tokens.js'
import { ROLES, newToken, parseValidity } from '../api/tokens.js'
import { ConfigError } from '../config/config-error.js'
import { log } from '../telemetry/log.js'
import { configOf } from './options.js'
import { columns } from '../output/columns.js'
import { print } from '../output/print.js'
import { openTokens } from '../serving/token-store.js'

/**
 * `token add NAME --role ROLE [--expires 90d]`, `token list`, `token revoke NAME`. `add` prints the token once, alone on
 * stdout. Exit 1 if the name is taken (`add`) or unknown (`revoke`).
 */
export async function token(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const action = args['action'] as 'add' | 'list' | 'revoke'
  const name = args['name'] as string | undefined
  if (action === 'list' && name !== undefined)
    throw new ConfigError('token list takes no name: it lists all tokens')
  if (action !== 'list' && !/^[\w.-]{1,64}$/.test(name ?? ''))
    throw new ConfigError(
      `token ${action} needs a NAME of up to 64 letters, digits, dots, hyphens and underscores`,
    )
  const made = action === 'add' ? newTokenOf(name ?? '', args) : undefined
  const open = await openTokens(config, true)
  const { tokens, place } = open
  try {
    if (made !== undefined) {
      if (!(await tokens.add(made.token)))
        return failed(`${place} already has a token "${name}": revoke it or choose another name`)
      print(`${made.secret}\n`)
      log(
        `token "${name}" of role ${made.token.role} added to ${place}${made.token.expires === undefined ? '' : `, valid until ${made.token.expires}`}: it is not shown again`,
      )
      return 0
    }
    if (action === 'revoke') {
      if (!(await tokens.remove(name ?? ''))) return failed(`${place} has no token "${name}"`)
      log(`token "${name}" revoked in ${place}: it is refused within a second`)
      return 0
    }
    print(tableOf(await tokens.list()))
    return 0
  } finally {
    open.close()
  }
}

function newTokenOf(name: string, args: Readonly<Record<string, unknown>>) {
  const role = ROLES.find((each) => each === args['role'])
  if (role === undefined)
    throw new ConfigError(
      `token add needs --role, one of ${ROLES.join(', ')}${args['role'] === undefined ? '' : `, not ${JSON.stringify(args['role'])}`}`,
    )
  const expires = args['expires'] as string | undefined
  const validity = expires === undefined ? undefined : parseValidity(expires)
  if (expires !== undefined && validity === undefined)
    throw new ConfigError(
      `--expires is a time such as 12h, 90d or 2w, at most 3650d, not ${JSON.stringify(expires)}`,
    )
  return newToken(name, role, validity)
}

function failed(sentence: string): number {
  log(`hellotap: ${sentence}`)
  return 1
}

function tableOf(tokens: readonly Token[]): string {
  const now = new Date().toISOString()
  const rows = [...tokens]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, role, created, expires }) => {
      const end = expires === undefined ? 'never' : expires <= now ? `expired ${expires}` : expires
      return [name, role, created, end]
    })
  return columns([['NAME', 'ROLE', 'CREATED', 'EXPIRES'], ...rows])
}
