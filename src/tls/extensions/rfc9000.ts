// quic_transport_parameters, RFC 9000 §18: { id varint · length varint · value }, varints as in §16

import { u32, u8 } from '../../base/bytes.js'
import { hexText, printable } from '../printable.js'
import { quicTransportParameterName } from '../registry-names.js'

/** What ids of the form 31 * N + 27 are folded into (RFC 9000 §18.1). */
const GREASE_ID = 27n
const USER_AGENT = 0x3129n
const VERSION_INFORMATION = 0x11n
/** Parameters whose value is one varint: the RFC's integers, max_datagram_frame_size, Google's round-trip time, min_ack_delay. */
const INTEGERS: ReadonlySet<bigint> = new Set([
  ...[1n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 14n],
  ...[0x20n, 0x3127n, 0xff04de1bn, 0x0f739bbc1b666d0dn],
])

/** One transport parameter. */
export interface TransportParameter {
  /** A number, or hex where it has more than 53 bits; GREASE is folded into 27. */
  readonly id: number | string
  readonly name: string
  /** Bytes of the value. */
  readonly length: number
  /** The decoded value, if it is an integer, versions or text. */
  readonly value?: number | string | readonly string[]
}

/** The parameters in wire order. */
export function quicTransportParameters(
  bytes: Uint8Array,
  off: number,
  end: number,
): TransportParameter[] | undefined {
  const parameters: TransportParameter[] = []
  let at = off
  while (at < end) {
    const idLen = varintLen(bytes, at, end)
    const lengthLen = varintLen(bytes, at + idLen, end)
    if (idLen === 0 || lengthLen === 0) return undefined
    const id = varint(bytes, at, idLen)
    const length = varint(bytes, at + idLen, lengthLen)
    at += idLen + lengthLen
    if (length > BigInt(end - at)) return undefined
    const valueEnd = at + Number(length)
    parameters.push(parameter(bytes, id, at, valueEnd))
    at = valueEnd
  }
  return parameters
}

function parameter(bytes: Uint8Array, id: bigint, off: number, end: number): TransportParameter {
  const length = end - off
  if (id % 31n === GREASE_ID) return { id: Number(GREASE_ID), name: 'GREASE', length }
  const name = quicTransportParameterName(id)
  const value = parameterValue(bytes, id, off, end)
  const base = { id: jsonNumber(id), name, length }
  return value === undefined ? base : { ...base, value }
}

function parameterValue(
  bytes: Uint8Array,
  id: bigint,
  off: number,
  end: number,
): number | string | string[] | undefined {
  if (INTEGERS.has(id)) {
    const length = varintLen(bytes, off, end)
    return length > 0 && off + length === end ? jsonNumber(varint(bytes, off, length)) : undefined
  }
  if (id === USER_AGENT) return printable(bytes, off, end)
  if (id !== VERSION_INFORMATION || (end - off) % 4 !== 0) return undefined
  const versions: string[] = []
  for (let at = off; at < end; at += 4) versions.push(`0x${hexText(bytes, at, at + 4)}`)
  return versions
}

/** Bytes of the varint at `off`: 1, 2, 4 or 8; 0 where it does not end by `end`. */
function varintLen(bytes: Uint8Array, off: number, end: number): number {
  if (off >= end) return 0
  const length = 1 << (u8(bytes, off) >> 6)
  return length <= end - off ? length : 0
}

function varint(bytes: Uint8Array, off: number, length: number): bigint {
  if (length === 8)
    return (BigInt(u32(bytes, off) & 0x3fff_ffff) << 32n) | BigInt(u32(bytes, off + 4))
  let value = u8(bytes, off) & 0x3f
  for (let i = 1; i < length; i++) value = value * 256 + u8(bytes, off + i)
  return BigInt(value)
}

function jsonNumber(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `0x${value.toString(16)}`
}
