// Who asks, and which sighting is theirs.

import type { Request } from 'express'
import { TLSSocket } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sighting } from '../model/sighting.js'
import type { Store } from '../store/store.js'
import type { AddressTest } from './address.js'
import type { Client } from './client-address.js'
import { clientAddress } from './client-address.js'
import { epochSeconds } from './clock.js'
import type { Found } from './fingerprint-answer.js'
import { HANDSHAKE_SECONDS, handshakeTime } from './handshake-time.js'

/** Milliseconds between two looks while the hello of a reused port is awaited. */
const LOOK_MS = 20

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
  const notBefore = client.forwarded ? undefined : handshakeTime(req.socket)
  const own =
    client.port === undefined
      ? undefined
      : await ofConnection(store, client.ip, client.port, waitMs, notBefore)
  const sighting = own ?? (await store.latest(client.ip))
  if (sighting === undefined) return undefined
  const [page, concurrent] = await Promise.all([
    store.sightings(client.ip, 0, 1),
    store.concurrent(client.ip),
  ])
  return {
    sighting,
    matchedBy: own === undefined ? 'ip' : 'connection',
    total: page.total,
    concurrent,
  }
}

/** The hello of a connection. One from before its handshake can have begun is of an older connection from the same port. */
async function ofConnection(
  store: Store,
  ip: string,
  port: number,
  waitMs: number,
  handshakeMicros: number | undefined,
): Promise<Sighting | undefined> {
  const notBefore = (handshakeMicros ?? 0) / 1e6 - HANDSHAKE_SECONDS
  const deadline = performance.now() + waitMs
  for (;;) {
    const left = Math.max(0, deadline - performance.now())
    const sighting = await store.connection(ip, port, left)
    if (sighting === undefined || epochSeconds(sighting.time) >= notBefore) return sighting
    if (left === 0) return undefined
    await sleep(Math.min(LOOK_MS, left))
  }
}
