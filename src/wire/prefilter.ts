// The frame filter before the decoders: from a block's frames those that can matter. Its loop over the frames is
// assembly/skim.ts, compiled to WebAssembly; here it is given what it looks for.

import { Loop } from '../base/assembly.js'
import {
  AT_PORTS,
  AT_SECOND_MAX,
  AT_SECOND_MIN,
  AT_STARTS,
  AT_VERSIONS,
  AT_WATCHED,
  WATCHED_CELLS,
} from '../base/block-layout.js'
import type { PacketBlock } from '../model/packet-block.js'
import { CODE } from '../kernels/prefilter-code.js'
import {
  OF_INTEREST,
  OF_SERVER,
  OF_TUNNEL,
  SKIM_ANY_PORT,
  SKIM_BLIND,
  SKIM_INTEREST,
  SKIM_SERVER,
} from '../kernels/prefilter-layout.js'
import { TUNNEL_PORTS } from './udp-tunnel.js'

const PORT_COUNT = 65_536

/** What a skimmer keeps frames for. */
export interface SkimmerOptions {
  /** Server ports looked at; undefined: any. */
  readonly ports: ReadonlySet<number> | undefined
  /** Whether what servers send is looked at too. */
  readonly server: boolean
  /** Ports whose every TCP payload to them is looked at. */
  readonly portsOfInterest?: ReadonlySet<number>
  /** How many workers share the flows: whose a frame is stands at AT_OWNER; none unless given. */
  readonly workers?: number
  /** For each octet that a TCP payload may begin with: how a hello may begin, as block-layout.ts has it. */
  readonly starts: Uint8Array
  /** For each of them that is LIKE_PREAMBLE the least and the greatest octet that may follow. */
  readonly secondMin: Uint8Array
  readonly secondMax: Uint8Array
  /** First octets of the QUIC versions looked into. */
  readonly quicVersionOctets: readonly number[]
  /** Key of the flow table whose hashes it writes: FlowTable.key. */
  readonly key: Int32Array
  /** Which of its flows are watched, FlowTable.filter, as it is at any time; undefined where others know that. */
  readonly filter?: Uint8Array | undefined
}

/** The loop's exports. */
interface SkimLoop {
  readonly prepare: (
    k0: number,
    k1: number,
    k2: number,
    cells: number,
    wanted: number,
    workers: number,
  ) => void
  readonly skim: (count: number) => number
  readonly octets: () => number
  readonly synAcks: () => number
}

const LOOP = new Loop<SkimLoop>(CODE)

/** Whose tables a memory holds, and where the filter goes in it: blocks go from one pipeline to another. */
const prepared = new WeakMap<object, { readonly by: Skimmer; readonly watched: Uint8Array }>()

/** Tells which frames of a block can matter. */
export class Skimmer {
  /** Octets captured of all frames of the block skimmed last. */
  octets = 0
  /** Segments in it that were not kept with which a server accepted a connection. */
  synAcks = 0
  readonly #options: SkimmerOptions
  readonly #ports = new Uint8Array(PORT_COUNT)
  readonly #versions = new Uint8Array(256)

  constructor(options: SkimmerOptions) {
    this.#options = options
    for (const port of options.ports ?? []) this.#mark(port, OF_SERVER)
    for (const port of options.portsOfInterest ?? []) this.#mark(port, OF_INTEREST)
    for (const octet of options.quicVersionOctets) this.#versions[octet] = 1
    for (const port of TUNNEL_PORTS) this.#mark(port, OF_TUNNEL)
  }

  /**
   * Keeps all frames of `block` but those that no decoder would make anything of: TCP segments and UDP datagrams, their
   * headers whole and in order, that neither begin like a hello nor belong to a flow that may be watched. Of those that
   * matter only if their flow is watched, `block.flow` has the hash. A block not in memory of WebAssembly stays as it is.
   *
   * @returns whether the block was skimmed: what is kept, `block.flow` and `octets` are set
   */
  skim(block: PacketBlock): boolean {
    const { memory } = block
    if (memory === undefined) return false
    const loop = LOOP.over(memory)
    let tables = prepared.get(memory)
    if (tables?.by !== this) tables = this.#prepare(memory, loop)
    const { filter } = this.#options
    if (filter !== undefined) tables.watched.set(filter)
    block.keptCount = loop.skim(block.count)
    this.octets = loop.octets()
    this.synAcks = loop.synAcks()
    return true
  }

  #prepare(memory: NonNullable<PacketBlock['memory']>, loop: SkimLoop) {
    const { ports, portsOfInterest, server, workers = 0, key, filter } = this.#options
    const wanted =
      (ports === undefined ? SKIM_ANY_PORT : 0) |
      (server ? SKIM_SERVER : 0) |
      (filter === undefined ? SKIM_BLIND : 0) |
      (portsOfInterest === undefined ? 0 : SKIM_INTEREST)
    const cells = filter === undefined ? WATCHED_CELLS : 8 * filter.length
    loop.prepare(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0, cells, wanted, workers)
    const put = (at: number, octets: Uint8Array) =>
      new Uint8Array(memory.buffer, at, octets.length).set(octets)
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
