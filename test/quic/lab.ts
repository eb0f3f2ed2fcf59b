import { expect } from 'chai'
import { type Counters, newCounters } from '../../src/base/counters.js'
import { MAX_HELLO_LEN } from '../../src/base/limits.js'
import type { Packet } from '../../src/model/packet.js'
import type { QuicSizes } from '../../src/quic/connections.js'
import { QuicHellos } from '../../src/quic/quic-hellos.js'
import { datagram } from './initial.js'

/** Tables small enough to be made for each test, and to be filled. */
export const SMALL_SIZES: QuicSizes = {
  entries: 64,
  connections: 64,
  slots: [
    { size: 4_096, count: 8 },
    { size: 16_384, count: 4 },
    { size: MAX_HELLO_LEN, count: 2 },
  ],
}

/** One message given. */
export interface Given {
  readonly kind: number
  readonly bytes: Uint8Array
  readonly quality: number
  readonly version: number
}

export interface Lab {
  readonly counters: Counters
  readonly hellos: QuicHellos
  /** What all datagrams together gave. */
  readonly take: (...packets: (Packet | Uint8Array)[]) => Given[]
}

/** A QuicHellos of its own tables. */
export function lab({
  server = false,
  ports,
  sizes = SMALL_SIZES,
}: { server?: boolean; ports?: ReadonlySet<number>; sizes?: QuicSizes } = {}): Lab {
  const counters = newCounters()
  const hellos = new QuicHellos({ server, ports, seed: 77 }, counters, sizes)
  const take = (...packets: (Packet | Uint8Array)[]): Given[] => {
    const given: Given[] = []
    for (const data of packets) {
      const packet = data instanceof Uint8Array ? datagram(data) : data
      for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
        const { bytes, off, end, quality, quicVersion, transport, recordVersion } = hellos.message
        expect({ transport, recordVersion }).to.deep.equal({ transport: 'quic', recordVersion: 0 })
        given.push({ kind, bytes: bytes.slice(off, end), quality, version: quicVersion })
      }
    }
    return given
  }
  return { counters, hellos, take }
}

export const bytesOf = (given: readonly Given[]): Uint8Array[] => given.map(({ bytes }) => bytes)

/** Counters that are not nought. */
export const counted = (counters: Counters): Record<string, number> =>
  Object.fromEntries(Object.entries(counters).filter(([, n]) => n !== 0))
