// What a hello made to be long costs beside an ordinary one: its fingerprints and its line, of hellos that were never seen before.
//
//   npm run bench:long
//
// Kinds are measured in turn, ROUNDS times, and the least time of each counts. Exit 1 where one of 20 KB costs more than BOUND
// ordinary ones.

import { ByteWriter } from '../../src/base/byte-writer.js'
import { SightingWriter } from '../../src/fingerprint/sighting-writer.js'
import { HandshakeBytes } from '../../src/model/handshake-bytes.js'
import { Hello } from '../../src/model/hello.js'
import { Packet, PROTOCOL_TCP } from '../../src/model/packet.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import {
  ascii,
  be16,
  clientHello,
  type Extension,
  byteRun,
  vector16,
  vector8,
} from '../../test/tls/hello-builder.js'

const BOUND = 10
const ROUNDS = 15
const HELLOS = 100
/** Values that make 20 KB, two bytes each. */
const MANY = 9_900

let state = 1
/** Numbers as a hello's that nobody sent before; the same in each run. */
function random(): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
  return state >>> 16
}
const list = (length: number) => Array.from({ length }, random)
const words = (length: number) => vector16(list(length).flatMap(be16))
const usual: readonly Extension[] = [
  [0, vector16([0, ...vector16(ascii('www.example.test'))])],
  [10, words(6)],
  [13, words(10)],
  [16, vector16([...vector8(ascii('h2')), ...vector8(ascii('http/1.1'))])],
  [43, [4, 3, 4, 3, 3]],
  [51, vector16([...be16(29), ...vector16(byteRun(32))])],
]
/** A hello with `extension` beside those that all have, of which one type is left out. */
const withExtension = (type: number, body: readonly number[]) =>
  clientHello({
    ciphers: list(16),
    extensions: [...usual.filter(([known]) => known !== type), [type, body]],
  })

const KINDS: Readonly<Record<string, () => Uint8Array>> = {
  ordinary: () =>
    clientHello({
      ciphers: list(16),
      extensions: [...usual, ...list(8).map((type): Extension => [type, byteRun(4)])],
    }),
  ciphers: () => clientHello({ ciphers: list(MANY), extensions: usual }),
  supported_groups: () => withExtension(10, words(MANY)),
  signature_algorithms: () => withExtension(13, words(MANY)),
  extensions: () =>
    clientHello({ ciphers: list(16), extensions: list(MANY / 2).map((type) => [type, []]) }),
  alpn: () => withExtension(16, vector16(list(MANY).flatMap((name) => [1, name & 0x7f]))),
  server_name: () => withExtension(0, vector16([0, ...vector16(byteRun(2 * MANY, 0x61))])),
  extension_data: () => withExtension(0x18, byteRun(2 * MANY)),
}

interface Kind {
  readonly name: string
  readonly make: () => Uint8Array
  hellos: readonly Uint8Array[]
  micros: number
}

const writer = new SightingWriter({
  fingerprints: 'all',
  communityId: true,
  sightingId: true,
  encapsulationNames: [],
})
const packet = new Packet()
packet.bytes = new Uint8Array(64)
packet.ipVersion = 4
packet.protocol = PROTOCOL_TCP
const message = new HandshakeBytes()
const hello = new Hello()
const out = new ByteWriter(1 << 20)

function run({ hellos }: Kind): number {
  const start = performance.now()
  for (const bytes of hellos) {
    message.bytes = bytes
    message.end = bytes.length
    if (parseClientHello(bytes, 0, bytes.length, false, hello) < 0) throw new Error('no hello')
    out.len = 0
    writer.write(packet, message, hello, out)
  }
  return ((performance.now() - start) * 1000) / hellos.length
}

const kinds = Object.entries(KINDS).map(([name, make]): Kind => ({
  name,
  make,
  hellos: Array.from({ length: HELLOS }, make),
  micros: Infinity,
}))
for (let round = 0; round < ROUNDS; round++)
  for (const kind of kinds) {
    // a hello whose profile is kept costs 3 µs: each ordinary one is new, as the long ones always are
    if (kind.name === 'ordinary') kind.hellos = Array.from({ length: HELLOS }, kind.make)
    kind.micros = Math.min(kind.micros, run(kind))
  }

const ordinary = kinds[0]?.micros ?? NaN
console.log('| 20 KB of | µs a hello | times an ordinary one |')
console.log('| --- | --- | --- |')
for (const { name, micros } of kinds) {
  const times = micros / ordinary
  console.log(`| ${name} | ${micros.toFixed(1)} | ${times.toFixed(1)} |`)
  if (times > BOUND) process.exitCode = 1
}
