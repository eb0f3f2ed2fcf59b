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
import { newCounters } from '../../src/base/counters.js'
import type { CounterName } from '../../src/base/counters.js'
import { BLOCK_FRAMES } from '../../src/model/block-layout.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { TCP_ACK, TCP_SYN } from '../../src/model/packet.js'
import { Pipeline } from '../../src/pipeline.js'
import { Random } from '../fuzz/random.js'
import { browserHello } from '../tls/hello-builder.js'

/** Megabytes resident at most, as the whole process has them. */
const MOST_RESIDENT_MB = 300
/** Part of the real hellos that must be found. */
const LEAST_FOUND = 0.99
/** Frames a second of packet time: a fast flood on a fast link. */
const FRAMES_PER_SECOND = 500_000
const SEGMENT = 1400
const HEAD = 54
/** Octets of a frame's room in the block. */
const ROOM = 1536

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

const counters = newCounters()
const pipeline = new Pipeline(
  {
    ports: undefined,
    fingerprints: new Set(['ja3', 'ja4']),
    keepHello: false,
    communityId: false,
    seed: 0x2468_ace0_1357,
  },
  counters,
)
const block: PacketBlock = newPacketBlock(new Uint8Array(BLOCK_FRAMES * ROOM))
const message = browserHello()
const record = Uint8Array.of(22, 3, 1, message.length >> 8, message.length & 0xff, ...message)

/** A real connection: which one, and how many of its segments were sent. */
interface Connection {
  readonly number: number
  sent: number
}
const underWay: { connection: Connection; due: number }[] = []
const found = new Set<number>()
let frames = 0
let syns = 0
let halves = 0
let hellos = 0
let mostResident = 0

/** Appends a segment to the block; addresses and sequence number are words. */
function append(
  from: number,
  srcPort: number,
  seq: number,
  flags: number,
  payload: Uint8Array,
  start: number,
  end: number,
): void {
  const { bytes } = block
  const at = block.count * ROOM
  const length = HEAD + end - start
  bytes.set(ETHERNET_IPV4, at)
  write16(at + 16, length - 14)
  write32(at + 26, from)
  write32(at + 30, 0xc633_6407)
  write16(at + 34, srcPort)
  write16(at + 36, 443)
  write32(at + 38, seq)
  bytes[at + 46] = 0x50
  bytes[at + 47] = flags
  bytes.set(payload.subarray(start, end), at + HEAD)
  block.start[block.count] = at
  block.caplen[block.count] = length
  block.wirelen[block.count] = length
  block.timeMicros[block.count] = 1.7e15 + Math.floor((frames * 1e6) / FRAMES_PER_SECOND)
  block.linkType[block.count] = 1
  block.count++
  frames++
  if (block.count === BLOCK_FRAMES) hand()
}

const ETHERNET_IPV4 = Uint8Array.from([
  ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
  ...[0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0],
])

function write16(off: number, value: number): void {
  block.bytes[off] = (value >> 8) & 0xff
  block.bytes[off + 1] = value & 0xff
}

function write32(off: number, value: number): void {
  write16(off, value >>> 16)
  write16(off + 2, value & 0xffff)
}

/** Gives the block to the pipeline and takes note of the real hellos among what comes out. */
function hand(): void {
  pipeline.take(block)
  block.count = 0
  const { lines } = pipeline
  for (const [, number] of lines.text().matchAll(/"src":"10\.0\.\d+\.\d+","srcport":(\d+)/g))
    found.add(Number(number))
  lines.len = 0
  mostResident = Math.max(mostResident, process.memoryUsage.rss() / 1e6)
}

/** The next frame of a real connection: SYN, first segment, second segment, each some time after the other. */
function sendReal(connection: Connection): void {
  const { number } = connection
  const address = 0x0a00_0000 | number
  const port = 1024 + number
  if (connection.sent === 0) append(address, port, 1000, TCP_SYN, record, 0, 0)
  else if (connection.sent === 1) append(address, port, 1001, TCP_ACK, record, 0, SEGMENT)
  else append(address, port, 1001 + SEGMENT, TCP_ACK, record, SEGMENT, record.length)
  connection.sent++
  if (connection.sent < 3) underWay.push({ connection, due: frames + random.between(1, between) })
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
    if (next === undefined || next.due > frames) continue
    underWay.splice(k, 1)
    sendReal(next.connection)
  }
}
for (let next = underWay.pop(); next !== undefined; next = underWay.pop()) sendReal(next.connection)
hand()

const cpu = process.cpuUsage()
console.log(
  `${syns} SYNs, ${halves} first halves, ${hellos} real hellos over two segments with up to ${between} frames between: ${found.size} found; ` +
    `${mostResident.toFixed(0)} MB resident at most, ${((cpu.user + cpu.system) / 1e6).toFixed(1)} CPU s`,
)
for (const name of Object.keys(counters) as CounterName[])
  if (name.startsWith('hello') && counters[name] > 0) console.log(`  ${name} ${counters[name]}`)
if (mostResident > MOST_RESIDENT_MB || found.size < hellos * LEAST_FOUND) process.exitCode = 1
