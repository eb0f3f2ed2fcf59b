// An address as keys hold it: its 4 or 16 bytes, or a zero byte and 16 bytes of the hash that a privacy policy keeps of it.

import ipaddr from 'ipaddr.js'

const HASHED = /^hmac-([0-9a-f]{32})$/

/** The key of a canonical address, bytes in latin1; undefined where the text is none. */
export function addressKey(text: string): string | undefined {
  const hashed = HASHED.exec(text)?.[1]
  if (hashed !== undefined) return `\0${Buffer.from(hashed, 'hex').toString('latin1')}`
  if (!ipaddr.isValid(text)) return undefined
  return String.fromCharCode(...ipaddr.process(text).toByteArray())
}

/** The canonical text (RFC 5952) of an address of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  return ipaddr.fromByteArray([...bytes]).toString()
}
