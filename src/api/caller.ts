// Who asks, and which sighting is theirs.

import type { Request } from 'express'
import { TLSSocket } from 'node:tls'
import { API_HANDSHAKE_SECONDS } from '../base/limits.js'
import type { Store } from '../store/contract.js'
import type { AddressTest } from './address.js'
import type { Client } from './client-address.js'
import { clientAddress } from './client-address.js'
import type { Found } from './fingerprint-answer.js'
import { handshakeTime } from './handshake-time.js'

/** The client of `req`. Its port counts only where the connection is one with a hello: TLS to us, or what a trusted proxy tells. */
export function callerOf(req: Request, trusted: AddressTest): Client {
  const { socket } = req
  return clientAddress(
    {
      address: socket.remoteAddress,
      port: socket instanceof TLSSocket ? socket.remotePort : undefined,
    },
    req.headers,
    trusted,
  )
}

/**
 * The sighting of a client: of its very connection where the port is known, waited for up to `waitMs`, else the latest of
 * its address. Undefined where the address has none.
 * @throws StoreError
 */
export async function sightingOf(
  store: Store,
  client: Client,
  req: Request,
  waitMs: number,
): Promise<Found | undefined> {
  if (client.ip === '') return undefined
  const own =
    client.port === undefined
      ? undefined
      : await store.connection(client.ip, client.port, waitMs, notBefore(client, req))
  const [page, concurrent] = await Promise.all([
    store.sightings(client.ip, 0, 1),
    store.concurrent(client.ip),
  ])
  // the newest row may be one that cannot be read
  const sighting =
    own ?? page.sightings[0] ?? (page.total > 0 ? await store.latest(client.ip) : undefined)
  if (sighting === undefined) return undefined
  return {
    sighting,
    matchedBy: own === undefined ? 'ip' : 'connection',
    total: page.total,
    concurrent,
  }
}

/** Seconds since the epoch before which a hello from the same port is of an older connection; 0 where that is not known. */
function notBefore(client: Client, req: Request): number {
  const done = client.forwarded ? undefined : handshakeTime(req.socket)
  return done === undefined ? 0 : done / 1e6 - API_HANDSHAKE_SECONDS
}
