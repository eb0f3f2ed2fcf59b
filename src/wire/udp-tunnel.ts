// Tunnels over UDP: known by their port (https://www.iana.org/assignments/service-names-port-numbers) or one that was named, and
// VXLAN and GENEVE on any port by their content.

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { UNSUPPORTED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_SCTP } from '../model/packet.js'
import type { TunnelKind, TunnelPort } from '../model/tunnel-port.js'
import { decodeCapwap } from './capwap.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_SCTP_UDP } from './encapsulation.js'
import { decodeEsp } from './esp.js'
import { decodeGeneve, isGeneve } from './geneve.js'
import { decodeGre } from './gre.js'
import { decodeGtpu } from './gtpu.js'
import { decodeHpErm } from './hp-erm.js'
import { decodeL2tpOverUdp } from './l2tp.js'
import { LAYER_IP_PROTOCOL } from './layer.js'
import { decodeLisp } from './lisp.js'
import { decodeMpls } from './mpls.js'
import { decodeTeredo } from './teredo.js'
import { decodeTzsp } from './tzsp.js'
import { decodeIvxlan, decodeVxlan, decodeVxlanGpe, isVxlan } from './vxlan.js'

const GTPU = 1
const TEREDO = 2
const VXLAN = 3
const VXLAN_GPE = 4
const GENEVE = 5
const MPLS = 6
const TZSP = 7
const HP_ERM = 8
const CAPWAP = 9
const L2TP = 10
const LISP = 11
const ESP = 12
const IVXLAN = 13
const SCTP = 14
const GRE = 15

const KINDS: Readonly<Record<TunnelKind, number>> = {
  vxlan: VXLAN,
  'vxlan-gpe': VXLAN_GPE,
  geneve: GENEVE,
  gtpu: GTPU,
  teredo: TEREDO,
  mpls: MPLS,
  tzsp: TZSP,
  'hp-erm': HP_ERM,
  capwap: CAPWAP,
  l2tp: L2TP,
  lisp: LISP,
  esp: ESP,
}

/** Usual ports. 8472 is VXLAN as Linux numbered it before IANA did, still what flannel uses; 48879 Cisco's ACI fabric. */
const USUAL_PORTS: readonly (readonly [port: number, kind: number])[] = [
  [1701, L2TP],
  [2152, GTPU],
  [3544, TEREDO],
  [4341, LISP],
  [4500, ESP],
  [4754, GRE],
  [4789, VXLAN],
  [4790, VXLAN_GPE],
  [5247, CAPWAP],
  [6081, GENEVE],
  [6635, MPLS],
  [7932, HP_ERM],
  [8472, VXLAN],
  [9899, SCTP],
  [37008, TZSP],
  [48879, IVXLAN],
]

/** The usual ports alone. */
export const TUNNEL_PORTS: readonly number[] = USUAL_PORTS.map(([port]) => port)

/** Tunnels whose datagrams come from their port, too: what a server or a gateway answers. */
const BOTH_WAYS: readonly number[] = [TEREDO, CAPWAP, L2TP, ESP, SCTP]

/** Which tunnel a UDP datagram may be of, by its ports. */
export class TunnelPorts {
  readonly #to = new Uint8Array(65_536)
  readonly #from = new Uint8Array(65_536)
  readonly #ports = new Set<number>()

  /** @param named ports besides the usual ones; a port named twice is the last one's */
  constructor(named: readonly TunnelPort[] = []) {
    for (const [port, kind] of USUAL_PORTS) this.#set(port, kind)
    for (const { port, kind } of named) this.#set(port, KINDS[kind])
  }

  #set(port: number, kind: number): void {
    this.#ports.add(port & 0xffff)
    this.#to[port & 0xffff] = kind
    this.#from[port & 0xffff] = BOTH_WAYS.includes(kind) ? kind : 0
  }

  /** The tunnel by whose port a datagram may be it, or 0. */
  kindOf(srcPort: number, dstPort: number): number {
    const kind = this.#to[dstPort] ?? 0
    return kind !== 0 ? kind : (this.#from[srcPort] ?? 0)
  }

  /** The ports. */
  ports(): readonly number[] {
    return [...this.#ports]
  }
}

/** The tunnel the datagram `packet` is of beyond doubt, by its content, or 0. Nearly all others end at their first byte. */
export function tunnelByContent(packet: Packet): number {
  const { bytes, payloadOff: off, payloadLen, payloadWireLen } = packet
  // QUIC has bit 0x40 set in its first byte; of GENEVE and VXLAN none has.
  if (payloadLen < MIN_TUNNEL_LEN || (u8(bytes, off) & 0x40) !== 0) return 0
  const end = off + payloadLen
  const wireEnd = off + payloadWireLen
  if (u8(bytes, off + 7) !== 0) return 0
  if (isVxlan(bytes, off, end, wireEnd)) return VXLAN
  return isGeneve(bytes, off, end, wireEnd) ? GENEVE : 0
}

/** A header of 8 bytes, and an IP header. */
const MIN_TUNNEL_LEN = 28

/**
 * Decodes the header of the tunnel `kind` in the datagram `packet`.
 *
 * A port proves nothing, so headers check whatever is fixed in them.
 *
 * @returns the offset of what the tunnel carries; a Fault where the datagram is not that tunnel's, or is cut in its header
 */
export function decodeUdpTunnel(
  bytes: Uint8Array,
  kind: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  const off = packet.payloadOff
  cursor.wireEnd = off + packet.payloadWireLen
  cursor.end = off + packet.payloadLen
  const { end } = cursor
  switch (kind) {
    case VXLAN:
      return decodeVxlan(bytes, off, end, cursor)
    case VXLAN_GPE:
      return decodeVxlanGpe(bytes, off, end, cursor)
    case IVXLAN:
      return decodeIvxlan(bytes, off, end, cursor)
    case GENEVE:
      return decodeGeneve(bytes, off, end, cursor)
    case GTPU:
      return decodeGtpu(bytes, off, end, cursor)
    case TEREDO:
      return decodeTeredo(bytes, off, end, cursor)
    case TZSP:
      return decodeTzsp(bytes, off, end, cursor)
    case MPLS:
      return decodeMpls(bytes, off, end, cursor)
    case HP_ERM:
      return decodeHpErm(bytes, off, end, cursor)
    case CAPWAP:
      return decodeCapwap(bytes, off, end, cursor)
    case L2TP:
      return decodeL2tpOverUdp(bytes, off, end, cursor)
    case LISP:
      return decodeLisp(bytes, off, end, cursor)
    case GRE:
      return decodeGre(bytes, off, end, cursor)
    case ESP:
      return decodeEsp(bytes, off, end, cursor)
    case SCTP:
      cursor.encapsulation = ENCAPSULATION_SCTP_UDP
      cursor.next = LAYER_IP_PROTOCOL + PROTOCOL_SCTP
      return off
    default:
      return UNSUPPORTED
  }
}
