// Frames put together header by header; lengths are filled in, all else is as given.

import { hex } from '../support.js'

/** Bytes end to end; strings are hex. */
export function cat(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => [...(typeof part === 'string' ? hex(part) : part)]),
  )
}

function be16(value: number): string {
  return value.toString(16).padStart(4, '0')
}

/** Ethernet with a given type field. */
export function ethernet(type: string, payload: Uint8Array): Uint8Array {
  return cat('020000000001 020000000002', type, payload)
}

/** IPv4 from 192.0.2.1 to 192.0.2.2 by default; `fragment` is the flags and offset field. */
export function ipv4(
  protocol: number,
  payload: Uint8Array,
  { addresses = 'c0000201 c0000202', fragment = '0000', id = '1234', options = '' } = {},
): Uint8Array {
  const headerLen = 20 + hex(options).length
  const total = be16(headerLen + payload.length)
  const head = cat(
    (0x40 + headerLen / 4).toString(16),
    '00',
    total,
    id,
    fragment,
    `40 ${be16(protocol).slice(2)} 0000`,
    addresses,
    options,
  )
  let sum = 0
  for (let i = 0; i < head.length; i += 2) sum += ((head[i] ?? 0) << 8) | (head[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return cat(head.slice(0, 10), be16(~sum & 0xffff), head.slice(12), payload)
}

/** IPv6 from 2001:db8::1 to 2001:db8::2 by default. */
export function ipv6(
  nextHeader: number,
  payload: Uint8Array,
  addresses = `20010db8${'00'.repeat(11)}01 20010db8${'00'.repeat(11)}02`,
): Uint8Array {
  return cat('60000000', be16(payload.length), be16(nextHeader).slice(2), '40', addresses, payload)
}

/** UDP with its length. */
export function udp(srcPort: number, dstPort: number, payload: Uint8Array): Uint8Array {
  return cat(be16(srcPort), be16(dstPort), be16(8 + payload.length), '0000', payload)
}

/** TCP: sequence number 0xfffffff0, PSH and ACK. */
export function tcp(
  srcPort: number,
  dstPort: number,
  payload: Uint8Array,
  options = '',
): Uint8Array {
  const offset = ((20 + hex(options).length) / 4).toString(16)
  return cat(
    be16(srcPort),
    be16(dstPort),
    'fffffff0 00000001',
    `${offset}0 18 ffff 0000 0000`,
    options,
    payload,
  )
}

/** What every nested case carries: a TCP segment of four bytes. */
export const PAYLOAD = '16030100'
export const SEGMENT = tcp(51234, 443, hex(PAYLOAD))
export const INNER_V4 = ipv4(6, SEGMENT, { addresses: 'c000020a c6336414' })
export const INNER_V6 = ipv6(6, SEGMENT)
export const TUPLE_V4 = 'tcp 192.0.2.10 51234 > 198.51.100.20 443'
export const TUPLE_V6 = 'tcp 2001:db8:0:0:0:0:0:1 51234 > 2001:db8:0:0:0:0:0:2 443'
