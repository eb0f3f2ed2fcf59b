// Answers about other people's addresses are for the operator: programs on this machine and the trusted peers. Three ways
// around that are closed here: a proxy nobody listed, which makes every client look like this machine; a web page open in
// the operator's browser, which may read what CORS allows; and a name that a stranger's DNS points at this machine.

import type { Request } from 'express'
import { isIP } from 'node:net'
import type { AddressTest } from './address.js'
import { isLoopback } from './address.js'
import type { Client } from './client-address.js'
import { hasForwardingHeader } from './client-address.js'

/**
 * Why `req` may not ask about addresses other than its own, in a sentence with the remedy; undefined where it may.
 *
 * @param readable whether a page of another site could read the answer: one in headers alone it cannot (CORS exposes none)
 */
export function refusal(
  req: Request,
  client: Client,
  trusted: AddressTest,
  readable: boolean,
): string | undefined {
  if (!client.forwarded && hasForwardingHeader(req.headers))
    return 'This request carries forwarding headers that are not believed: name the proxy with --trusted-proxy, or clear the headers there (nginx: proxy_pass_request_headers off).'
  if (!isLoopback(client.ip) && !trusted(client.ip))
    return `Only programs on this machine and trusted proxies may ask about others, and ${client.ip} is neither: ask there, or list it with --trusted-proxy.`
  if (!isLocalName(req.headers.host))
    return 'The Host of this request is a name of the open DNS: ask by address or as localhost (nginx: proxy_set_header Host localhost).'
  if (readable && isCrossSite(req))
    return 'A page of another site may not ask this: open the address itself.'
  return undefined
}

/** Whether no stranger's DNS can give this name: an address, localhost, or one label. */
function isLocalName(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost')
}

function isCrossSite(req: Request): boolean {
  const site = req.headers['sec-fetch-site']
  if (site === 'cross-site' || site === 'same-site') return true
  const { origin, host } = req.headers
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== host
}
