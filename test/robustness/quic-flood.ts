// A flood of QUIC Initial packets through the real pipeline: from random addresses, each sealed as it should be and each
// with the first half of a hello that never goes on; real hellos over two datagrams among them.
//
//   npm run flood:quic [-- --initials N --hellos N --between FRAMES --seed S]
//
// Memory must stay below its bound, and the real hellos must still be found; how many were is printed.
// Exit 0 where both hold, 1 otherwise.

import { parseArgs } from 'node:util'
import { Random } from '../fuzz/random.js'
import { crypto, initial } from '../quic/initial.js'
import { browserHello } from '../tls/hello-builder.js'
import { FloodLine } from './flood-line.js'

/** Megabytes resident at most, as the whole process has them. */
const MOST_RESIDENT_MB = 200
/** Packets that are sealed; each comes from many addresses, and is another connection from each. */
const SEALED = 2000
const SIZE = 1200
const HEAD = 42

const { values } = parseArgs({
  options: {
    initials: { type: 'string', default: '1000000' },
    hellos: { type: 'string', default: '1000' },
    // 2 ms at that pace: a client sends both datagrams one behind the other
    between: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
})
const initials = Number(values.initials)
const hellos = Number(values.hellos)
const between = Number(values.between)
const random = new Random(Number(values.seed))

const line = new FloodLine()
const message = browserHello()
const half = message.length >> 1

/** A connection's two packets: the hello's halves. */
function packetsOf(connection: number): readonly [first: Uint8Array, second: Uint8Array] {
  const dcid = new Uint8Array(8)
  new DataView(dcid.buffer).setUint32(0, connection)
  const part = (number: number, from: number, to: number) =>
    initial([crypto(message, from, to)], { dcid, packetNumber: number, size: SIZE })
  return [part(0, 0, half), part(1, half, message.length)]
}

const flood = Array.from({ length: SEALED }, (_, i) => packetsOf(i)[0])
const underWay: { due: number; address: number; port: number; packet: Uint8Array }[] = []

function append(from: number, srcPort: number, packet: Uint8Array): void {
  const length = HEAD + packet.length
  line.append(length, (bytes, at) => {
    const head = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD)
    head.setUint16(12, 0x0800)
    head.setUint16(14, 0x4500)
    head.setUint16(16, length - 14)
    head.setUint16(22, 0x4011)
    head.setInt32(26, from)
    head.setUint32(30, 0xc633_6407)
    head.setUint16(34, srcPort)
    head.setUint16(36, 443)
    head.setUint16(38, 8 + packet.length)
    bytes.set(packet, at + HEAD)
  })
}

let sent = 0
for (let i = 0; i < initials; i++) {
  // never from the real ones' network
  const from = (random.word() & 0x7fff_ffff) | 0x8000_0000
  append(from, random.between(1024, 65_535), flood[random.below(SEALED - 1)] ?? new Uint8Array(0))
  if (sent < hellos && i * hellos >= sent * initials) {
    const [first, second] = packetsOf(SEALED + sent)
    const connection = { address: 0x0a00_0000 | sent, port: 1024 + sent }
    append(connection.address, connection.port, first)
    underWay.push({ ...connection, packet: second, due: line.frames + random.between(1, between) })
    sent++
  }
  for (let k = underWay.length - 1; k >= 0; k--) {
    const next = underWay[k]
    if (next === undefined || next.due > line.frames) continue
    underWay.splice(k, 1)
    append(next.address, next.port, next.packet)
  }
}
for (const { address, port, packet } of underWay) append(address, port, packet)
const what = `${initials} Initials that never complete, ${sent} real hellos over two datagrams with up to ${between} frames between`
if (!line.end(what, sent, MOST_RESIDENT_MB)) process.exitCode = 1
