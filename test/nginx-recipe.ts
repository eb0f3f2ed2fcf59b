import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The recipe of docs/nginx.md for any application, with other ports and another file of the token where given. */
export function nginxRecipe(
  tokenFile: string,
  { api = 8080, application = 3000 } = {},
): { readonly upstream: string; readonly site: string } {
  const page = readFileSync(resolve(import.meta.dirname, '../docs/nginx.md'), 'utf8')
  const block = (start: string) =>
    new RegExp(`\`\`\`nginx\\n(${start}[^\`]*)\`\`\``).exec(page)?.[1] ?? ''
  const replaced = (text: string, from: string, to: string) => {
    if (!text.includes(from)) throw new Error(`docs/nginx.md has no "${from}" where it had`)
    return text.replace(from, to)
  }
  const upstream = replaced(block('upstream'), '127.0.0.1:8080', `127.0.0.1:${api}`)
  const site = replaced(
    replaced(block('location = /_hellotap'), '/etc/nginx/hellotap.token', tokenFile),
    '127.0.0.1:3000',
    `127.0.0.1:${application}`,
  )
  return { upstream, site }
}
