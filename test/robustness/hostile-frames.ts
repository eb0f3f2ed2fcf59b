// Frames of attackers, as one would send them to a sensor's network: each costs its sender little, and asks the sensor to
// remember something or to do much.

import { MAX_HEADER_DEPTH } from '../../src/base/limits.js'
import { Random } from '../fuzz/random.js'
import { browserHello } from '../tls/hello-builder.js'
import { cat, ethernet, ipv4, tcp } from '../wire/build.js'

const SYN = 0x02
const PROTOCOL_TCP = 6
const PROTOCOL_GRE = 47
const GRE_IPV4 = '0000 0800'
/** Bytes of a first half: as much as an Ethernet frame holds. */
const HALF = 1400
/** One-byte segments of a connection. */
const MORSELS = 20
/** Fragments of a datagram that never becomes whole; more, in units of eight bytes, follow. */
const FRAGMENTS = 4
const MORE_FRAGMENTS = 0x2000

/** Kinds of attack, with how many frames of each are made. */
export const ATTACKS = ['syns', 'morsels', 'halves', 'fragments', 'tunnels'] as const
export type Attack = (typeof ATTACKS)[number]

/** `count` Ethernet frames of one attack, or a few more; all connections and datagrams differ. */
export function framesOf(attack: Attack, count: number, seed = 1): Uint8Array[] {
  const random = new Random(seed)
  const hello = browserHello()
  const record = cat('160301', hexOf(hello.length, 4), hello)
  const word = () => hexOf(random.word(), 8)
  // to 198.18.0.0/15, which is set aside for tests (RFC 2544)
  const addresses = () =>
    `${word()} c6${hexOf(0x12 | random.below(2), 2)}${hexOf(random.word() & 0xffff, 4)}`
  const port = () => random.between(1024, 65_535)
  const frames: Uint8Array[] = []
  const add = (protocol: number, payload: Uint8Array, fields: Parameters<typeof ipv4>[2]) =>
    frames.push(ethernet('0800', ipv4(protocol, payload, fields)))
  while (frames.length < count) {
    const ends = addresses()
    const from = port()
    const seq = random.word()
    if (attack === 'syns') add(PROTOCOL_TCP, segment(from, seq, SYN, cat()), { addresses: ends })
    else if (attack === 'halves')
      add(PROTOCOL_TCP, segment(from, seq, 0x10, record.subarray(0, HALF)), { addresses: ends })
    else if (attack === 'morsels') {
      add(PROTOCOL_TCP, segment(from, seq - 1, SYN, cat()), { addresses: ends })
      for (let i = 0; i < MORSELS; i++) {
        const morsel = record.subarray(i, i + 1)
        add(PROTOCOL_TCP, segment(from, seq + i, 0x18, morsel), { addresses: ends })
      }
    } else if (attack === 'fragments')
      for (let i = 0; i < FRAGMENTS; i++) {
        const fields = { addresses: ends, id: hexOf(seq & 0xffff, 4) }
        const fragment = hexOf(MORE_FRAGMENTS | (2 * i), 4)
        add(PROTOCOL_TCP, record.subarray(16 * i, 16 * i + 8), { ...fields, fragment })
      }
    else {
      let inner = ipv4(PROTOCOL_TCP, segment(from, seq, 0x18, record.subarray(0, 64)), {
        addresses: ends,
      })
      // one under the bound, and one over it
      const depth = MAX_HEADER_DEPTH / 4 + (frames.length % 2) * MAX_HEADER_DEPTH
      for (let i = 0; i < depth; i++)
        inner = ipv4(PROTOCOL_GRE, cat(GRE_IPV4, inner), { addresses: addresses() })
      frames.push(ethernet('0800', inner))
    }
  }
  return frames
}

function segment(from: number, seq: number, flags: number, payload: Uint8Array): Uint8Array {
  const bytes = tcp(from, 443, payload)
  new DataView(bytes.buffer).setUint32(4, seq >>> 0)
  bytes[13] = flags
  return bytes
}

function hexOf(value: number, digits: number): string {
  return (value >>> 0).toString(16).padStart(digits, '0')
}
