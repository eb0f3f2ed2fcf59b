// application_layer_protocol_negotiation, RFC 7301 §3.1. Application-Layer Protocol Settings
// (draft-vvv-tls-alps) of a client has the same body: the protocols it has settings for.

import { u8 } from '../../base/bytes.js'
import { isProtocolNameList } from '../located-lists.js'
import { printable } from '../printable.js'

/** The protocol names, preferred first. Printable ASCII; other bytes as \xhh. */
export function protocolNames(bytes: Uint8Array, off: number, end: number): string[] | undefined {
  return isProtocolNameList(bytes, off, end) ? protocolNameEntries(bytes, off + 2, end) : undefined
}

/** The same from the entries alone, known to be in order. */
export function protocolNameEntries(bytes: Uint8Array, off: number, end: number): string[] {
  const names: string[] = []
  let at = off
  while (at < end) {
    const nameEnd = at + 1 + u8(bytes, at)
    names.push(printable(bytes, at + 1, nameEnd))
    at = nameEnd
  }
  return names
}
