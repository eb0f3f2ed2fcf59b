// Tokens of quic_transport_parameters (RFC 9000 §18): which are sent, and the values a client configures.

import { u32, u8 } from '../../base/bytes.js'
import { MAX_TRANSPORT_PARAMETERS } from '../../base/limits.js'
import { KIND, bytesHash } from './token.js'
import type { TokenSink } from './token.js'

const GREASE_REMAINDER = 27
const GREASE_STEP = 31
/** initial_source_connection_id is the connection's own; of the rest, values of at most this many bytes are settings. */
const CONNECTION_ID = 0x0f
const MAX_SETTING_LEN = 8

/** Adds the tokens of the parameters in [off, end); what follows a malformed one is left. */
export function quicTokens(bytes: Uint8Array, off: number, end: number, into: TokenSink): void {
  let at = off
  for (let count = 0; at < end && count < MAX_TRANSPORT_PARAMETERS; count++) {
    const idLen = 1 << (u8(bytes, at) >> 6)
    const lengthAt = at + idLen
    if (lengthAt >= end) return
    const lengthLen = 1 << (u8(bytes, lengthAt) >> 6)
    const valueAt = lengthAt + lengthLen
    if (valueAt > end) return
    const valueLen = varint(bytes, lengthAt, lengthLen)
    if (valueLen > end - valueAt) return
    if (!isReserved(bytes, at, idLen)) {
      const id = bytesHash(bytes, at, lengthAt)
      into.add(KIND.quicParameter, id)
      if (valueLen <= MAX_SETTING_LEN && varint(bytes, at, idLen) !== CONNECTION_ID)
        into.add(KIND.quicValue, bytesHash(bytes, valueAt, valueAt + valueLen, id))
    }
    at = valueAt + valueLen
  }
}

/** The variable-length integer (RFC 9000 §16) of `len` bytes; above 2^53 it is not exact, and no length is that long. */
function varint(bytes: Uint8Array, off: number, len: number): number {
  if (len === 8) return (u32(bytes, off) & 0x3fff_ffff) * 0x1_0000_0000 + u32(bytes, off + 4)
  let value = u8(bytes, off) & 0x3f
  for (let i = 1; i < len; i++) value = value * 256 + u8(bytes, off + i)
  return value
}

/** Whether the id is one of the reserved 31 × N + 27 (RFC 9000 §18.1). */
function isReserved(bytes: Uint8Array, off: number, len: number): boolean {
  let remainder = u8(bytes, off) & 0x3f
  for (let i = 1; i < len; i++) remainder = (remainder * 256 + u8(bytes, off + i)) % GREASE_STEP
  return remainder % GREASE_STEP === GREASE_REMAINDER
}
