// The prefilter before the decoders rejects frames that no decoder would use. Its loop over the frames is the kernel
// kernels/assembly/prefilter.ts, compiled to WebAssembly; this file gives it what to look for.

import { Kernel } from '../base/kernel.js'
import {
  AT_PORTS,
  AT_SECOND_MAX,
  AT_SECOND_MIN,
  AT_STARTS,
  AT_VERSIONS,
  AT_WATCHED,
} from '../base/block-layout.js'
import type { PacketBlock } from '../model/packet-block.js'
import { CODE } from '../kernels/prefilter-code.js'
import {
  OF_CARRIER,
  OF_INTEREST,
  OF_SERVER,
  OF_TUNNEL,
  WANT_ANY_PORT,
  WANT_INTEREST,
  WANT_SEGMENTS,
  WANT_SERVER,
} from '../kernels/prefilter-layout.js'

const PORT_COUNT = 65_536

/** What a prefilter passes frames for. */
export interface PrefilterOptions {
  /** Server ports looked at; undefined: any. */
  readonly ports: ReadonlySet<number> | undefined
  /** Whether what servers send is looked at too. */
  readonly server: boolean
  /** Ports whose every TCP payload to them is looked at. */
  readonly portsOfInterest?: ReadonlySet<number>
  /** For each byte that a TCP payload may begin with: how a hello may begin, as block-layout.ts has it. */
  readonly starts: Uint8Array
  /** For each of them that is LIKE_PREAMBLE the least and the greatest byte that may follow. */
  readonly secondMin: Uint8Array
  readonly secondMax: Uint8Array
  /** UDP ports of tunnels, and of protocols that carry TLS or DTLS behind headers of many forms. */
  readonly tunnelPorts: readonly number[]
  readonly carrierPorts: readonly number[]
  /** First bytes of the QUIC versions looked into. */
  readonly quicVersionBytes: readonly number[]
  /** Key of the flow table whose hashes it writes: FlowTable.key. */
  readonly key: Int32Array
  /** Which of its flows are watched, FlowTable.filter, as it is at any time. */
  readonly filter: Uint8Array
}

/** The loop's exports. */
interface PrefilterKernel {
  readonly prepare: (k0: number, k1: number, k2: number, cells: number, wanted: number) => void
  readonly prefilter: (count: number) => number
  readonly bytes: () => number
  readonly segments: () => number
  readonly synAcks: () => number
  readonly unknownDatagrams: () => number
}

const LOOP = new Kernel<PrefilterKernel>(CODE)

/** Whose tables a memory holds, and where the filter goes in it: blocks go from one pipeline to another. */
const prepared = new WeakMap<object, { readonly by: Prefilter; readonly watched: Uint8Array }>()

/** Marks which frames of a block are worth decoding. */
export class Prefilter {
  /** Bytes captured of all frames of the block filtered last. */
  bytes = 0
  /** Datagrams in it that were not passed and of which nothing is known; `unknownPort` says which. */
  unknownDatagrams = 0
  /** Segments in it that were not passed with which a server accepted a connection. */
  synAcks = 0
  readonly #options: PrefilterOptions
  readonly #ports = new Uint8Array(PORT_COUNT)
  readonly #versions = new Uint8Array(256)

  constructor(options: PrefilterOptions) {
    this.#options = options
    for (const port of options.ports ?? []) this.#mark(port, OF_SERVER)
    for (const port of options.portsOfInterest ?? []) this.#mark(port, OF_INTEREST)
    for (const byte of options.quicVersionBytes) this.#versions[byte] = 1
    for (const port of options.tunnelPorts) this.#mark(port, OF_TUNNEL)
    for (const port of options.carrierPorts) this.#mark(port, OF_CARRIER)
  }

  /**
   * Passes all frames of `block` but those that no decoder would use: TCP segments and UDP datagrams, their
   * headers whole and in order, that neither begin like a hello nor belong to a flow that may be watched. Of those that
   * matter only if their flow is watched, `block.flow` has the hash. Where neither servers nor ports of interest are looked at,
   * `block.segments` has the segments with nothing unusual. A block not in memory of WebAssembly stays as it is.
   *
   * @returns whether the block was filtered: what is passed, `block.flow` and `bytes` are set
   */
  apply(block: PacketBlock): boolean {
    const { memory } = block
    if (memory === undefined) return false
    const loop = LOOP.over(memory)
    let tables = prepared.get(memory)
    if (tables?.by !== this) tables = this.#prepare(memory, loop)
    tables.watched.set(this.#options.filter)
    block.passedCount = loop.prefilter(block.count)
    block.segmentCount = loop.segments()
    this.bytes = loop.bytes()
    this.synAcks = loop.synAcks()
    this.unknownDatagrams = loop.unknownDatagrams()
    return true
  }

  /** The lower port of the i-th of the `unknownDatagrams` of `block`. */
  unknownPort({ passed }: PacketBlock, i: number): number {
    return passed[passed.length - 1 - i] ?? 0
  }

  #prepare(memory: NonNullable<PacketBlock['memory']>, loop: PrefilterKernel) {
    const { ports, portsOfInterest, server, key, filter } = this.#options
    const wanted =
      (ports === undefined ? WANT_ANY_PORT : 0) |
      (server ? WANT_SERVER : 0) |
      (portsOfInterest === undefined ? 0 : WANT_INTEREST) |
      (server || portsOfInterest !== undefined ? 0 : WANT_SEGMENTS)
    const cells = 8 * filter.length
    loop.prepare(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0, cells, wanted)
    const put = (at: number, bytes: Uint8Array) =>
      new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
    put(AT_STARTS, this.#options.starts)
    put(AT_SECOND_MIN, this.#options.secondMin)
    put(AT_SECOND_MAX, this.#options.secondMax)
    put(AT_VERSIONS, this.#versions)
    put(AT_PORTS, this.#ports)
    const tables = { by: this, watched: new Uint8Array(memory.buffer, AT_WATCHED, cells / 8) }
    prepared.set(memory, tables)
    return tables
  }

  #mark(port: number, bit: number): void {
    this.#ports[port & 0xffff] = (this.#ports[port & 0xffff] ?? 0) | bit
  }
}
