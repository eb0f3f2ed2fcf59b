// Who may ask what. Rights come with the request: a token, or the Unix socket that only its owner may open. Where a request
// comes from gives none: behind a plain proxy every caller on the internet comes from this machine.

import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { Socket } from 'node:net'
import { hasForwardingHeader } from './client-address.js'
import { sendProblem } from './problem.js'
import type { Role, Token, TokenBook } from './tokens.js'
import { includesRole } from './tokens.js'

/** Whose rights a request has. */
export interface Principal {
  /** Name of the token, or `socket`. */
  readonly name: string
  readonly role: Role
}

/** Told of each use of an admin's rights. */
export type OnAdmin = (principal: Principal, method: string, path: string) => void

const SOCKET_OWNER: Principal = { name: 'socket', role: 'admin' }
const unixConnections = new WeakSet<Socket>()
const principals = new WeakMap<Request, Principal>()

/** Marks a connection as one of the Unix socket, by which its owner asks. */
export function noteUnixConnection(socket: Socket): void {
  unixConnections.add(socket)
}

/** Whose rights `req` has; undefined where it has none. */
export function principalOf(req: Request): Principal | undefined {
  return principals.get(req)
}

/** Whether nginx's auth_request asks: it must never be refused, or the request it asks for fails. */
function isAuthRequest(req: Request): boolean {
  return req.path === '/connection' && 'auth' in req.query
}

/** Finds out whose rights a request has; 401 for a token that is not valid, on any route. */
export function authenticate(tokens: TokenBook | undefined): RequestHandler {
  const byToken = authenticateToken(tokens)
  return (req, res, next) => {
    if (unixConnections.has(req.socket)) {
      if (hasForwardingHeader(req.headers)) {
        const remedy = 'clear the headers there (nginx: proxy_pass_request_headers off)'
        sendProblem(
          res,
          403,
          `This request came through a proxy to the Unix socket, which gives every right: pass nothing but /connection to it, and ${remedy}.`,
        )
        return
      }
      principals.set(req, SOCKET_OWNER)
      next()
    } else if (req.headers.authorization === undefined) next()
    // Express takes its failure from the promise
    else return byToken(req, res, next)
  }
}

function authenticateToken(tokens: TokenBook | undefined) {
  return async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    const [, secret] = /^Bearer +([\w.~+/-]+=*)$/i.exec(req.headers.authorization ?? '') ?? []
    let token: Token | undefined
    try {
      token = secret === undefined ? undefined : await tokens?.find(secret)
    } catch (error) {
      if (!isAuthRequest(req)) throw error
    }
    if (token === undefined) {
      if (isAuthRequest(req)) {
        next()
        return
      }
      res.set('WWW-Authenticate', 'Bearer error="invalid_token"')
      sendProblem(res, 401, 'The token is not valid: it is unknown, revoked or expired.')
      return
    }
    principals.set(req, token)
    next()
  }
}

/** Whether `req` has the rights of `role`. */
export function hasRole(req: Request, role: Role): boolean {
  const principal = principals.get(req)
  return principal !== undefined && includesRole(principal.role, role)
}

/** Whether `req` has the rights of `role`; where not, the answer is given: 401 without a token, 403 with one of a lesser role. */
export function permits(req: Request, res: Response, role: Role): boolean {
  const principal = principals.get(req)
  if (principal !== undefined && includesRole(principal.role, role)) return true
  if (principal === undefined) {
    res.set('WWW-Authenticate', 'Bearer')
    sendProblem(
      res,
      401,
      `This needs a token of role ${role}: send it as "Authorization: Bearer TOKEN"; \`hellotap token add NAME --role ${role}\` makes one.`,
    )
  } else
    sendProblem(
      res,
      403,
      `This needs the role ${role}, and the token "${principal.name}" has the role ${principal.role}.`,
    )
  return false
}

/** Lets on who has the rights of `role`. */
export function need(role: Role): RequestHandler {
  return (req, res, next) => {
    if (permits(req, res, role)) next()
  }
}

/**
 * Tells of each request with an admin's rights, but for /connection, which a proxy asks for every request of its own: its
 * token should be an analyst's.
 */
export function logAdmins(onAdmin: OnAdmin): RequestHandler {
  return (req, _res, next) => {
    const principal = principals.get(req)
    if (principal?.role === 'admin' && req.path !== '/connection')
      onAdmin(principal, req.method, req.path)
    next()
  }
}
