import type { Response } from 'express'
import { Router } from 'express'
import * as z from 'zod/mini'
import { API_WAIT_MOST_MILLIS, API_WAIT_USUAL_MILLIS } from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import { isConflicting } from '../../model/trust.js'
import type { Store } from '../../store/contract.js'
import { hasRole, permits } from '../access.js'
import type { Describe } from '../fingerprint-answer.js'
import { CONFLICT, sightingAnswer } from '../fingerprint-answer.js'
import { sendJson } from '../json.js'
import { sendProblem } from '../problem.js'
import { address, flag, parseQuery, port, whole } from '../query.js'

const Query = z.strictObject({
  ip: address,
  port,
  wait: whole(0, API_WAIT_MOST_MILLIS, API_WAIT_USUAL_MILLIS),
  auth: flag,
  detail: flag,
})

/**
 * `GET /connection?ip=&port=&wait=250`: the hello of one connection, waited for up to `wait` milliseconds (at most 2000).
 *
 * The headers X-JA4, X-JA3 and X-TLS-FP (sha3_384) have the fingerprints, too. 404 with a problem document where none came, or
 * where readings of the connection conflict and none is confirmed. It needs a token of role analyst, or the Unix socket. With
 * `auth=1`, made for nginx's auth_request, the answer is always 204, since a request must not fail with us: it has the headers
 * if the hello was found, and X-Hellotap says `found` or why not.
 */
export function connectionRoute(
  store: Pick<Store, 'connection'>,
  describe: Describe,
  onError: (error: unknown) => void,
): Router {
  return Router().get('/connection', async (req, res) => {
    const asked = flag.safeParse(req.query['auth'])
    const auth = asked.success && asked.data
    if (auth && !hasRole(req, 'analyst')) {
      sendVerdict(res, 'forbidden')
      return
    }
    if (!auth && !permits(req, res, 'analyst')) return
    const query = parseQuery(Query, req)
    if (!('value' in query)) {
      if (auth) sendVerdict(res, 'bad-query')
      else sendProblem(res, 400, query.mistakes)
      return
    }
    const { ip, wait, detail } = query.value
    let sighting: Sighting | undefined
    try {
      sighting = await store.connection(ip, query.value.port, wait)
    } catch (error) {
      if (!auth) throw error
      onError(error)
      sendVerdict(res, 'store-unreachable')
      return
    }
    const isConflict = sighting !== undefined && isConflicting(sighting)
    if (sighting !== undefined && !isConflict) setFingerprints(res, sighting)
    if (auth) sendVerdict(res, isConflict ? 'conflict' : sighting ? 'found' : 'not-found')
    else if (isConflict) sendProblem(res, 404, `Port ${query.value.port} of ${ip}: ${CONFLICT}`)
    else if (sighting !== undefined)
      sendJson(res, 200, {
        ...sightingAnswer(sighting, detail ? describe : undefined),
        ip,
        matched_by: 'connection',
        port: query.value.port,
      })
    else
      sendProblem(
        res,
        404,
        `No hello from ${ip} port ${query.value.port} within ${wait} ms: is that the client's side of the connection, and does the sensor see it?`,
      )
  })
}

function setFingerprints(res: Response, sighting: Sighting): void {
  const values = { 'X-JA4': sighting.ja4, 'X-JA3': sighting.ja3, 'X-TLS-FP': sighting.sha3_384 }
  for (const [name, value] of Object.entries(values))
    // Stored text, so not ours to trust with a header: one word of printable ASCII or nothing.
    if (value !== undefined && /^[\x21-\x7e]{1,256}$/.test(value)) res.set(name, value)
}

function sendVerdict(
  res: Response,
  verdict: 'found' | 'not-found' | 'conflict' | 'forbidden' | 'bad-query' | 'store-unreachable',
): void {
  res.set('X-Hellotap', verdict).status(204).end()
}
