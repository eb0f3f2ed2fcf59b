// Addresses as the history keeps them: 16 bytes in network order, IPv4 as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2),
// so that the addresses of a network are one range of bytes. Beside it stands an integer, by which readers skip row groups.

import ipaddr from 'ipaddr.js'

const MAPPED_AT = 10

/** How a hashed address begins (privacy); 32 hex digits follow, which are its 16 bytes. */
export const HASHED = 'hmac-'

/** The 16 bytes of an address or a hashed address; undefined for text that is neither. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (text.startsWith(HASHED) && /^hmac-[0-9a-f]{32}$/.test(text))
    return Uint8Array.from(Buffer.from(text.slice(HASHED.length), 'hex'))
  const bytes = new Uint8Array(16)
  if (putV4(text, bytes)) return bytes
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined
  const parsed = ipaddr.IPv6.parse(text)
  bytes.set(parsed.toByteArray())
  return bytes
}

/** Four decimal numbers, without a library: most addresses are these, and each sighting has two. */
function putV4(text: string, bytes: Uint8Array): boolean {
  let value = 0
  let digits = 0
  let part = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2e) {
      if (digits === 0 || part === 3) return false
      bytes[12 + part++] = value
      value = digits = 0
    } else if (code < 0x30 || code > 0x39) return false
    else {
      value = value * 10 + code - 0x30
      if (++digits > 3 || value > 255) return false
    }
  }
  if (part !== 3 || digits === 0) return false
  bytes[15] = value
  bytes[MAPPED_AT] = bytes[MAPPED_AT + 1] = 0xff
  return true
}

/** Whether the bytes are an IPv4 address. */
export function isV4(bytes: Uint8Array): boolean {
  for (let i = 0; i < MAPPED_AT; i++) if (bytes[i] !== 0) return false
  return bytes[MAPPED_AT] === 0xff && bytes[MAPPED_AT + 1] === 0xff
}

/** The canonical text (RFC 5952) of 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  if (isV4(bytes)) return `${bytes[12]}.${bytes[13]}.${bytes[14]}.${bytes[15]}`
  return new ipaddr.IPv6([...bytes]).toRFC5952String()
}

/**
 * The integer beside the bytes: an IPv4 address as such, of an IPv6 address the first 64 bits. It grows as the bytes do,
 * and a network is one range of it.
 */
export function addressKey(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  return isV4(bytes) ? BigInt(view.getUint32(12)) : view.getBigUint64(0)
}

/** The first and the last address of a network. */
export interface AddressRange {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

/** The range of an address or a network such as `10.0.0.0/8`; undefined for text that is neither. */
export function addressRange(text: string): AddressRange | undefined {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const first = addressBytes(address)
  if (first === undefined) return undefined
  const isDotted = !address.includes(':')
  const length = bits === undefined ? (isDotted ? 32 : 128) : Number(bits)
  if (length > (isDotted ? 32 : 128)) return undefined
  const prefix = isDotted ? length + 96 : length
  const last = first.slice()
  for (let i = 0; i < 16; i++) {
    const host = 0xff >> Math.min(8, Math.max(0, prefix - 8 * i))
    first[i] = (first[i] ?? 0) & ~host
    last[i] = (last[i] ?? 0) | host
  }
  return { first, last }
}
