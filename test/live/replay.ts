// Frames sent faster than any program in JavaScript could: replay.cc, built where it is needed.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Lab } from '../capture/live-lab.js'
import { writePcap } from '../capture/pcap-writer.js'
import { record } from '../stream/segments.js'
import {
  alpn,
  clientHello,
  ecPointFormats,
  keyShare,
  byteRun,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
} from '../tls/hello-builder.js'

/** What a sender did. */
export interface Sent {
  readonly frames: number
  /** Frames the kernel would not take from it. */
  readonly refused: number
  readonly seconds: number
}

/** What is to be sent. */
export interface Load {
  /** A classic pcap, microseconds. */
  readonly file: string
  /** Frames a second; 0 is as fast as it can. */
  readonly rate: number
  readonly frames: number
  /** Round through the file that is the first: each has addresses of its own, of 256. */
  readonly round?: number
}

/** Sends frames by vb of a lab. Needs a C++ compiler. */
export class Replay {
  readonly #lab: Lab
  readonly #program: string

  constructor(lab: Lab, folder: string) {
    this.#lab = lab
    this.#program = join(folder, 'replay')
    const source = join(import.meta.dirname, 'replay.cc')
    execFileSync('c++', ['-O2', '-o', this.#program, source])
  }

  /** Sends all there is to send; `begun` is called with the first frame. @throws Error with what the sender said */
  async send({ file, rate, frames, round = 0 }: Load, begun?: () => void): Promise<Sent> {
    const words = [file, 'vb', String(rate), String(frames), String(round)]
    const sender = this.#lab.spawn(this.#lab.b, this.#program, ...words)
    let said = ''
    sender.stdout?.once('data', begun ?? (() => undefined))
    sender.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    sender.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await new Promise((done) => sender.once('close', done))
    const [sent = NaN, refused = NaN, seconds = NaN] = said
      .replace('sending\n', '')
      .split(' ')
      .map(Number)
    if (Number.isNaN(seconds)) throw new Error(`the sender failed: ${said}`)
    return { frames: sent, refused, seconds }
  }
}

const FIRST_SEQUENCE = 1000
/** A hello as browsers sent it before post-quantum key shares: it fits one segment. */
const HELLO = clientHello({
  sessionId: byteRun(32, 40),
  ciphers: [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009c, 0x002f],
  extensions: [
    serverName('www.example.test'),
    supportedGroups(29, 23, 24),
    ecPointFormats(0),
    alpn('h2', 'http/1.1'),
    signatureAlgorithms(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
    keyShare([29, 32]),
    supportedVersions(0x0304, 0x0303),
  ],
})

/** A classic pcap of `count` frames, each a whole hello to port 443 on a connection of its own, and nothing else. */
export function helloPcap(count: number): Uint8Array {
  const hello = Buffer.from(record(HELLO))
  return writePcap(
    Array.from({ length: count }, (_, i) => {
      const frame = Buffer.alloc(54 + hello.length)
      frame.writeUInt16BE(0x0800, 12)
      frame.writeUInt16BE(0x4500, 14)
      frame.writeUInt16BE(40 + hello.length, 16)
      frame.set([64, 6], 22)
      frame.writeUInt32BE(0x0a000000 + i, 26)
      frame.writeUInt32BE(0xc6120001, 30)
      frame.writeUInt16BE(1024 + (i % 60_000), 34)
      frame.writeUInt16BE(443, 36)
      frame.writeUInt32BE(FIRST_SEQUENCE, 38)
      frame.set([0x50, 0x18, 0xff, 0xff], 46)
      frame.set(hello, 54)
      return frame
    }),
  )
}
