import type { RequestHandler, Response } from 'express'
import { sendProblem } from './problem.js'

/** Methods a route takes besides GET and HEAD. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  '/fps': ['DELETE'],
  '/api/v1/search': ['POST'],
}

/** Lets a page of any site read this answer. Every other answer is for pages of its own origin. */
export function allowAnyOrigin(res: Response): void {
  res.setHeader('Access-Control-Allow-Origin', '*')
}

/** Refuses methods that a route does not have, and answers a CORS preflight: other sites may read, and no more. */
export const knownMethod: RequestHandler = (req, res, next) => {
  const { method } = req
  const also = ALSO[req.path] ?? []
  if (method === 'GET' || method === 'HEAD' || also.includes(method)) {
    next()
    return
  }
  res.set('Allow', ['GET', 'HEAD', 'OPTIONS', ...also].join(', '))
  if (method === 'OPTIONS') {
    // no Access-Control-Allow-Headers: a token is not for pages of other sites
    allowAnyOrigin(res)
    res.set({ 'Access-Control-Allow-Methods': 'GET, HEAD', 'Access-Control-Max-Age': '86400' })
    res.status(204).end()
    return
  }
  sendProblem(res, 405, `${method} is not among ${['GET', 'HEAD', 'OPTIONS', ...also].join(', ')}.`)
}
