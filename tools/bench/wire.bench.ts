// Decode of a mebibyte of frames, by kind and in the mix of a span port. What it allocates, test/wire/ measures.
// node --import tsx --expose-gc tools/bench/wire.bench.ts

import { bench, do_not_optimize, run, summary } from 'mitata'
import { newCounters } from '../../src/base/counters.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import { Packet } from '../../src/model/packet.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { cat, ethernet, ipv4, ipv6, tcp, udp } from '../../test/wire/build.js'
import { TUNNEL_CASES } from '../../test/wire/cases.js'

/** As many as fill a block of a mebibyte, so that they are as near to the processor as after a read. */
const FRAMES = 1024
/** Timestamp option, as most segments carry it. */
const TIMESTAMPS = '0101080a 00000001 00000002'

function blockFrom(choose: (i: number) => Uint8Array): PacketBlock {
  const block = newPacketBlock(new Uint8Array(1 << 21))
  let at = 0
  for (; block.count < FRAMES; block.count++) {
    const frame = choose(block.count)
    at += 16
    block.start[block.count] = at
    block.caplen[block.count] = frame.length
    block.wirelen[block.count] = frame.length
    block.linkType[block.count] = 1
    block.timeMicros[block.count] = 1.7e15 + block.count
    block.bytes.set(frame, at)
    at += frame.length
  }
  return block
}

const payload = new Uint8Array(1400).fill(0x5a)
const bulk = ethernet('0800', ipv4(6, tcp(443, 50000, payload, TIMESTAMPS)))
const ack = ethernet('0800', ipv4(6, tcp(50000, 443, new Uint8Array(0), TIMESTAMPS)))
const quic = ethernet('0800', ipv4(17, udp(443, 50000, payload.slice(0, 1250))))
const tagged = ethernet('8100 0064 0800', ipv4(6, tcp(443, 50000, payload)))
const bulk6 = ethernet('86dd', ipv6(6, tcp(443, 50000, payload, TIMESTAMPS)))
const arp = ethernet('0806', cat('0001 0800 0604 0001', '00'.repeat(38)))
const icmp = ethernet('0800', ipv4(1, payload.slice(0, 64)))
const vxlan = TUNNEL_CASES.find((c) => c.name === 'VXLAN')?.frame ?? bulk
const erspan = TUNNEL_CASES.find((c) => c.name === 'ERSPAN II')?.frame ?? bulk

/** Of 100 frames: 58 bulk, 16 ACK, 10 QUIC, 5 tagged, 8 IPv6, 1 ARP, 1 ICMP, 1 VXLAN. */
function mixed(i: number): Uint8Array {
  const at = (i * 61) % 100
  if (at < 58) return bulk
  if (at < 74) return ack
  if (at < 84) return quic
  if (at < 89) return tagged
  if (at < 97) return bulk6
  return at === 97 ? arp : at === 98 ? icmp : vxlan
}

function decodeAll(name: string, block: PacketBlock): void {
  const decoder = new FrameDecoder(newCounters())
  const packet = new Packet()
  bench(`${name}, ${FRAMES} frames`, () => {
    let sum = 0
    for (let i = 0; i < block.count; i++) sum += decoder.decodeFrame(block, i, packet)
    do_not_optimize(sum)
  })
}

summary(() => {
  decodeAll('mix', blockFrom(mixed))
  decodeAll(
    'bulk IPv4',
    blockFrom(() => bulk),
  )
  decodeAll(
    'bulk IPv6',
    blockFrom(() => bulk6),
  )
  decodeAll(
    'VXLAN',
    blockFrom(() => vxlan),
  )
  decodeAll(
    'GRE/ERSPAN',
    blockFrom(() => erspan),
  )
})
await run()
