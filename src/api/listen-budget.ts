// What one address may take of a listener: connections, and requests of one connection at a time.

import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import {
  API_BAN_MILLIS,
  API_CONNECTIONS,
  API_CONNECTIONS_PER_ADDRESS,
  API_CONNECTIONS_PER_SECOND,
  API_PIPELINED,
} from '../base/limits.js'
import type { AddressTest } from './address.js'
import { canonicalAddress } from './address.js'
import { Sharing } from './sharing.js'
import { Turns } from './turns.js'

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

/** Who a peer is counted as. */
interface Peer {
  readonly key: string
  readonly isExempt: boolean
}

/** Connections by address: how many are open, how many began this second, and who is refused for a while. */
export class ConnectionBudget {
  readonly #exempt: AddressTest
  readonly #now: () => number
  readonly #open = new Map<string, Set<Socket>>()
  readonly #refusedUntil = new Map<string, number>()
  /** By the address as the socket tells it: a burst of connections is of few addresses. */
  readonly #peers = new Map<string, Peer>()
  readonly #sharing = new Sharing()
  readonly #turns = new Turns({ bound: Infinity })
  #begun = new Map<string, number>()
  #second = 0

  /** @param exempt proxies, which speak for many */
  constructor(exempt: AddressTest, now: () => number = () => performance.now()) {
    this.#exempt = exempt
    this.#now = now
  }

  /** Ends connections of `server` beyond the budget before anything is read or a handshake begun. */
  guard(server: Server): Server {
    const listeners = server.listeners('connection') as ((socket: Socket) => void)[]
    server.removeAllListeners('connection')
    return server.on('connection', (socket: Socket) => {
      if (this.#admit(socket)) for (const listener of listeners) listener.call(server, socket)
      else socket.resetAndDestroy()
    })
  }

  /** Ends a connection and all others of its address, which is refused for a while. */
  refuse(socket: Socket): void {
    // TLS has a socket around the one that was admitted
    socket.destroy()
    const { key } = this.#peer(socket)
    const all = this.#open.get(key)
    if (all === undefined) return
    this.#refusedUntil.set(key, this.#now() + API_BAN_MILLIS)
    for (const each of all) each.destroy()
  }

  /**
   * Has a request begun: at once, or in a turn of its own while several addresses ask, so that those of one address which
   * come together do not hold another's up.
   */
  begin(socket: Socket, request: () => void): void {
    const { key, isExempt } = this.#peer(socket)
    this.#sharing.note(key)
    if (isExempt || key === '' || !this.#sharing.isShared(key)) request()
    else void this.#turns.take(key, request)
  }

  #peer(socket: Socket): Peer {
    const text = socket.remoteAddress ?? ''
    let peer = this.#peers.get(text)
    if (peer === undefined) {
      const ip = canonicalAddress(text) ?? ''
      peer = { key: budgetKey(ip), isExempt: this.#exempt(ip) }
      if (this.#peers.size >= API_CONNECTIONS) this.#peers.clear()
      this.#peers.set(text, peer)
    }
    return peer
  }

  #admit(socket: Socket): boolean {
    const { key, isExempt } = this.#peer(socket)
    if (isExempt) return true
    const now = this.#now()
    if (Math.floor(now / 1000) !== this.#second) {
      this.#second = Math.floor(now / 1000)
      this.#begun = new Map()
      for (const [key, until] of this.#refusedUntil)
        if (until <= now) this.#refusedUntil.delete(key)
    }
    const begun = (this.#begun.get(key) ?? 0) + 1
    this.#begun.set(key, begun)
    const open = this.#open.get(key) ?? new Set()
    if (open.size >= API_CONNECTIONS_PER_ADDRESS || begun > API_CONNECTIONS_PER_SECOND) return false
    if ((this.#refusedUntil.get(key) ?? 0) > now) return false
    this.#open.set(key, open.add(socket))
    socket.once('close', () => {
      open.delete(socket)
      if (open.size === 0 && this.#open.get(key) === open) this.#open.delete(key)
    })
    return true
  }
}

type Request = Parameters<RequestListener>

/** The requests of a connection: whether one is being answered, and those that came meanwhile. */
interface Line {
  isBusy: boolean
  readonly waiting: Request[]
}

/**
 * `app` with one request of a connection at a time: the next begins when the answer before is written or given up.
 * Node begins all that a client has sent, so that a few kilobytes of requests hold all their answers in memory.
 * Who sends too many ahead is refused.
 */
export function oneAtATime(app: RequestListener, budget: ConnectionBudget): RequestListener {
  const lines = new WeakMap<Socket, Line>()
  const begin = (req: Request[0], res: Request[1], line: Line): void => {
    const { socket } = req
    line.isBusy = true
    res.once('close', () => {
      const next = line.waiting.shift()
      if (next === undefined) line.isBusy = false
      else if (!socket.destroyed) begin(...next, line)
    })
    budget.begin(socket, () => app(req, res))
  }
  return (req, res) => {
    const { socket } = req
    let line = lines.get(socket)
    if (line === undefined) lines.set(socket, (line = { isBusy: false, waiting: [] }))
    if (!line.isBusy) begin(req, res, line)
    else if (line.waiting.length < API_PIPELINED) line.waiting.push([req, res])
    else if (!socket.destroyed) budget.refuse(socket)
  }
}
