// Floods through the real pipeline: SYNs and first halves of hellos from random addresses, with real hellos among them.
//
//   npm run flood [-- --syns N --halves N --hellos N --between FRAMES --seed S]
//
// FRAMES of the flood come between a real connection's SYN, first and second segment, at most: so long its first
// segment has to be kept while the slots for unfinished hellos fill with the flood's.
//
// Memory must stay below its bound, and the real hellos must still be found; how many were is printed.
// Exit 0 where both hold, 1 otherwise.

import { parseArgs } from 'node:util'
import { TCP_ACK, TCP_SYN } from '../../src/model/packet.js'
import { Random } from '../fuzz/random.js'
import { browserHello } from '../tls/hello-builder.js'
import { FloodLine } from './flood-line.js'

/** Megabytes resident at most, as the whole process has them. */
const MOST_RESIDENT_MB = 300
const SEGMENT = 1400
const HEAD = 54

const { values } = parseArgs({
  options: {
    syns: { type: 'string', default: '10000000' },
    halves: { type: 'string', default: '10000000' },
    hellos: { type: 'string', default: '1000' },
    // 20 ms at that pace, where the segments of a real hello follow each other within one
    between: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
})
const wanted = {
  syns: Number(values.syns),
  halves: Number(values.halves),
  hellos: Number(values.hellos),
}
const between = Number(values.between)
const random = new Random(Number(values.seed))

const line = new FloodLine()
const message = browserHello()
const record = Uint8Array.of(22, 3, 1, message.length >> 8, message.length & 0xff, ...message)

/** A real connection: which one, and how many of its segments were sent. */
interface Connection {
  readonly number: number
  sent: number
}
const underWay: { connection: Connection; due: number }[] = []
let syns = 0
let halves = 0
let hellos = 0

/** Appends a segment; addresses and sequence number are words. */
function append(
  from: number,
  srcPort: number,
  seq: number,
  flags: number,
  payload: Uint8Array,
  start: number,
  end: number,
): void {
  const length = HEAD + end - start
  line.append(length, (bytes, at) => {
    bytes.set(ETHERNET_IPV4, at)
    const head = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD)
    head.setUint16(16, length - 14)
    head.setInt32(26, from)
    head.setUint32(30, 0xc633_6407)
    head.setUint16(34, srcPort)
    head.setUint16(36, 443)
    head.setInt32(38, seq)
    head.setUint16(46, 0x5000 | flags)
    bytes.set(payload.subarray(start, end), at + HEAD)
  })
}

const ETHERNET_IPV4 = Uint8Array.from([
  ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
  ...[0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0],
])

/** The next frame of a real connection: SYN, first segment, second segment, each some time after the other. */
function sendReal(connection: Connection): void {
  const { number } = connection
  const address = 0x0a00_0000 | number
  const port = 1024 + number
  if (connection.sent === 0) append(address, port, 1000, TCP_SYN, record, 0, 0)
  else if (connection.sent === 1) append(address, port, 1001, TCP_ACK, record, 0, SEGMENT)
  else append(address, port, 1001 + SEGMENT, TCP_ACK, record, SEGMENT, record.length)
  connection.sent++
  if (connection.sent < 3)
    underWay.push({ connection, due: line.frames + random.between(1, between) })
}

const total = wanted.syns + wanted.halves
for (let i = 0; i < total; i++) {
  // never from the real ones' network
  const from = (random.word() & 0x7fff_ffff) | 0x8000_0000
  const port = random.between(1024, 65_535)
  if (random.below(total) < wanted.syns) {
    append(from, port, random.word(), TCP_SYN, record, 0, 0)
    syns++
  } else {
    append(from, port, random.word(), TCP_ACK, record, 0, SEGMENT)
    halves++
  }
  if (hellos < wanted.hellos && i * wanted.hellos >= hellos * total)
    sendReal({ number: hellos++, sent: 0 })
  for (let k = underWay.length - 1; k >= 0; k--) {
    const next = underWay[k]
    if (next === undefined || next.due > line.frames) continue
    underWay.splice(k, 1)
    sendReal(next.connection)
  }
}
for (let next = underWay.pop(); next !== undefined; next = underWay.pop()) sendReal(next.connection)
const what = `${syns} SYNs, ${halves} first halves, ${hellos} real hellos over two segments with up to ${between} frames between`
if (!line.end(what, hellos, MOST_RESIDENT_MB)) process.exitCode = 1
