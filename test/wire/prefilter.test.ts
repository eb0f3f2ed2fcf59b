// The prefilter is right when nothing changes by it: each block of frames, once with it and once without, must give the
// same lines and the same counts. (The fuzz runner asks the same of millions of damaged frames.)

import { expect } from 'chai'
import fc from 'fast-check'
import { readdirSync } from 'node:fs'
import { SEGMENT_WORDS, WATCHED_CELLS } from '../../src/base/block-layout.js'
import { newCounters } from '../../src/base/counters.js'
import { FlowTable } from '../../src/base/flow-table.js'
import { ReversedFlow } from '../../src/base/reversed-flow.js'
import { fileBlocks } from '../../src/capture/file/file-blocks.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { IS_ANSWER, SEGMENT_FLAGS, SEGMENT_HASH } from '../../src/kernels/tcp-layout.js'
import { newMemoryBlock, newPacketBlock } from '../../src/model/packet-block.js'
import { Packet, TCP_SYN } from '../../src/model/packet.js'
import { Pipeline } from '../../src/pipeline.js'
import { SECOND_MAX, SECOND_MIN, STARTS } from '../../src/stream/find-start.js'
import { VERSION_FIRST_BYTES } from '../../src/quic/version.js'
import { CARRIER_PORTS } from '../../src/carrier/starts.js'
import { TUNNEL_PORTS } from '../../src/wire/udp-tunnel.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { Prefilter } from '../../src/wire/prefilter.js'
import { mixedFrames } from '../cli/traffic.js'
import { record, segment } from '../stream/segments.js'
import { browserHello } from '../tls/hello-builder.js'
import { allocatedPerCall } from '../support.js'

const CAPTURES = new URL('../../captures/', import.meta.url)
const SEED = 0x1234_5678_9abc
const memoryBlock = newMemoryBlock(1 << 21)

/** Fills the block with frames of one link type, a microsecond apart. */
function fill<Block extends PacketBlock>(block: Block, frames: readonly Uint8Array[]): Block {
  let at = 0
  block.count = 0
  for (const frame of frames) {
    const i = block.count++
    block.bytes.set(frame, at)
    block.start[i] = at
    block.caplen[i] = frame.length
    block.wirelen[i] = frame.length
    block.linkType[i] = 1
    block.timeMicros[i] = 1e15 + i
    at += frame.length
  }
  return block
}

const plainBlock = (frames: readonly Uint8Array[]) =>
  fill(newPacketBlock(new Uint8Array(Buffer.concat(frames).length)), frames)

const prefilterOf = (ports?: readonly number[], server = false) =>
  new Prefilter({
    ports: ports === undefined ? undefined : new Set(ports),
    server,
    starts: STARTS,
    secondMin: SECOND_MIN,
    secondMax: SECOND_MAX,
    tunnelPorts: TUNNEL_PORTS,
    carrierPorts: CARRIER_PORTS,
    quicVersionBytes: VERSION_FIRST_BYTES,
    key: new FlowTable(8, SEED).key,
    // every flow is watched: only frames that no flow needs are rejected
    filter: new Uint8Array(WATCHED_CELLS / 8).fill(255),
  })

const pipelineOf = (ports: readonly number[] | undefined, server: boolean) => {
  const counters = newCounters()
  const options = { fingerprints: 'all', keepHello: false, communityId: true, seed: SEED } as const
  const wanted = ports === undefined ? undefined : new Set(ports)
  return { counters, pipeline: new Pipeline({ ...options, ports: wanted, server }, counters) }
}

/** Ports, whether servers' hellos are wanted too, and how many frames of our captures are then taken out at least. */
const WANTED: readonly (readonly [
  ports: readonly number[] | undefined,
  server: boolean,
  least: number,
])[] = [
  [undefined, false, 500],
  [undefined, true, 100],
  [[443], false, 800],
  [[443, 8443], true, 400],
]

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  )
}

const named = (ports: readonly number[] | undefined, server: boolean) =>
  `${ports === undefined ? 'all ports' : `ports ${ports.join(', ')}`}${server ? ', servers too' : ''}`

