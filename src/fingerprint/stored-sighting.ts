// Rebuilds a sighting from the parts that a store keeps: its hello in two parts, its flow, and the other members of its line.

import { ByteWriter } from '../base/byte-writer.js'
import { Packet, PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'
import type { Transport } from '../model/handshake-bytes.js'
import { TRANSPORTS } from '../model/handshake-bytes.js'
import type { MakeSighting, SightingParts } from '../model/row.js'
import { HASHED_ADDRESS_LEN, ROW_TEXT } from '../model/row.js'
import type { Sighting } from '../model/sighting.js'
import { putAddress } from './address-text.js'
import { writeCommunityId } from './community-id.js'
import { FlowText } from './flow-text.js'
import { HelloFingerprints } from './hello-fingerprints.js'
import { joinHello } from './hello-body.js'
import { writeBase64 } from './json-text.js'
import { ProfileMemory } from './compiled.js'

const TEXT = new TextDecoder()
const MAX_ADDRESS_TEXT = 64
/** Of a row made of a line without an id. */
const NO_ID = '0'.repeat(16)

/** Makes sightings, each like its line with the hello and every fingerprint. One instance a thread. */
export function storedSightings(): MakeSighting {
  const fingerprints = new HelloFingerprints('all')
  const hello = new ByteWriter(1 << 12)
  const text = new ByteWriter(1 << 12)
  const times = new FlowText(new ProfileMemory(), [], undefined)
  const packet = new Packet()
  const addresses = new Uint8Array(32)

  const addressText = (bytes: Uint8Array): string => {
    if (bytes.length === HASHED_ADDRESS_LEN) return hashedAddressText(bytes)
    text.len = 0
    text.reserve(MAX_ADDRESS_TEXT)
    text.len = putAddress(bytes, 0, bytes.length === 4 ? 4 : 6, text.bytes, 0)
    return text.text()
  }
  const communityId = (parts: SightingParts): string => {
    const { length } = parts.dst
    addresses.fill(0)
    // an IPv4-mapped address is kept as the IPv4 it holds
    if (parts.src.length < length) addresses.fill(0xff, 10, 12)
    addresses.set(parts.src, length - parts.src.length)
    addresses.set(parts.dst, length)
    packet.bytes = addresses
    packet.ipVersion = length === 4 ? 4 : 6
    packet.srcAddrOff = 0
    packet.dstAddrOff = length
    packet.protocol = parts.transport === 0 ? PROTOCOL_TCP : PROTOCOL_UDP
    packet.srcPort = parts.srcPort
    packet.dstPort = parts.dstPort
    text.len = 0
    writeCommunityId(packet, text)
    return text.text()
  }

  const profileOf = (parts: SightingParts, proto: Transport): object | undefined => {
    hello.len = 0
    if (parts.delta[0] === ROW_TEXT) return members(TEXT.decode(parts.body))
    if (!joinHello(parts.delta, parts.body, parts.name, hello)) return undefined
    return fingerprints.ofMessage(
      hello.bytes.subarray(0, hello.len),
      proto,
      parts.recordVersion,
      parts.quicVersion,
    )
  }

  return (parts) => {
    const proto = TRANSPORTS[parts.transport]
    if (proto === undefined) return undefined
    hello.len = 0
    const made = profileOf(parts, proto)
    if (made === undefined) return undefined
    text.len = 0
    times.writeTime(parts.timeMicros, text)
    const time = text.text()
    text.len = 0
    writeBase64(hello.bytes, 0, hello.len, text)
    const bytes = text.text()
    return {
      time,
      ...members(parts.origin),
      proto,
      src: addressText(parts.src),
      srcport: parts.srcPort,
      dst: addressText(parts.dst),
      dstport: parts.dstPort,
      ...members(parts.encapsulation),
      ...(parts.sni === undefined ? {} : { sni: JSON.parse(`"${parts.sni}"`) as string }),
      ...made,
      ...(parts.id === NO_ID ? {} : { id: parts.id }),
      ...(parts.hasCommunityId ? { community_id: communityId(parts) } : {}),
      ...(parts.isEch ? { ech: true } : {}),
      hello_len: parts.helloLen,
      ...(bytes === '' ? {} : { hello: bytes }),
      ...members(parts.rest),
    } as Sighting
  }
}

/** An address that a privacy policy hashed: a zero byte, then 16 of the hash. */
function hashedAddressText(bytes: Uint8Array): string {
  let text = 'hmac-'
  for (const byte of bytes.subarray(1)) text += byte.toString(16).padStart(2, '0')
  return text
}

/** The members in `text`, each with a comma before it. */
function members(text: string): object {
  return text === '' ? {} : (JSON.parse(`{${text.slice(1)}}`) as object)
}
