// What a segment costs the stream room, by what it is.
// node --import tsx --expose-gc tools/bench/stream.bench.ts

import { bench, do_not_optimize, run } from 'mitata'
import { newCounters } from '../../src/base/counters.js'
import { type Packet, TCP_SYN } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import { handshake, record, segment } from '../../test/stream/segments.js'

/** Packets taken in one iteration, each of a flow of its own. */
const PACKETS = 1024
const NO_BYTES = new Uint8Array(0)
const hello = record(handshake(1, 517))
const long = record(handshake(1, 1800))
const payload = Uint8Array.from({ length: 1400 }, (_, i) => 0x60 + (i & 15))

const each = (make: (srcPort: number) => Packet): Packet[] =>
  Array.from({ length: PACKETS }, (_, i) => make(1024 + i))

function takeAll(
  name: string,
  makers: ((srcPort: number) => Packet)[],
  ports?: ReadonlySet<number>,
): void {
  const hellos = new TcpHellos({ server: false, seed: 12_345, ports }, newCounters())
  const packets = makers.map(each)
  let isn = 1
  bench(`${name}, ${PACKETS} times`, () => {
    // Another connection each time, so that none is taken for a retransmission.
    isn = (isn + 0x0123_4567) & 0x3fff_ffff
    let given = 0
    for (const list of packets) {
      for (const packet of list) {
        packet.seq = isn + (packet.flags === TCP_SYN ? 0 : 1) + packet.vlan
        given += hellos.take(packet)
      }
    }
    do_not_optimize(given)
  })
}

/** `vlan`, which this room does not read, carries the segment's place in the stream. */
function at(place: number, packet: Packet): Packet {
  packet.vlan = place
  return packet
}

const syn = (srcPort: number): Packet => at(0, segment(0, NO_BYTES, { srcPort, flags: TCP_SYN }))
const part =
  (bytes: Uint8Array, from: number, to: number) =>
  (srcPort: number): Packet =>
    at(from, segment(0, bytes.subarray(from, to), { srcPort }))

takeAll('bulk, any port', [part(payload, 0, 1400)])
takeAll('bulk, port 443', [part(payload, 0, 1400)], new Set([443]))
takeAll('bulk, other ports', [part(payload, 0, 1400)], new Set([8443]))
takeAll('pure ACK', [part(payload, 0, 0)])
takeAll('SYN', [syn])
takeAll('whole hello, no SYN', [part(hello, 0, hello.length)])
takeAll('SYN, whole hello, bulk', [
  syn,
  part(hello, 0, hello.length),
  part(payload, hello.length, 1400),
])
takeAll('SYN, hello in two', [syn, part(long, 0, 1400), part(long, 1400, long.length)])
takeAll('SYN, hello in two, reversed', [syn, part(long, 1400, long.length), part(long, 0, 1400)])

await run()
