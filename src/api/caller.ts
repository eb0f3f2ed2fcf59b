// Who asks, and which sighting is theirs.

import type { Request } from 'express'
import { TLSSocket } from 'node:tls'
import { API_HANDSHAKE_SECONDS } from '../base/limits.js'
import type { Sighting } from '../model/sighting.js'
import { isSettledSighting } from '../model/trust.js'
import type { Store } from '../store/contract.js'
import type { AddressTest } from './address.js'
import type { Client } from './client-address.js'
import { clientAddress } from './client-address.js'
import type { Found } from './fingerprint-answer.js'
import { handshakeTime } from './handshake-time.js'
import { SharedQuestions } from './shared-questions.js'

const CLIENT = Symbol('client')

/** A request whose client is known. */
interface Known extends Request {
  [CLIENT]?: Client
}

/** The client of `req`. Its port counts only where the connection is one with a hello: TLS to us, or what a trusted proxy tells. */
export function callerOf(req: Known, trusted: AddressTest): Client {
  if (req[CLIENT] !== undefined) return req[CLIENT]
  const { socket } = req
  const client = clientAddress(
    {
      address: socket.remoteAddress,
      port: socket instanceof TLSSocket ? socket.remotePort : undefined,
    },
    req.headers,
    trusted,
  )
  req[CLIENT] = client
  return client
}

/** What is held of an address: the latest sighting, and how much else. */
interface HeldOfAddress {
  readonly latest: Sighting | undefined
  readonly total: number
  readonly concurrent: number
}

/** Finds the sightings of clients. */
export class ClientSightings {
  readonly #store: Store
  readonly #waitMs: number
  readonly #ofAddress: SharedQuestions<HeldOfAddress>

  /** @param waitMs how long the hello of a client's very connection is waited for */
  constructor(store: Store, waitMs: number) {
    this.#store = store
    this.#waitMs = waitMs
    this.#ofAddress = new SharedQuestions(async (ip) => {
      const [{ sightings, total }, concurrent] = await Promise.all([
        store.sightings(ip, 0, 1),
        store.concurrent(ip),
      ])
      const [newest] = sightings
      // the newest row may be one that cannot be read, or that anybody may have sent
      const isBest = total === 0 || (newest !== undefined && isSettledSighting(newest))
      return { latest: isBest ? newest : await store.latest(ip), total, concurrent }
    })
  }

  /**
   * The sighting of a client: of its very connection where the port is known and its hello came, else the latest of its
   * address. Undefined where the address has none.
   * @throws StoreError
   */
  async find(client: Client, req: Request): Promise<Found | undefined> {
    if (client.ip === '') return undefined
    const own =
      client.port === undefined
        ? undefined
        : await this.#store.connection(client.ip, client.port, this.#waitMs, notBefore(client, req))
    const { latest, total, concurrent } = await this.#ofAddress.ask(client.ip)
    const sighting = own ?? latest
    if (sighting === undefined) return undefined
    return { sighting, matchedBy: own === undefined ? 'ip' : 'connection', total, concurrent }
  }
}

/** Seconds since the epoch before which a hello from the same port is of an older connection; 0 where that is not known. */
function notBefore(client: Client, req: Request): number {
  const done = client.forwarded ? undefined : handshakeTime(req.socket)
  return done === undefined ? 0 : done / 1e6 - API_HANDSHAKE_SECONDS
}
