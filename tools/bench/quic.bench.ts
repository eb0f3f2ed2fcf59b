// What a QUIC datagram costs, by what it is, and the parts of it.
// node --import tsx --expose-gc tools/bench/quic.bench.ts

import { bench, do_not_optimize, run, summary } from 'mitata'
import { newCounters } from '../../src/base/counters.js'
import type { Packet } from '../../src/model/packet.js'
import { aes128Encrypt } from '../../src/quic/aes128.js'
import { CLIENT, initialKeys, KEY_WORDS } from '../../src/quic/initial-keys.js'
import { newLongHeader, readLongHeader } from '../../src/quic/long-header.js'
import { PacketOpener } from '../../src/quic/packet-protection.js'
import { QuicHellos } from '../../src/quic/quic-hellos.js'
import { crypto, datagram, DCID, initial, otherPacket } from '../../test/quic/initial.js'
import { handshake } from '../../test/stream/segments.js'

/** Connections in one iteration, each of a flow of its own. */
const CONNECTIONS = 256
const SIZE = 1250
const hello = handshake(1, 700)
const long = handshake(1, 1800)
const keys = new Int32Array(KEY_WORDS)

const idOf = (n: number): Uint8Array => Uint8Array.of(1, 2, 3, 4, 5, 6, n >> 8, n & 255)

function takeAll(name: string, make: (dcid: Uint8Array) => Uint8Array[]): void {
  const packets: Packet[] = []
  for (let n = 0; n < CONNECTIONS; n++) {
    for (const bytes of make(idOf(n))) packets.push(datagram(bytes, { srcPort: 1024 + n }))
  }
  const hellos = new QuicHellos({ server: false, seed: 12_345 }, newCounters())
  let seconds = 0
  bench(`${name}, ${CONNECTIONS} times`, () => {
    // Connections of the time before are forgotten, so that none is taken for a retransmission.
    seconds += 1_000
    let given = 0
    for (const packet of packets) {
      packet.timeMicros = seconds * 1e6
      for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) given++
    }
    do_not_optimize(given)
  })
}

summary(() => {
  takeAll('no QUIC', () => [new Uint8Array(SIZE).fill(0x5b)])
  takeAll('Handshake packet', (dcid) => [otherPacket(2, 1200, { dcid })])
  takeAll('hello in one packet', (dcid) => [initial([crypto(hello)], { dcid, size: SIZE })])
  takeAll('hello in two, the second first', (dcid) => [
    initial([crypto(long, 1000)], { dcid, size: SIZE, packetNumber: 1 }),
    initial([crypto(long, 0, 1000)], { dcid, size: SIZE }),
  ])
  takeAll('keys of another connection', (dcid) => [
    initial([crypto(hello)], { dcid, keyId: DCID, size: SIZE }),
  ])
})

bench('initialKeys', () => initialKeys(0, DCID, 0, DCID.length, CLIENT, keys, 0))
const block = new Int32Array(4)
bench('aes128Encrypt, key expansion included', () => aes128Encrypt(keys, 0, block, 0))
const packet = initial([crypto(hello)], { size: SIZE })
const header = newLongHeader()
bench('readLongHeader', () =>
  do_not_optimize(readLongHeader(packet, 0, packet.length, packet.length, header)),
)
const opener = new PacketOpener()
const own = new Int32Array(KEY_WORDS)
initialKeys(0, DCID, 0, DCID.length, CLIENT, own, 0)
bench('PacketOpener.open of 1250 bytes', () =>
  do_not_optimize(opener.open(packet, header, own, 0, -1)),
)

await run()
