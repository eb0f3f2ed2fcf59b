// Whose fingerprint is asked for. The socket's peer, unless that peer is a proxy the operator trusts; what anybody else
// writes into a forwarding header is ignored.
//
// A proxy sets the headers it knows and passes the others on as its client wrote them. So where several are present they
// must tell the same client; when they contradict each other one of them is forged, and none is believed.

import type { IncomingHttpHeaders } from 'node:http'
import type { AddressTest } from './address.js'
import { canonicalAddress } from './address.js'
import type { Hop } from './forwarded.js'
import { parseForwarded, parseForwardedFor, parsePort } from './forwarded.js'

/** The client of a request. */
export interface Client {
  /** Canonical address (RFC 5952), IPv4-mapped folded; "" where the peer has none (it is gone already). */
  readonly ip: string
  /** The port it speaks from, where that is known. */
  readonly port?: number
  /** Whether a proxy tells of this client: false where it is the peer itself. */
  readonly forwarded: boolean
}

/** What the socket and the header say. */
export interface Peer {
  readonly address: string | undefined
  /** The peer's port; undefined where the connection is not the one whose hello is asked for (plain HTTP). */
  readonly port: number | undefined
}

/** Whether any header that names another client is present, believed or not. */
export function hasForwardingHeader(headers: IncomingHttpHeaders): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => text(headers, name) !== '')
}

/**
 * The client of a request: the socket's peer, or whom a trusted one names by X-Forwarded-For, X-Real-IP or Forwarded
 * (RFC 7239), its port by `for="1.2.3.4:5678"`, X-Real-Port or X-Client-Port.
 *
 * A chain is walked from our end, over trusted hops, up to the first that is not: what stands left of it was written by a
 * stranger. Hops that do not tell end the walk at the hop that wrote them.
 */
export function clientAddress(
  peer: Peer,
  headers: IncomingHttpHeaders,
  trusted: AddressTest,
): Client {
  const ip = canonicalAddress(peer.address ?? '') ?? ''
  const direct = client(ip, peer.port, false)
  if (!trusted(ip)) return direct

  const chains: Hop[][] = []
  const forwardedFor = text(headers, 'x-forwarded-for')
  if (forwardedFor !== '') chains.push(parseForwardedFor(forwardedFor))
  const forwarded = text(headers, 'forwarded')
  if (forwarded !== '') chains.push(parseForwarded(forwarded))
  const realIp = text(headers, 'x-real-ip')
  if (realIp !== '') chains.push([{ ip: canonicalAddress(realIp), port: undefined }])
  if (chains.length === 0) return direct

  const walks = chains.map((hops) => walk(hops, trusted))
  // The walk that gets past the most trusted hops tells the most; the others must have stopped on its way.
  const furthest = walks.reduce((a, b) => (b.passed.length > a.passed.length ? b : a))
  const { found } = furthest
  if (found === undefined) return client(ip, undefined, false)
  for (const other of walks) {
    const agrees = other.found?.ip === found.ip || furthest.passed.includes(other.found?.ip ?? '')
    if (!agrees) return client(ip, undefined, false)
  }
  const port = onlyOne([
    ...walks.filter((other) => other.found?.ip === found.ip).map((other) => other.found?.port),
    // The nearest proxy sets this one, so it belongs to the address that proxy saw.
    ...(furthest.passed.length === 0
      ? [parsePort(text(headers, 'x-real-port')), parsePort(text(headers, 'x-client-port'))]
      : []),
  ])
  return client(found.ip, port, true)
}

interface Walk {
  readonly found: { readonly ip: string; readonly port: number | undefined } | undefined
  /** Trusted hops on the way to it. */
  readonly passed: readonly string[]
}

/** Walks hops from the last to the first that is not trusted, or to the first of all. */
function walk(hops: readonly Hop[], trusted: AddressTest): Walk {
  const passed: string[] = []
  let found: Walk['found']
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = hops[i]
    if (hop?.ip === undefined) break
    if (found !== undefined) passed.push(found.ip)
    found = { ip: hop.ip, port: hop.port }
    if (!trusted(hop.ip)) break
  }
  return { found, passed }
}

function client(ip: string, port: number | undefined, forwarded: boolean): Client {
  return port === undefined ? { ip, forwarded } : { ip, port, forwarded }
}

/** The one port all agree on; two different ones are none. */
function onlyOne(ports: readonly (number | undefined)[]): number | undefined {
  const known = new Set(ports.filter((port) => port !== undefined))
  return known.size === 1 ? [...known][0] : undefined
}

function text(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim()
}
