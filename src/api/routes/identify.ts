import { Router } from 'express'
import { FingerprintFinder, kindsOf } from '../../knowledge/identify/by-fingerprint.js'
import { loadBase } from '../../knowledge/identify/load-base.js'
import { sendJson } from '../json.js'
import { sendProblem } from '../problem.js'

const MAX_FINGERPRINT_LEN = 4096

/**
 * `GET /api/v1/identify/:fingerprint`: which TLS implementation has a fingerprint of any kind, by the base of this
 * release; nothing held is looked at, so that no role is asked for. Slashes are percent-encoded. 400 where the text is no
 * fingerprint; `unknown` is an answer.
 */
export function identifyRoute(): Router {
  let finder: FingerprintFinder | undefined
  return Router().get('/api/v1/identify/:fingerprint', (req, res) => {
    const { fingerprint } = req.params
    if (fingerprint.length > MAX_FINGERPRINT_LEN || kindsOf(fingerprint).length === 0) {
      sendProblem(res, 400, 'The last part of the path is no fingerprint of a known kind.')
      return
    }
    finder ??= new FingerprintFinder(loadBase(), [])
    sendJson(res, 200, { ...finder.find(fingerprint), mask: [] })
  })
}
