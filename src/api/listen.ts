import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  API_CHECK_MILLIS,
  API_CLOSE_MILLIS,
  API_CONNECTIONS,
  API_HANDSHAKE_SECONDS,
  API_HEADERS_MILLIS,
  API_IDLE_MILLIS,
  API_KEEP_ALIVE_MILLIS,
} from '../base/limits.js'
import { noteUnixConnection } from './access.js'
import type { AddressTest } from './address.js'
import { systemClock } from './clock.js'
import { noteHandshake } from './handshake-time.js'
import { ConnectionBudget, oneAtATime } from './listen-budget.js'
import { ListenError, listenError } from './listen-error.js'
import { bindUnix } from './listen-unix.js'

/** Where to serve. */
export interface Endpoint {
  /** An address of this machine, or localhost; 127.0.0.1 where absent. */
  readonly host?: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The option that chooses the port, for messages; `http-port` or `https-port` where absent. */
  readonly option?: string
}

/** The listeners wanted, either or both. */
export interface ListenOptions {
  readonly http?: Endpoint
  /** Key and certificate chain in PEM. */
  readonly https?: Endpoint & { readonly key: string; readonly cert: string }
  /** Path of a Unix socket that only our own user may open. */
  readonly socket?: string | undefined
  /** Peers that may have any number of connections: proxies. */
  readonly manyConnections?: AddressTest
}

/** Node's http options: requests that arrive too slowly are looked for often enough to be cut in time. */
const HTTP = { connectionsCheckingInterval: API_CHECK_MILLIS }

/** What is being served. */
export interface Listening {
  readonly http?: AddressInfo
  readonly https?: AddressInfo
  /** `http://…` and `https://…` as a browser on this machine opens them. */
  readonly urls: readonly string[]
  /** Stops listening, lets requests under way finish for up to 3 s, then ends them. */
  close(): Promise<void>
}

/**
 * Serves `app` over HTTP, HTTPS or both, all or none.
 * @throws ListenError
 */
export async function listen(options: ListenOptions, app: RequestListener): Promise<Listening> {
  const budget = new ConnectionBudget(options.manyConnections ?? (() => false))
  const serial = oneAtATime(app, budget)
  const servers: Server[] = []
  const urls: string[] = []
  const addresses: { http?: AddressInfo; https?: AddressInfo } = {}
  try {
    for (const scheme of ['http', 'https'] as const) {
      const endpoint = options[scheme]
      if (endpoint === undefined) continue
      const server =
        scheme === 'https' && options.https
          ? tlsServer(options.https, serial)
          : createServer(HTTP, serial)
      bound(server)
      budget.guard(server)
      const address = await bind(server, scheme, endpoint)
      servers.push(server)
      addresses[scheme] = address
      urls.push(`${scheme}://${hostOfUrl(address)}:${address.port}`)
    }
    if (options.socket !== undefined) {
      const server = bound(createServer(HTTP, serial))
      server.on('connection', noteUnixConnection)
      await bindUnix(server, options.socket)
      servers.push(server)
    }
  } catch (error) {
    await Promise.all(servers.map(closeServer))
    throw error
  }
  return {
    ...addresses,
    urls,
    close: async () => {
      await Promise.all(servers.map(closeServer))
    },
  }
}

function bound(server: Server): Server {
  server.maxConnections = API_CONNECTIONS
  server.headersTimeout = API_HEADERS_MILLIS
  server.requestTimeout = API_HEADERS_MILLIS
  server.keepAliveTimeout = API_KEEP_ALIVE_MILLIS
  server.timeout = API_IDLE_MILLIS
  return server
}

function tlsServer(
  { key, cert }: { readonly key: string; readonly cert: string },
  app: RequestListener,
): Server {
  try {
    const server = createTlsServer(
      { ...HTTP, key, cert, handshakeTimeout: API_HANDSHAKE_SECONDS * 1000 },
      app,
    )
    server.on('secureConnection', (socket) => noteHandshake(socket, systemClock()))
    return server
  } catch (cause) {
    throw new ListenError(
      'BAD_CERTIFICATE',
      `the TLS key and certificate do not work (${reason(cause)}): give a matching pair in PEM`,
      { cause },
    )
  }
}

function bind(server: Server, scheme: 'http' | 'https', endpoint: Endpoint): Promise<AddressInfo> {
  const host = endpoint.host ?? '127.0.0.1'
  return new Promise((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException) =>
      reject(listenError(cause, host, endpoint.port, `--${endpoint.option ?? `${scheme}-port`}`))
    server.once('error', refused)
    // with Node's 511 a burst of one address fills the queue, and the next client's SYN is tried again a second later
    const backlog = API_CONNECTIONS
    server.listen({ host, port: endpoint.port, exclusive: true, backlog }, () => {
      server.off('error', refused)
      resolve(server.address() as AddressInfo)
    })
  })
}

/** An address that stands for all is opened by the loopback one of its family. */
function hostOfUrl({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  if (address === '::') return '[::1]'
  return family === 'IPv6' ? `[${address}]` : address
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), API_CLOSE_MILLIS)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
