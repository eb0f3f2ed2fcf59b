// The reader's end of the memory that a native capture fills (src/native/capture.h): two halves, used in turn. The child
// says how many bytes of pcap records are in the next one; we read them where they are, and give it back.

import { writeSync } from 'node:fs'
import type { ConnectOpts, SocketConstructorOpts } from 'node:net'
import { Socket } from 'node:net'
import { u32le } from '../../base/bytes.js'
import type { PacketBlock } from '../../model/packet-block.js'
import { newPacketBlock } from '../../model/packet-block.js'
import { pcapFileHeader } from './frame-queue.js'
import { PcapReader, readPcapHeader } from '../file/pcap-reader.js'
import { BadFrames } from './stream-frames.js'

const LENGTH_LEN = 4
/** Any byte gives a half back. */
const READ = new Uint8Array(1)

/**
 * Frames a native capture put into `memory`, told of over the socket `fd`, which is closed with it: blocks of at least one
 * frame, until the child ends. Each step ends the use of the block before.
 */
export class SharedFrames implements AsyncIterableIterator<PacketBlock, void, void> {
  readonly #halves: readonly [Uint8Array, Uint8Array]
  readonly #fd: number
  readonly #socket: Socket
  readonly #said = new Uint8Array(LENGTH_LEN)
  #saidLen = 0
  readonly #block: PacketBlock
  #reader: PcapReader | undefined
  /** The half that comes next or is ours, bytes in it, or -1, and how far they are read. */
  #half: 0 | 1 = 0
  #length = -1
  #off = 0
  #ended = false
  /** Settles the step that waits for a half. */
  #wake: (() => void) | undefined

  constructor(memory: ArrayBuffer, fd: number) {
    const halfLen = memory.byteLength / 2
    this.#halves = [new Uint8Array(memory, 0, halfLen), new Uint8Array(memory, halfLen, halfLen)]
    this.#block = newPacketBlock(this.#halves[0])
    this.#fd = fd
    const options: SocketConstructorOpts & ConnectOpts = {
      fd,
      // a stream's machinery would cost more than all the frames of a usual batch
      onread: {
        // longer than what comes, so that one read tells that no more is there
        buffer: new Uint8Array(2 * LENGTH_LEN),
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
      this.#wake?.()
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Sets the link type of all frames, before the first. */
  set linkType(linkType: number) {
    this.#reader = new PcapReader(readPcapHeader(pcapFileHeader(linkType, 0), 0))
  }

  /** The next block. Written without async functions, whose every step costs as much as a frame. @throws BadFrames */
  next(): Promise<IteratorResult<PacketBlock, void>> {
    if (this.#length >= 0 && this.#off >= this.#length) this.#giveBack()
    return new Promise((resolve, reject) => {
      const step = () => {
        this.#wake = undefined
        const fault = this.#fill()
        if (fault !== undefined) {
          this.#socket.destroy()
          reject(new BadFrames(fault))
        } else if (this.#length >= 0) resolve({ done: false, value: this.#block })
        else resolve({ done: true, value: undefined })
      }
      if (this.#length >= 0 || this.#ended) step()
      else this.#wake = step
    })
  }

  return(): Promise<IteratorResult<PacketBlock, void>> {
    this.#socket.destroy()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Reads frames of the half that is ours, if one is, into the block. @returns what is wrong with it */
  #fill(): string | undefined {
    const end = this.#length
    if (end < 0) return undefined
    const block = this.#block
    block.bytes = this.#halves[this.#half]
    block.count = 0
    // the child is a fence: its word is not taken for what would lead us out of the memory
    if (end > block.bytes.length) return `${end} bytes are said to be in ${block.bytes.length}`
    const reader = this.#reader
    if (reader === undefined) return 'frames came before their link type'
    this.#off = reader.fill(block, this.#off, end)
    return block.count > 0 ? undefined : (reader.failure ?? 'a record is cut')
  }

  #hear(bytes: Uint8Array, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#said[this.#saidLen++] = bytes[i] ?? 0
      if (this.#saidLen < LENGTH_LEN) continue
      this.#saidLen = 0
      this.#length = u32le(this.#said, 0)
      this.#off = 0
      this.#wake?.()
    }
  }

  #giveBack(): void {
    this.#length = -1
    this.#half = this.#half === 0 ? 1 : 0
    if (this.#socket.destroyed) return
    try {
      writeSync(this.#fd, READ)
    } catch {
      // the child has ended, which the socket tells too
    }
  }
}