describe('the prefilter', () => {
  for (const [ports, server, least] of WANTED)
    it(`changes no line and no count of any capture, ${named(ports, server)}`, async () => {
      let taken = 0
      for (const name of readdirSync(CAPTURES).filter((file) => /\.pcap(ng)?$/.test(file))) {
        const path = new URL(name, CAPTURES).pathname
        const [filtered, whole] = [pipelineOf(ports, server), pipelineOf(ports, server)]
        const findings = { name, linkType: undefined, warnings: [], reader: undefined }
        for await (const block of fileBlocks(path, findings, new AbortController().signal)) {
          const { count } = block
          // what is given on is the same block, but for the memory that the filter looks at
          const copy = {
            ...newPacketBlock(block.bytes),
            count,
            start: block.start.slice(),
            caplen: block.caplen.slice(),
            wirelen: block.wirelen.slice(),
            timeMicros: block.timeMicros.slice(),
            linkType: block.linkType.slice(),
          }
          whole.pipeline.take(copy)
          filtered.pipeline.take(block)
          taken += count - block.passedCount
        }
        for (const { pipeline } of [filtered, whole]) pipeline.flush()
        expect(filtered.pipeline.lines.text(), name).to.equal(whole.pipeline.lines.text())
        expect(filtered.counters, name).to.deep.equal(whole.counters)
      }
      expect(taken).to.be.above(least)
    })

  for (const [ports, server] of WANTED)
    it(`leaves what it does not know to the decoders, whatever the bytes, ${named(ports, server)}`, () => {
      const frames = mixedFrames(60, 3)
      const headers = frames.map((frame) => frame.slice(0, 120))
      fc.assert(
        fc.property(
          fc.array(
            fc.tuple(
              fc.nat(headers.length - 1),
              fc.nat(130),
              fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 3 }),
            ),
            { maxLength: 30 },
          ),
          (picks) => {
            const made = picks.map(([index, length, changes]) => {
              const frame = (headers[index] ?? new Uint8Array()).slice(0, length)
              for (const [at, byte] of changes) if (at < frame.length) frame[at] = byte
              return frame
            })
            const [filtered, whole] = [pipelineOf(ports, server), pipelineOf(ports, server)]
            whole.pipeline.take(plainBlock(made))
            filtered.pipeline.take(fill(memoryBlock, made))
            expect(filtered.counters).to.deep.equal(whole.counters)
            expect(filtered.pipeline.undecoded).to.deep.equal(whole.pipeline.undecoded)
            expect(filtered.pipeline.lines.text()).to.equal(whole.pipeline.lines.text())
          },
        ),
        { numRuns: 75 },
      )
    })

  it('finds a hello whose segments and SYN come in any order', () => {
    const v6 = (last: number) => [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), last]
    const tags = [[], [0x81, 0, 0, 7], [0x88, 0xa8, 0, 9, 0x81, 0, 0, 7]]
    const hello = record(browserHello())
    const third = Math.ceil(hello.length / 3)
    const pairs = WANTED.map(
      ([ports, server]) => [pipelineOf(ports, server), pipelineOf(ports, server)] as const,
    )
    for (const ends of [{}, { src: v6(1), dst: v6(2) }])
      for (const tag of tags)
        for (const order of permutations(['syn', 0, 1, 2] as const)) {
          const frames = order.map((part) => {
            const { bytes, ipVersion } =
              part === 'syn'
                ? segment(999, new Uint8Array(0), { ...ends, flags: TCP_SYN })
                : segment(
                    1000 + part * third,
                    hello.subarray(part * third, (part + 1) * third),
                    ends,
                  )
            const type = ipVersion === 4 ? [0x08, 0x00] : [0x86, 0xdd]
            return Uint8Array.from([...new Uint8Array(12), ...tag, ...type, ...bytes])
          })
          for (const [filtered, whole] of pairs) {
            const before = filtered.counters.hellos
            whole.pipeline.take(plainBlock(frames))
            filtered.pipeline.take(fill(memoryBlock, frames))
            for (const { pipeline } of [filtered, whole]) {
              pipeline.flush()
              pipeline.forget()
            }
            expect(filtered.counters.hellos - before, order.join(' ')).to.equal(1)
            expect(filtered.counters).to.deep.equal(whole.counters)
            expect(filtered.pipeline.lines.text()).to.equal(whole.pipeline.lines.text())
          }
        }
  }).timeout(60_000)

  it('names the flow by the hash of the flow table', () => {
    const frames = mixedFrames(400, 5)
    const plain = plainBlock(frames)
    const table = new FlowTable(8, SEED)
    const decoder = new FrameDecoder(newCounters())
    const packet = new Packet()
    const block = fill(memoryBlock, frames)
    expect(prefilterOf().apply(block)).to.equal(true)
    const reverse = new ReversedFlow()
    const hashes = new Set<number>()
    const answers = new Set<number>()
    for (let i = 0; i < block.passedCount; i++) {
      const hash = block.flow[i] ?? 0
      const segment = SEGMENT_WORDS * ((block.segmentOf[i] ?? 0) - 1)
      if (hash === 0 && segment < 0) continue
      expect(decoder.decodeFrame(plain, block.passed[i] ?? 0, packet)).to.be.above(0)
      // a server's answer is looked at for its client's flow
      const isAnswer =
        segment >= 0 && ((block.segments[segment + SEGMENT_FLAGS] ?? 0) & IS_ANSWER) !== 0
      const own = table.hash(isAnswer ? reverse.of(packet) : packet)
      if (segment >= 0) expect(block.segments[segment + SEGMENT_HASH]).to.equal(own)
      if (isAnswer) answers.add(own)
      if (hash === 0) continue
      expect(hash).to.equal(own)
      hashes.add(hash)
    }
    expect(answers.size).to.be.above(5)
    expect(hashes.size).to.be.above(50)
  })

  it('takes bulk out and counts its bytes', () => {
    const frames = mixedFrames(100, 8)
    const block = fill(memoryBlock, frames)
    const one = prefilterOf([1])
    one.apply(block)
    expect(one.bytes).to.equal(Buffer.concat(frames).length)
    expect(block.passedCount).to.be.below(frames.length / 2)
  })

  it('looks at a block anew for each prefilter', () => {
    const frames = mixedFrames(100, 8)
    const [any, none] = [prefilterOf(), prefilterOf([1])]
    const counts = [any, none, any, none].map((one) => {
      const block = fill(memoryBlock, frames)
      one.apply(block)
      return block.passedCount
    })
    expect(counts[2]).to.equal(counts[0])
    expect(counts[3]).to.equal(counts[1])
    expect(counts[0]).to.be.above(counts[1] ?? 0)
  })

  it('allocates nothing', () => {
    const block = fill(memoryBlock, mixedFrames(200, 4))
    const { count } = block
    const one = prefilterOf()
    const perCall = Math.min(
      ...[1, 2, 3].map(() =>
        allocatedPerCall(() => {
          one.apply(block)
        }, 300),
      ),
    )
    expect(perCall / count).to.be.below(1)
  })
})
