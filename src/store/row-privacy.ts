// What a privacy policy makes of a row: the same as of a sighting (privacy/privacy.ts), without parsing its line.

import { createHash } from 'node:crypto'
import type { PrivacyPolicy } from '../privacy/privacy.js'
import { privateAddress } from '../privacy/privacy.js'
import { privateServerName } from '../privacy/private-server-name.js'
import { addressKey, addressText } from './address-key.js'

const NOTHING = Buffer.alloc(0)

/** The key of the address that is kept, bytes in latin1. */
export function keptAddress(policy: PrivacyPolicy, ip: Buffer, micros: number): string {
  return addressKey(privateAddress(policy, addressText(ip), micros / 1e6)) ?? ''
}

/** The server's name that is kept, as it stands in a line; empty where none is. */
export function hiddenName(policy: PrivacyPolicy, sni: Buffer): Buffer {
  if (sni.length === 0) return sni
  const name = JSON.parse(`"${sni.toString('utf8')}"`) as string
  const kept = privateServerName(name, policy.sni, policy.secret)
  return kept === undefined ? NOTHING : Buffer.from(JSON.stringify(kept).slice(1, -1))
}

/** The members that are kept: a certificate names the same site as the SNI. */
export function hiddenRest(policy: PrivacyPolicy, rest: Buffer): Buffer {
  if (policy.sni === 'on' || !(rest.includes('"cert_s') || rest.includes('"hello":'))) return rest
  const members = JSON.parse(`{${rest.toString('utf8').slice(1)}}`) as Record<string, unknown>
  delete members['cert_subject']
  delete members['cert_san']
  // a hello that came as text may say the name
  delete members['hello']
  const kept = JSON.stringify(members).slice(1, -1)
  return kept === '' ? NOTHING : Buffer.from(`,${kept}`)
}

/** The id of a sighting whose address is not kept: it is a hash of the address too. */
export function hiddenId(id: Buffer): Buffer {
  const text = `hellotap id ${id.toString('hex')}`
  return createHash('sha256').update(text).digest().subarray(0, id.length)
}
