import { isIP } from 'node:net'
import { isPort } from './schemas.js'

/** `127.0.0.1:5514`, `[::1]:5514`, or `5514` on 127.0.0.1; undefined if `text` is none of these. */
export function parseEndpoint(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, v6, v4, digits = ''] = /^(?:\[([^\]]*)\]:|([\d.]+):)?(\d{1,5})$/.exec(text) ?? []
  const host = v6 ?? v4 ?? '127.0.0.1'
  const port = Number(digits)
  return isIP(host) === (v6 === undefined ? 4 : 6) && isPort(port) ? { host, port } : undefined
}
