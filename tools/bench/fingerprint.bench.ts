// What the fingerprints of one hello cost, on hellos as a network shows them: the templates, varied.
//
//   node --import tsx --expose-gc tools/bench/fingerprint.bench.ts [HELLOS]
//
// CPU time, as wall time on a shared machine says little.

import { hash } from 'node:crypto'
import { bench, do_not_optimize, run, summary } from 'mitata'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { MD5, SHA3_384, SHA_256 } from '../../src/kernels/digest-layout.js'
import { writeDigest } from '../../src/fingerprint/digest.js'
import { SightingWriter } from '../../src/fingerprint/sighting-writer.js'
import type { HandshakeBytes } from '../../src/model/handshake-bytes.js'
import { Hello } from '../../src/model/hello.js'
import type { FingerprintName } from '../../src/model/sighting.js'
import { FINGERPRINTS } from '../../src/model/sighting.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { messageOf, NO_TUNNELS, packetOf } from '../../test/fingerprint/hellos.js'

interface Perf {
  seed(n: number): void
  rf(): number
  makeHello(kind: string): Uint8Array
}

const count = Number(process.argv[2] ?? 20_000)
const perf = new URL('./lib.mjs', import.meta.url)

async function workload(): Promise<Uint8Array[]> {
  const lib = (await import(perf.href)) as Perf
  lib.seed(1)
  return Array.from({ length: count }, () => lib.makeHello(lib.rf() < 0.25 ? 'pq' : 'tcp'))
}

const messages: HandshakeBytes[] = (await workload()).map((bytes) => messageOf(bytes))
const packet = packetOf()
const hello = new Hello()
const out = new ByteWriter(1 << 20)

function writerOf(
  fingerprints: ReadonlySet<FingerprintName> | 'all',
  communityId: boolean,
): SightingWriter {
  const writer = new SightingWriter({
    fingerprints,
    communityId,
    encapsulationNames: NO_TUNNELS,
  })
  writer.setOrigin({ file: 'hellos.pcap' })
  return writer
}

const ROUNDS = 9

/** Nanoseconds of CPU one hello takes: the quickest of some rounds, as neighbours on the machine only ever slow one down. */
function measure(label: string, perHello: (message: HandshakeBytes) => void): number {
  for (const message of messages) perHello(message)
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (const message of messages) perHello(message)
    const spent = process.cpuUsage(before)
    best = Math.min(best, ((spent.user + spent.system) * 1000) / messages.length)
  }
  console.log(`${label.padEnd(44)} ${best.toFixed(0).padStart(6)} ns`)
  return best
}

function parse(message: HandshakeBytes): void {
  parseClientHello(message.bytes, message.off, message.end, false, hello)
}

const parsing = measure('parse alone', parse)
function measureWriter(
  label: string,
  names: ReadonlySet<FingerprintName> | 'all',
  communityId: boolean,
): void {
  const writer = writerOf(names, communityId)
  let bytes = 0
  const whole = measure(`parse + ${label}`, (message) => {
    out.len = 0
    if (!writer.writeKnown(packet, message, out)) {
      parse(message)
      writer.write(packet, message, hello, out)
    }
    bytes += out.len
  })
  console.log(
    `  writer ${(whole - parsing).toFixed(0)} ns, line ${(bytes / (1 + ROUNDS) / messages.length).toFixed(0)} bytes`,
  )
}

measureWriter('no fingerprint', new Set(), false)
measureWriter('ja3, ja4', new Set(['ja3', 'ja4']), false)
measureWriter('all, community id', 'all', true)
measureWriter('all', 'all', false)
for (const name of FINGERPRINTS) measureWriter(name, new Set([name]), false)

const text = new Uint8Array(430).fill(0x31)
for (const [name, algorithm, len] of [
  ['md5', MD5, 170],
  ['sha256', SHA_256, 170],
  ['sha3-384', SHA3_384, 430],
] as const) {
  const message = text.subarray(0, len)
  summary(() => {
    bench(`${name} of ${len} bytes, own`, () => {
      out.len = 0
      writeDigest(algorithm, message, 0, len, 32, out)
    })
    bench(`${name} of ${len} bytes, crypto.hash`, () => do_not_optimize(hash(name, message, 'hex')))
  })
}
await run()
