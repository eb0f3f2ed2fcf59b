// Tunnels over UDP, known by their port (https://www.iana.org/assignments/service-names-port-numbers).

import type { OffsetOrFault } from '../base/fault.js'
import { UNSUPPORTED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { decodeGeneve } from './geneve.js'
import { decodeGtpu } from './gtpu.js'
import { decodeMpls } from './mpls.js'
import { decodeTeredo } from './teredo.js'
import { decodeTzsp } from './tzsp.js'
import { decodeVxlan, decodeVxlanGpe } from './vxlan.js'

const PORT_GTPU = 2152
const PORT_TEREDO = 3544
const PORT_VXLAN = 4789
const PORT_VXLAN_GPE = 4790
const PORT_GENEVE = 6081
const PORT_MPLS = 6635
/** VXLAN as Linux numbered it before IANA did; still what flannel uses. */
const PORT_VXLAN_LINUX = 8472
const PORT_TZSP = 37008

/** All of the above. */
export const TUNNEL_PORTS = [
  PORT_GTPU,
  PORT_TEREDO,
  PORT_VXLAN,
  PORT_VXLAN_GPE,
  PORT_GENEVE,
  PORT_MPLS,
  PORT_VXLAN_LINUX,
  PORT_TZSP,
] as const

/** The port by which a datagram may be a tunnel's, or 0. Tunnels go to their port; Teredo also comes from it. */
export function tunnelPort(srcPort: number, dstPort: number): number {
  switch (dstPort) {
    case PORT_GTPU:
    case PORT_TEREDO:
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_GENEVE:
    case PORT_MPLS:
    case PORT_VXLAN_LINUX:
    case PORT_TZSP:
      return dstPort
    default:
      return srcPort === PORT_TEREDO ? PORT_TEREDO : 0
  }
}

/**
 * Decodes the tunnel header in the datagram `packet`, by its port.
 *
 * A port proves nothing, so headers check whatever is fixed in them.
 *
 * @returns the offset of what the tunnel carries; a Fault where the datagram is not that tunnel's, or is cut in its header
 */
export function decodeUdpTunnel(
  bytes: Uint8Array,
  port: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  const off = packet.payloadOff
  cursor.wireEnd = off + packet.payloadWireLen
  cursor.end = off + packet.payloadLen
  switch (port) {
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
      return decodeVxlan(bytes, off, cursor.end, cursor)
    case PORT_VXLAN_GPE:
      return decodeVxlanGpe(bytes, off, cursor.end, cursor)
    case PORT_GENEVE:
      return decodeGeneve(bytes, off, cursor.end, cursor)
    case PORT_GTPU:
      return decodeGtpu(bytes, off, cursor.end, cursor)
    case PORT_TEREDO:
      return decodeTeredo(bytes, off, cursor.end, cursor)
    case PORT_TZSP:
      return decodeTzsp(bytes, off, cursor.end, cursor)
    case PORT_MPLS:
      return decodeMpls(bytes, off, cursor.end, cursor)
    default:
      return UNSUPPORTED
  }
}
