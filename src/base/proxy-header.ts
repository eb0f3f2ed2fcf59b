// PROXY protocol version 2, as load balancers put it before what they hand on (HAProxy PROXY protocol §2.2):
// CR LF CR LF NUL CR LF "QUIT" LF, version and command, family, length of the rest

import { u16, u32, u8 } from './bytes.js'

const PROXY_V2_HEADER_LEN = 16

/** Offset past the PROXY header of version 2 at `off`, which may be beyond `end`; -1 where there is none. */
export function proxyV2End(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < PROXY_V2_HEADER_LEN) return -1
  if (u32(bytes, off) !== 0x0d0a0d0a || u32(bytes, off + 4) !== 0x000d0a51) return -1
  if (u32(bytes, off + 8) !== 0x5549540a || u8(bytes, off + 12) >> 4 !== 2) return -1
  return off + PROXY_V2_HEADER_LEN + u16(bytes, off + 14)
}
