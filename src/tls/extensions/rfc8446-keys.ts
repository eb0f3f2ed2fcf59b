// key_share and pre_shared_key, RFC 8446 §4.2.8, §4.2.11
//
//   KeyShareClientHello   length 2 · { group 2 · length 2 · key_exchange }
//   KeyShareServerHello   group 2 · length 2 · key_exchange; in a HelloRetryRequest group 2
//   OfferedPsks           length 2 · { length 2 · identity · obfuscated_ticket_age 4 } · length 2 · { length 1 · binder }

import { u16, u32, u8 } from '../../base/bytes.js'
import { groupName } from '../registry-names.js'
import { fillsVector16 } from './body.js'

/** A public key offered or chosen: its group and how long it is. */
export interface KeyShare {
  readonly group: number
  readonly name: string
  /** Bytes of key_exchange; absent where a server only asks for a group. */
  readonly length?: number
}

/** The shares of a client; a client may offer none to ask for the server's choice. */
export function keyShares(bytes: Uint8Array, off: number, end: number): KeyShare[] | undefined {
  if (!fillsVector16(bytes, off, end)) return undefined
  const shares: KeyShare[] = []
  let at = off + 2
  while (at < end) {
    if (end - at < 4) return undefined
    const group = u16(bytes, at)
    const length = u16(bytes, at + 2)
    if (length === 0 || length > end - at - 4) return undefined
    shares.push({ group, name: groupName(group), length })
    at += 4 + length
  }
  return shares
}

/** The share of a server, or the group a HelloRetryRequest asks for. */
export function serverKeyShare(bytes: Uint8Array, off: number, end: number): KeyShare | undefined {
  if (end - off < 2) return undefined
  const group = u16(bytes, off)
  if (end - off === 2) return { group, name: groupName(group) }
  if (!fillsVector16(bytes, off + 2, end) || end - off < 5) return undefined
  return { group, name: groupName(group), length: end - off - 4 }
}

/** Pre-shared keys offered, by their sizes. */
export interface OfferedPsks {
  readonly identities_count: number
  readonly identity_lengths: readonly number[]
  /** Whether each ticket's age is zero, as it is for keys agreed outside TLS. */
  readonly external: readonly boolean[]
  readonly binder_lengths: readonly number[]
}

/** The pre_shared_key of a client. */
export function offeredPsks(bytes: Uint8Array, off: number, end: number): OfferedPsks | undefined {
  if (end - off < 2) return undefined
  const identitiesEnd = off + 2 + u16(bytes, off)
  if (identitiesEnd > end || !fillsVector16(bytes, identitiesEnd, end)) return undefined
  const identityLengths: number[] = []
  const external: boolean[] = []
  let at = off + 2
  while (at < identitiesEnd) {
    if (identitiesEnd - at < 6) return undefined
    const length = u16(bytes, at)
    if (length === 0 || length > identitiesEnd - at - 6) return undefined
    identityLengths.push(length)
    external.push(u32(bytes, at + 2 + length) === 0)
    at += 6 + length
  }
  const binderLengths: number[] = []
  at = identitiesEnd + 2
  while (at < end) {
    const length = u8(bytes, at)
    if (length < 32 || length > end - at - 1) return undefined
    binderLengths.push(length)
    at += 1 + length
  }
  if (identityLengths.length === 0 || binderLengths.length !== identityLengths.length)
    return undefined
  return {
    identities_count: identityLengths.length,
    identity_lengths: identityLengths,
    external,
    binder_lengths: binderLengths,
  }
}

/** Index of the identity a server chose (§4.2.11). */
export function selectedIdentity(bytes: Uint8Array, off: number, end: number): number | undefined {
  return end - off === 2 ? u16(bytes, off) : undefined
}
