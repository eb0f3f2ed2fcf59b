// The reader's end of the memory that a native capture fills (src/native/capture.h): two halves, used in turn. The child
// says how many octets of pcap records are in the next one; we read them where they are, and give it back.

import { writeSync } from 'node:fs'
import type { ConnectOpts, SocketConstructorOpts } from 'node:net'
import { Socket } from 'node:net'
import { u32le } from '../base/bytes.js'
import type { PacketBlock } from '../model/packet-block.js'
import { newPacketBlock } from '../model/packet-block.js'
import { pcapFileHeader } from './frame-queue.js'
import { PcapReader, readPcapHeader } from './pcap-reader.js'
import { BadFrames } from './stream-frames.js'

const LENGTH_LEN = 4
/** Any octet gives a half back. */
const READ = new Uint8Array(1)

/** Frames a native capture put into `memory`, told of over the socket `fd`, which this closes. */
export class SharedFrames {
  readonly #halves: readonly [Uint8Array, Uint8Array]
  readonly #fd: number
  readonly #socket: Socket
  readonly #said = new Uint8Array(LENGTH_LEN)
  #saidLen = 0
  /** Octets in the half that is ours, or -1. */
  #length = -1
  #ended = false
  #wake: () => void = () => undefined

  constructor(memory: ArrayBuffer, fd: number) {
    const halfLen = memory.byteLength / 2
    this.#halves = [new Uint8Array(memory, 0, halfLen), new Uint8Array(memory, halfLen, halfLen)]
    this.#fd = fd
    const options: SocketConstructorOpts & ConnectOpts = {
      fd,
      // a stream's machinery would cost more than all the frames of a usual batch
      onread: {
        buffer: new Uint8Array(LENGTH_LEN),
        callback: (count, buffer) => {
          this.#hear(buffer, count)
          return true
        },
      },
    }
    this.#socket = new Socket(options)
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Blocks of at least one frame of link type `linkType`, until the child ends. @throws BadFrames */
  async *blocks(linkType: number): AsyncGenerator<PacketBlock, void, void> {
    const block = newPacketBlock(this.#halves[0])
    const reader = new PcapReader(readPcapHeader(pcapFileHeader(linkType, 0), 0))
    try {
      for (let half: 0 | 1 = 0; await this.#lent(); half = half === 0 ? 1 : 0) {
        block.bytes = this.#halves[half]
        const end = this.#length
        // the child is a fence: its word is not taken for what would lead us out of the memory
        if (end > block.bytes.length)
          throw new BadFrames(`${end} octets are said to be in ${block.bytes.length}`)
        for (let off = 0; off < end;) {
          block.count = 0
          off = reader.fill(block, off, end)
          if (block.count === 0) throw new BadFrames(reader.failure ?? 'a record is cut')
          yield block
        }
        this.#giveBack()
      }
    } finally {
      this.#socket.destroy()
    }
  }

  /** Waits for a half. @returns false when no other comes */
  async #lent(): Promise<boolean> {
    while (this.#length < 0 && !this.#ended)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#length >= 0
  }

  #hear(octets: Uint8Array, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#said[this.#saidLen++] = octets[i] ?? 0
      if (this.#saidLen < LENGTH_LEN) continue
      this.#saidLen = 0
      this.#length = u32le(this.#said, 0)
      this.#wake()
    }
  }

  #giveBack(): void {
    this.#length = -1
    if (this.#socket.destroyed) return
    try {
      writeSync(this.#fd, READ)
    } catch {
      // the child has ended, which the socket tells too
    }
  }
}
