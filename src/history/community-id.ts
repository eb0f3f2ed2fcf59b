// Community ID 1.0 (github.com/corelight/community-id-spec), seed 0: it follows from addresses and ports, so that a history
// need not keep its 20 random bytes a sighting.

import * as crypto from 'node:crypto'
import { isV4 } from './address.js'

const TCP = 6
const UDP = 17
/** What is hashed: seed, low address, high address, protocol, zero, low port, high port. */
const PREIMAGE_V4 = Buffer.alloc(2 + 2 * 4 + 6)
const PREIMAGE_V6 = Buffer.alloc(2 + 2 * 16 + 6)

/** The Community ID of a flow between two addresses of 16 bytes. */
export function communityId(
  isTcp: boolean,
  src: Uint8Array,
  srcPort: number,
  dst: Uint8Array,
  dstPort: number,
): string {
  const from = isV4(src) && isV4(dst) ? 12 : 0
  const order = Buffer.compare(src, dst) || srcPort - dstPort
  const [low, lowPort, high, highPort] =
    order <= 0 ? [src, srcPort, dst, dstPort] : [dst, dstPort, src, srcPort]
  const preimage = from === 12 ? PREIMAGE_V4 : PREIMAGE_V6
  for (let i = from; i < 16; i++) {
    preimage[2 + i - from] = low[i] ?? 0
    preimage[18 + i - 2 * from] = high[i] ?? 0
  }
  const at = preimage.length - 6
  preimage[at] = isTcp ? TCP : UDP
  preimage.writeUInt16BE(lowPort, at + 2)
  preimage.writeUInt16BE(highPort, at + 4)
  return `1:${crypto.hash('sha1', preimage, 'base64')}`
}
