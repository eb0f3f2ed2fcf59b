// A frame whose every byte read is watched: the sharpest test for reads past its end, and far too slow for all inputs.

import type { PacketBlock } from '../../src/model/packet-block.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import type { Frame } from './frame.js'

/** Bytes before and behind the frame that are there, but must not be read. */
const MARGIN = 64

/** Blocks of one frame each; says where a byte outside of it was read, or any was written. */
export class Guard {
  /** The first such place, with its stack. */
  fault: string | undefined
  readonly #block: PacketBlock = newPacketBlock(new Uint8Array(0))

  /** A block that holds the frame and nothing else, good until the next call. */
  blockOf({ bytes: data, wirelen, micros, linkType }: Frame): PacketBlock {
    const bytes = new Uint8Array(data.length + 2 * MARGIN)
    bytes.set(data, MARGIN)
    const block = this.#block
    block.bytes = this.#watched(bytes, MARGIN, MARGIN + data.length)
    block.count = 1
    block.start[0] = MARGIN
    block.caplen[0] = data.length
    block.wirelen[0] = Math.max(wirelen, data.length)
    block.timeMicros[0] = micros
    block.linkType[0] = linkType
    return block
  }

  /** `bytes` as they are, but for bytes outside [start, end). */
  #watched(bytes: Uint8Array, start: number, end: number): Uint8Array {
    return new Proxy(bytes, {
      get: (target, name): unknown => {
        if (typeof name === 'string' && /^-?\d+$/.test(name)) {
          const off = Number(name)
          if (off < start || off >= end) this.#tell(`byte ${off - start} of ${end - start} is read`)
          return target[off]
        }
        if (name === 'subarray' || name === 'slice')
          return (from = 0, to = target.length) => {
            if (from < to && (from < start || to > end))
              this.#tell(`bytes ${from - start} to ${to - start} of ${end - start} are taken`)
            return target[name](from, to)
          }
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
      set: (target, name, value: unknown) => {
        this.#tell(`${String(name)} is written`)
        return Reflect.set(target, name, value, target)
      },
    })
  }

  #tell(what: string): void {
    this.fault ??= new Error(what).stack ?? what
  }
}
