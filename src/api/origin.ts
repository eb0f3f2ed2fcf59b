// Which pages a browser asks for. What a page of another site may read is decided by CORS; here are the two cases in which
// the browser believes that nothing of another site is involved, or says that something is.

import type { Request } from 'express'
import { isIP } from 'node:net'
import { isLoopback } from './address.js'
import type { Client } from './client-address.js'

/** Whether a page of another site asks, by Sec-Fetch-Site (W3C Fetch Metadata) or, without it, by Origin (RFC 6454 §7). */
export function isCrossSite(req: Request): boolean {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) return site === 'cross-site' || site === 'same-site'
  const { origin, host } = req.headers
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== host
}

/**
 * Why the whole record of a caller on this machine is not shown, in a sentence with the remedy: the request names a host of
 * the open DNS, which a stranger may have pointed here so that a browser on this machine takes his page for ours.
 */
export function rebound(req: Request, client: Client): string | undefined {
  if (client.forwarded || !isLoopback(client.ip) || isLocalName(req.headers.host)) return undefined
  return 'The Host of this request is a name of the open DNS, and it comes from this machine: ask by address or as localhost; behind a proxy, name the proxy with --trusted-proxy and pass X-Real-IP.'
}

/** Whether no stranger's DNS can give this name: an address, localhost, or one label. */
function isLocalName(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost')
}
