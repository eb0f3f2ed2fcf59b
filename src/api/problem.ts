import type { ErrorRequestHandler, Response } from 'express'
import { StoreError } from '../store/contract.js'
import { sortedJson } from './json.js'

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  414: 'URI too long',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Store not reachable',
}

/** Answers with a problem document (RFC 9457); `detail` is a sentence that says what to do. */
export function sendProblem(res: Response, status: number, detail: string): void {
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail }
  const text = sortedJson(body)
  res.statusCode = status
  res.setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}

/**
 * Turns what a handler threw into a problem document: a StoreError into 503, a mistake in the request that Express
 * found into its status, all else into 500 without its words, which may tell of our inside.
 */
export function problemHandler(onError: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) {
      next(error)
      return
    }
    if (error instanceof StoreError) {
      onError(error)
      res.set('Retry-After', '5')
      sendProblem(res, 503, `The store cannot answer now: ${error.message}`)
      return
    }
    const status = (error as { status?: unknown } | null)?.status
    if (typeof status === 'number' && status >= 400 && status < 500) {
      sendProblem(res, status, 'The request cannot be read.')
      return
    }
    onError(error)
    sendProblem(res, 500, 'The request failed by a fault of the server; its log says more.')
  }
}
