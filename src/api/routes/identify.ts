import type { Request } from 'express'
import { Router } from 'express'
import { FingerprintFinder, kindsOf } from '../../knowledge/identify/by-fingerprint.js'
import { loadBase } from '../../knowledge/identify/load-base.js'
import type { Store } from '../../store/contract.js'
import { sendJson } from '../json.js'
import type { Learnt } from '../learnt.js'
import { learntAnswer } from '../learnt.js'
import { sendProblem } from '../problem.js'

const MAX_FINGERPRINT_LEN = 4096

/** What `/api/v1/identify` needs. */
export interface IdentifyOptions {
  readonly store: Pick<Store, 'fingerprint'>
  readonly learnt?: Learnt | undefined
  /** Who may read what own traffic teaches, as statistics. */
  readonly isReader: (req: Request) => boolean
}

/**
 * `GET /api/v1/identify/:fingerprint`: which TLS implementation has a fingerprint of any kind, by the base of this
 * release, for everybody; for a reader also what own traffic teaches of it. Slashes are percent-encoded. 400 where the text is
 * no fingerprint; `unknown` is an answer.
 */
export function identifyRoute({ store, learnt, isReader }: IdentifyOptions): Router {
  let finder: FingerprintFinder | undefined
  return Router().get('/api/v1/identify/:fingerprint', async (req, res) => {
    const { fingerprint } = req.params
    if (fingerprint.length > MAX_FINGERPRINT_LEN || kindsOf(fingerprint).length === 0) {
      sendProblem(res, 400, 'The last part of the path is no fingerprint of a known kind.')
      return
    }
    finder ??= new FingerprintFinder(loadBase(), [])
    const found = { ...finder.find(fingerprint), mask: [] }
    if (learnt === undefined || !isReader(req)) {
      sendJson(res, 200, found)
      return
    }
    let label = learntAnswer(learnt, [fingerprint])
    // any other kind by the fingerprint that the store counts it with
    if (label.learnt === undefined)
      label = learntAnswer(learnt, [(await store.fingerprint(fingerprint))?.sha3_384_stable])
    sendJson(res, 200, { ...found, ...label })
  })
}
