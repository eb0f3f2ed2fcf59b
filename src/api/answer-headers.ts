import type { RequestHandler } from 'express'
import { sendProblem } from './problem.js'

/** Headers of every answer; the page replaces the policy by its own. */
export const answerHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  })
  next()
}

/** Answers a CORS preflight, and refuses methods that change things: nothing here can be changed. */
export const knownMethod: RequestHandler = (req, res, next) => {
  if (req.method === 'GET' || req.method === 'HEAD') {
    next()
    return
  }
  res.set('Allow', 'GET, HEAD, OPTIONS')
  if (req.method === 'OPTIONS') {
    res.set({
      'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Max-Age': '86400',
    })
    res.status(204).end()
    return
  }
  sendProblem(res, 405, `${req.method} is not among GET, HEAD and OPTIONS.`)
}
