// What one address may take of a listener: connections, and requests of one connection at a time.

import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  API_CONNECTIONS_PER_ADDRESS,
  API_CONNECTIONS_PER_SECOND,
  API_PIPELINED,
} from '../base/limits.js'
import type { AddressTest } from './address.js'
import { canonicalAddress } from './address.js'

/**
 * Who an address is counted as: an IPv4 address alone, an IPv6 address with its /64, which one subscriber has.
 * @param ip canonical
 */
export function budgetKey(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length + after < 8) groups.push('0')
  }
  return groups.slice(0, 4).join(':')
}

/**
 * Ends connections of an address that has too many, or opens too many a second, before their first byte is read.
 * @param exempt proxies, which speak for many
 */
export function limitConnections(
  server: Server,
  exempt: AddressTest,
  now: () => number = () => performance.now(),
): void {
  const open = new Map<string, number>()
  let begun = new Map<string, number>()
  let second = 0
  server.prependListener('connection', (socket: Socket) => {
    const ip = canonicalAddress(socket.remoteAddress ?? '') ?? ''
    if (exempt(ip)) return
    const key = budgetKey(ip)
    if (Math.floor(now() / 1000) !== second) {
      second = Math.floor(now() / 1000)
      begun = new Map()
    }
    const count = (open.get(key) ?? 0) + 1
    const fresh = (begun.get(key) ?? 0) + 1
    begun.set(key, fresh)
    if (count > API_CONNECTIONS_PER_ADDRESS || fresh > API_CONNECTIONS_PER_SECOND) {
      socket.destroy()
      return
    }
    open.set(key, count)
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1
      if (left === 0) open.delete(key)
      else open.set(key, left)
    })
  })
}

/**
 * `app` with one request of a connection at a time: the next begins when the answer before is written or given up.
 * Node begins all that a client has sent, so that a few kilobytes of requests hold all their answers in memory.
 */
export function oneAtATime(app: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, [IncomingMessage, ServerResponse][]>()
  const begin = (req: IncomingMessage, res: ServerResponse): void => {
    const { socket } = req
    res.once('close', () => {
      const next = waiting.get(socket)?.shift()
      if (next === undefined) waiting.delete(socket)
      else if (!socket.destroyed) begin(...next)
    })
    app(req, res)
  }
  return (req, res) => {
    const { socket } = req
    const queue = waiting.get(socket)
    if (queue === undefined) {
      waiting.set(socket, [])
      begin(req, res)
    } else if (queue.length < API_PIPELINED) queue.push([req, res])
    else socket.destroy()
  }
}
