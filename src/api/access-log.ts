// A reverse proxy's access log teaches which User-Agent was behind which connection: one datagram a request, in which the
// proxy names the client's address and port. The hello of that connection gets the User-Agent, as if the API had heard it.

import type { RemoteInfo, Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import {
  ACCESS_LOG_BUFFER_BYTES,
  ACCESS_LOG_WAITING,
  ACCESS_LOG_WAIT_MILLIS,
} from '../base/limits.js'
import type { Store } from '../store/contract.js'
import { parseAccessLine } from './access-line.js'
import type { AddressTest } from './address.js'
import { canonicalAddress, isLoopback } from './address.js'
import { listenError } from './listen-error.js'
import type { Observe } from './user-agents.js'

/** What became of the lines of an access log. */
export interface AccessLogCounts {
  /** Lines whose User-Agent went to a hello; those of one connection count as often as they come. */
  told: number
  /** Lines of a connection whose hello was not seen: plain HTTP, or not captured. */
  without_hello: number
  without_user_agent: number
  /** Datagrams that are no line of the format. */
  malformed: number
  /** Datagrams from an address that is neither this machine nor a trusted proxy. */
  refused: number
  /** Lines left because too many waited. */
  dropped: number
  /** Lines the store could not answer for. */
  failed: number
}

/** What an access log needs of the rest. */
export interface AccessLogOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly store: Pick<Store, 'connection'>
  readonly trusted: AddressTest
  readonly observe: Observe
  readonly onError: (error: unknown) => void
}

/** Help text of the counts. */
export const ACCESS_LOG_HELP =
  'lines of the proxy’s access log by outcome: told is a User-Agent that was added to its hello'

/** A listener for syslog datagrams. */
export class AccessLog {
  readonly counts: AccessLogCounts = {
    told: 0,
    without_hello: 0,
    without_user_agent: 0,
    malformed: 0,
    refused: 0,
    dropped: 0,
    failed: 0,
  }
  readonly #options: AccessLogOptions
  readonly #socket: Socket
  #waiting = 0

  private constructor(options: AccessLogOptions) {
    this.#options = options
    this.#socket = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4')
    this.#socket.on('message', (datagram, from) => this.#take(datagram, from))
  }

  /** @throws ListenError */
  static async listen(options: AccessLogOptions): Promise<AccessLog> {
    const log = new AccessLog(options)
    const { host, port, onError } = options
    const socket = log.#socket
    await new Promise<void>((resolve, reject) => {
      const refused = (cause: NodeJS.ErrnoException) => {
        log.close()
        reject(listenError(cause, host, port, '--access-log', '--access-log'))
      }
      socket.once('error', refused)
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.off('error', refused)
        socket.on('error', onError)
        resolve()
      })
    })
    // as much as the system allows (net.core.rmem_max)
    socket.setRecvBufferSize(ACCESS_LOG_BUFFER_BYTES)
    return log
  }

  /** Where it listens. */
  get address(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#socket.address()
    return { address, port }
  }

  close(): void {
    this.#socket.close()
  }

  #take(datagram: Buffer, from: RemoteInfo): void {
    const { counts } = this
    const peer = canonicalAddress(from.address) ?? ''
    if (!isLoopback(peer) && !this.#options.trusted(peer)) {
      counts.refused++
      return
    }
    const line = parseAccessLine(datagram)
    if (line === undefined) counts.malformed++
    else if (line.userAgent.trim() === '') counts.without_user_agent++
    else if (this.#waiting >= ACCESS_LOG_WAITING) counts.dropped++
    else void this.#tell(line.ip, line.port, line.userAgent)
  }

  async #tell(ip: string, port: number, userAgent: string): Promise<void> {
    const { store, observe, onError } = this.#options
    this.#waiting++
    try {
      const sighting = await store.connection(ip, port, ACCESS_LOG_WAIT_MILLIS)
      if (sighting === undefined) this.counts.without_hello++
      else {
        observe({ ip, port, forwarded: true }, sighting, userAgent, 'proxy-log')
        this.counts.told++
      }
    } catch (error) {
      this.counts.failed++
      onError(error)
    } finally {
      this.#waiting--
    }
  }
}
