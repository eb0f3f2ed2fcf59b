// Which directions of which connections are looked at.

import type { Packet } from '../model/packet.js'
import { WANT_CLIENT_HELLO, WANT_SERVER_HELLO } from './hello-start.js'

/** The server ports that are looked at, and whether the servers' side is, too. */
export class TcpPorts {
  /** Whether ServerHellos and certificates are wanted. */
  readonly server: boolean
  private readonly any: boolean
  private readonly isPort = new Uint8Array(65_536)

  /** @param ports undefined: any, by content */
  constructor(ports: ReadonlySet<number> | undefined, server: boolean) {
    this.server = server
    this.any = ports === undefined
    for (const port of ports ?? []) this.isPort[port & 0xffff] = 1
  }

  /** Whether the packet may be a client's. */
  isToServer(packet: Packet): boolean {
    return this.any || this.isPort[packet.dstPort] !== 0
  }

  /** Whether the packet may be a server's. */
  isFromServer(packet: Packet): boolean {
    return this.any || this.isPort[packet.srcPort] !== 0
  }

  /** The WANT_ values of the messages that the packet may carry; 0 if it is not looked at. */
  wantedOf(packet: Packet): number {
    const client = this.isToServer(packet) ? WANT_CLIENT_HELLO : 0
    return this.server && this.isFromServer(packet) ? client | WANT_SERVER_HELLO : client
  }
}
