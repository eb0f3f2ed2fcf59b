// Bodies that decode to a size or a few small numbers: padding (RFC 7685), session_ticket
// (RFC 5077 §3.2), renegotiation_info (RFC 5746 §3.2), record_size_limit (RFC 8449 §4), connection_id
// (RFC 9146 §3), ticket_request (RFC 9149 §2), heartbeat (RFC 6520 §2), use_srtp (RFC 5764 §4.1.1),
// token_binding (RFC 8472 §2)

import { u16, u8 } from '../../base/bytes.js'
import { fillsVector8 } from './body.js'

/** Bytes of padding, and whether they are zero as they must be. */
export function padding(
  bytes: Uint8Array,
  off: number,
  end: number,
): { length: number; zero: boolean } {
  let zero = true
  for (let at = off; at < end; at++) if (u8(bytes, at) !== 0) zero = false
  return { length: end - off, zero }
}

/** Bytes of the ticket; 0 asks for one. */
export function sessionTicket(_bytes: Uint8Array, off: number, end: number): { length: number } {
  return { length: end - off }
}

/** Bytes of renegotiated_connection; 0 in a first handshake. */
export function renegotiationInfo(
  bytes: Uint8Array,
  off: number,
  end: number,
): { length: number } | undefined {
  return fillsVector8(bytes, off, end) ? { length: end - off - 1 } : undefined
}

/** Bytes of plaintext a record may hold; less than 64 is an error. */
export function recordSizeLimit(bytes: Uint8Array, off: number, end: number): number | undefined {
  return end - off === 2 && u16(bytes, off) >= 64 ? u16(bytes, off) : undefined
}

/** Bytes of the connection id asked for. */
export function connectionId(
  bytes: Uint8Array,
  off: number,
  end: number,
): { length: number } | undefined {
  return fillsVector8(bytes, off, end) ? { length: end - off - 1 } : undefined
}

/** How many tickets a client wants, for a new session and for a resumed one. */
export function ticketRequest(
  bytes: Uint8Array,
  off: number,
  end: number,
): { new_session_count: number; resumption_count: number } | undefined {
  if (end - off !== 2) return undefined
  return { new_session_count: u8(bytes, off), resumption_count: u8(bytes, off + 1) }
}

/** Whether the peer may send heartbeats. */
export function heartbeat(
  bytes: Uint8Array,
  off: number,
  end: number,
): 'peer_allowed_to_send' | 'peer_not_allowed_to_send' | undefined {
  if (end - off !== 1) return undefined
  if (u8(bytes, off) === 1) return 'peer_allowed_to_send'
  return u8(bytes, off) === 2 ? 'peer_not_allowed_to_send' : undefined
}

/** The SRTP protection profiles offered, and the bytes of the master key identifier. */
export function useSrtp(
  bytes: Uint8Array,
  off: number,
  end: number,
): { profiles: number[]; mki_length: number } | undefined {
  if (end - off < 5) return undefined
  const profilesEnd = off + 2 + u16(bytes, off)
  if (profilesEnd === off + 2 || (profilesEnd - off) % 2 !== 0 || profilesEnd > end)
    return undefined
  if (!fillsVector8(bytes, profilesEnd, end)) return undefined
  const profiles: number[] = []
  for (let at = off + 2; at < profilesEnd; at += 2) profiles.push(u16(bytes, at))
  return { profiles, mki_length: end - profilesEnd - 1 }
}

/** Version and key parameters of token binding. */
export function tokenBinding(
  bytes: Uint8Array,
  off: number,
  end: number,
): { version: string; key_parameters: number[] } | undefined {
  if (end - off < 4 || !fillsVector8(bytes, off + 2, end)) return undefined
  const keyParameters: number[] = []
  for (let at = off + 3; at < end; at++) keyParameters.push(u8(bytes, at))
  return { version: `${u8(bytes, off)}.${u8(bytes, off + 1)}`, key_parameters: keyParameters }
}
