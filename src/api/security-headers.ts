import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/**
 * The headers that helmet sets on every answer, with a policy under which nothing runs; the page replaces it by its own.
 * They are the same for every answer, so helmet makes them once: run for each, its thirteen middlewares cost as much as
 * the answer of /fps.
 */
export function securityHeaders(): RequestHandler {
  const req = new IncomingMessage(new Socket())
  const res = new ServerResponse(req)
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    // a self-signed certificate, and plain HTTP beside it
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
  })(req, res, () => undefined)
  const headers = Object.entries(res.getHeaders()).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  headers.push(['cache-control', 'no-store'])
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value)
    next()
  }
}
