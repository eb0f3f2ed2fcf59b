// The page at `/` and what it loads. The files lie in `static` beside this one, in src and in dist alike; js-sha3 comes from
// its package, so that the reader's browser verifies with a hash that is not ours.

import type { RequestHandler, Response } from 'express'
import express from 'express'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Everything comes from here, and nothing on the page is ever parsed as HTML or run as a string. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/**
 * Serves the page at `/`, its files under `/static/` and js-sha3 at `/vendor/sha3.js`; all else goes on to the next handler.
 *
 * @param httpsPort port of our own HTTPS listener, where a reader who came over plain HTTP finds a hello of their own
 * @throws Error where the page's files are not beside this module: the build did not copy them
 */
export function webPage(httpsPort?: number): RequestHandler {
  const folder = dirname(fileURLToPath(import.meta.resolve('#package/dist/web/static/index.html')))
  if (!existsSync(join(folder, 'index.html')))
    throw new Error(`the page is missing in ${folder}: build again, src/web/static goes there`)
  const { resolve } = createRequire(import.meta.url)
  const sha3 = readFileSync(resolve('js-sha3/build/sha3.min.mjs'))
  const html = readFileSync(join(folder, 'index.html'), 'utf8').replace(
    'data-https-port=""',
    `data-https-port="${httpsPort ?? ''}"`,
  )

  const router = express.Router()
  router.get('/', (_req, res) => {
    setPolicy(res)
    res.type('html').send(html)
  })
  router.get('/vendor/sha3.js', (_req, res) => {
    setPolicy(res)
    res.type('text/javascript').send(sha3)
  })
  router.use(
    '/static',
    express.static(folder, {
      index: false,
      dotfiles: 'ignore',
      redirect: false,
      setHeaders: setPolicy,
    }),
  )
  return router
}

function setPolicy(res: Response): void {
  res.set({
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  })
  res.removeHeader('Access-Control-Allow-Origin')
}
