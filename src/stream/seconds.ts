import type { Packet } from '../model/packet.js'

/** Seconds of packet time, modulo 2^32. */
export function secondsOf(packet: Packet): number {
  return Math.trunc(packet.timeMicros / 1e6) | 0
}
