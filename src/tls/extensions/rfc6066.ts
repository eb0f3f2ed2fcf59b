// server_name, max_fragment_length, status_request: RFC 6066 §3, §4, §8

import { u16, u8 } from '../../base/bytes.js'
import { printable } from '../printable.js'
import { fillsVector16 } from './body.js'

const HOST_NAME = 0
const OCSP = 1

/** One entry of a ServerNameList. */
export interface ServerNameEntry {
  readonly name_type: number
  /** Printable ASCII; other bytes as \xhh. */
  readonly name: string
}

/** The names of a server_name, host_name (0) or other. */
export function serverNames(
  bytes: Uint8Array,
  off: number,
  end: number,
): ServerNameEntry[] | undefined {
  if (!fillsVector16(bytes, off, end) || end - off < 5) return undefined
  const names: ServerNameEntry[] = []
  let at = off + 2
  while (at < end) {
    if (end - at < 3) return undefined
    const length = u16(bytes, at + 1)
    if (length === 0 || length > end - at - 3) return undefined
    names.push({ name_type: u8(bytes, at), name: printable(bytes, at + 3, at + 3 + length) })
    at += 3 + length
  }
  return names.some((entry) => entry.name_type === HOST_NAME) ? names : undefined
}

/** Bytes of plaintext a fragment may hold: 512, 1024, 2048 or 4096. */
export function maxFragmentLength(bytes: Uint8Array, off: number, end: number): number | undefined {
  if (end - off !== 1) return undefined
  const code = u8(bytes, off)
  return code >= 1 && code <= 4 ? 256 << code : undefined
}

/** The OCSP stapling that a client asks for. */
export interface StatusRequest {
  readonly status_type: 'ocsp'
  readonly responder_ids_length: number
  readonly request_extensions_length: number
}

/** A status_request of a client. Only the type ocsp (1) is defined. */
export function statusRequest(
  bytes: Uint8Array,
  off: number,
  end: number,
): StatusRequest | undefined {
  if (end - off < 5 || u8(bytes, off) !== OCSP) return undefined
  const responderIdsLength = u16(bytes, off + 1)
  const extensionsOff = off + 3 + responderIdsLength
  if (extensionsOff > end || !fillsVector16(bytes, extensionsOff, end)) return undefined
  return {
    status_type: 'ocsp',
    responder_ids_length: responderIdsLength,
    request_extensions_length: end - extensionsOff - 2,
  }
}
