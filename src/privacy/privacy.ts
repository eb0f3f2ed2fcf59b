// What is kept of a client: the operator's choice, applied before anything is stored, spooled, written or logged.

import { createHash } from 'node:crypto'
import { Hello } from '../model/hello.js'
import type { Sighting } from '../model/sighting.js'
import { parseClientHello } from '../tls/hello-parser.js'
import type { AddressMode, SniMode } from './modes.js'
import { daysBetween, hashedAddress, truncatedAddress } from './private-address.js'
import { privateServerName } from './private-server-name.js'

/** The operator's choice. */
export interface PrivacyPolicy {
  readonly address: AddressMode
  readonly sni: SniMode
  /** Key of the hashes, at least 16 bytes; unused where nothing is hashed. Every process of one store needs the same. */
  readonly secret: Uint8Array
}

/** Whether a policy changes anything. */
export function isKeepAll({ address, sni }: PrivacyPolicy): boolean {
  return address === 'full' && sni === 'on'
}

/**
 * An address as the policy keeps it.
 * @param seconds the sighting's time, seconds since the epoch: hashes change every UTC day
 */
export function privateAddress(policy: PrivacyPolicy, ip: string, seconds: number): string {
  switch (policy.address) {
    case 'full':
      return ip
    case 'truncated':
      return truncatedAddress(ip)
    case 'hmac':
      return hashedAddress(ip, policy.secret, seconds)
  }
}

/**
 * All names under which sightings of an address may be kept between two times, the latest first.
 * @param first oldest time a sighting may have, seconds since the epoch, and `last` the newest
 */
export function privateNamesOf(
  policy: PrivacyPolicy,
  ip: string,
  first: number,
  last: number,
): string[] {
  if (policy.address !== 'hmac') return [privateAddress(policy, ip, last)]
  return daysBetween(first, last).map((day) => hashedAddress(ip, policy.secret, day))
}

/**
 * A sighting as the policy keeps it. With the address goes community_id, from which it could be computed, and the `id`
 * becomes a hash of itself where the address is not kept in full; with the server name goes the name in the kept hello,
 * whose bytes become `*`, so that lengths and fingerprints stay.
 */
export function privateSighting(policy: PrivacyPolicy, sighting: Sighting): Sighting {
  if (isKeepAll(policy)) return sighting
  const kept: Record<string, unknown> = { ...sighting }
  if (policy.address !== 'full') {
    kept['src'] = privateAddress(policy, sighting.src, Date.parse(sighting.time) / 1000)
    delete kept['community_id']
    if (typeof kept['id'] === 'string') kept['id'] = hashedId(kept['id'])
  }
  if (policy.sni !== 'on') {
    const name =
      sighting.sni === undefined
        ? undefined
        : privateServerName(sighting.sni, policy.sni, policy.secret)
    if (name === undefined) delete kept['sni']
    else kept['sni'] = name
    const hello = sighting.hello === undefined ? undefined : withoutServerName(sighting)
    if (hello === undefined) delete kept['hello']
    else kept['hello'] = hello
    // the certificate names the same site
    delete kept['cert_subject']
    delete kept['cert_san']
  }
  return kept as unknown as Sighting
}

/** Of the same length, so that what expects an id takes it. */
function hashedId(id: string): string {
  return createHash('sha256').update(`hellotap id ${id}`).digest('hex').slice(0, id.length)
}

const ASTERISK = 0x2a

/** The kept hello, base64, with its server name hidden; undefined where it cannot be read, and so may show the name. */
function withoutServerName({ hello: text = '', proto }: Sighting): string | undefined {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
  const hello = new Hello()
  if (parseClientHello(bytes, 0, bytes.length, proto === 'dtls', hello) < 0) return undefined
  // not the located name alone: a malformed list, or a second extension, may hold another
  for (let i = 0; i < hello.extensionCount; i++)
    if (hello.extensionType[i] === 0) hideName(hello, i)
  return Buffer.from(hello.bytes.subarray(hello.off, hello.end)).toString('base64')
}

/** Overwrites the names of one server_name extension (RFC 6066 §3), or all of its body where that is malformed. */
function hideName(hello: Hello, i: number): void {
  const off = hello.extensionOff[i] ?? 0
  const end = off + (hello.extensionLen[i] ?? 0)
  const { bytes } = hello
  let at = off + 2
  while (at + 3 <= end) {
    const nameEnd = at + 3 + (((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0))
    if (nameEnd > end) break
    bytes.fill(ASTERISK, at + 3, nameEnd)
    at = nameEnd
  }
  if (at !== end) bytes.fill(ASTERISK, Math.min(at, end), end)
}
