import type { FlowKey } from './flow-table.js'

/** A packet's flow the other way round. One instance, overwritten: it lasts as long as the packet. */
export class ReversedFlow implements FlowKey {
  bytes: Uint8Array = new Uint8Array(0)
  ipVersion = 4
  srcAddrOff = 0
  dstAddrOff = 0
  srcPort = 0
  dstPort = 0

  /** Takes the flow of `packet`. @returns itself */
  of(packet: FlowKey): this {
    this.bytes = packet.bytes
    this.ipVersion = packet.ipVersion
    this.srcAddrOff = packet.dstAddrOff
    this.dstAddrOff = packet.srcAddrOff
    this.srcPort = packet.dstPort
    this.dstPort = packet.srcPort
    return this
  }
}
