/** A frame to be written: its bytes, and what the record says of them. */
export interface WrittenFrame {
  readonly bytes: Uint8Array
  /** Seconds and nanoseconds since the epoch; default 1 700 000 000 s and 1 µs a frame. */
  readonly seconds?: number
  readonly nanos?: number
  /** Default: as many as are captured. */
  readonly wirelen?: number
}

export interface PcapOptions {
  /** Network field of the header, default 1 (Ethernet). */
  readonly linkType?: number
  /** Nanosecond stamps. */
  readonly nanos?: boolean
  readonly bigEndian?: boolean
  /** Kuznetzov's records of 24 bytes. */
  readonly modified?: boolean
  /** Default 2.4. */
  readonly version?: readonly [number, number]
}

const FIRST_SECOND = 1_700_000_000

/** A classic pcap of `frames`. */
export function writePcap(
  frames: readonly (Uint8Array | WrittenFrame)[],
  options: PcapOptions = {},
): Uint8Array {
  const out = new Bytes(options.bigEndian ?? false)
  out.u32(options.modified ? 0xa1b2cd34 : options.nanos ? 0xa1b23c4d : 0xa1b2c3d4)
  out.u16(options.version?.[0] ?? 2)
  out.u16(options.version?.[1] ?? 4)
  out.u32(0)
  out.u32(0)
  out.u32(262_144)
  out.u32(options.linkType ?? 1)
  frames.forEach((given, i) => {
    const frame = given instanceof Uint8Array ? { bytes: given } : given
    const nanos = frame.nanos ?? i * 1000
    out.u32(frame.seconds ?? FIRST_SECOND + Math.floor(nanos / 1e9))
    out.u32(options.nanos ? nanos % 1e9 : Math.floor((nanos % 1e9) / 1000))
    out.u32(frame.bytes.length)
    out.u32(frame.wirelen ?? frame.bytes.length)
    if (options.modified) out.bytes(new Uint8Array(8))
    out.bytes(frame.bytes)
  })
  return out.done()
}

/** Puts pcapng blocks together, each method one block, in the byte order given. */
export class PcapngWriter {
  private readonly out: Bytes

  constructor(options: { readonly bigEndian?: boolean } = {}) {
    this.out = new Bytes(options.bigEndian ?? false)
  }

  section(major = 1): this {
    return this.block(0x0a0d0d0a, (body) => {
      body.u32(0x1a2b3c4d)
      body.u16(major)
      body.u16(0)
      body.bytes(new Uint8Array(8).fill(0xff))
    })
  }

  interface(linkType = 1, snapLen = 0, options: readonly [number, Uint8Array][] = []): this {
    return this.block(1, (body) => {
      body.u16(linkType)
      body.u16(0)
      body.u32(snapLen)
      body.options(options)
    })
  }

  /** Enhanced Packet Block; the time is in units of the interface. */
  packet(
    id: number,
    time: bigint,
    frame: Uint8Array,
    wirelen = frame.length,
    options: readonly [number, Uint8Array][] = [],
  ): this {
    return this.block(6, (body) => {
      body.u32(id)
      body.u64(time)
      body.u32(frame.length)
      body.u32(wirelen)
      body.padded(frame)
      body.options(options)
    })
  }

  /** Obsolete Packet Block. */
  oldPacket(id: number, time: bigint, frame: Uint8Array, wirelen = frame.length): this {
    return this.block(2, (body) => {
      body.u16(id)
      body.u16(0)
      body.u64(time)
      body.u32(frame.length)
      body.u32(wirelen)
      body.padded(frame)
    })
  }

  simplePacket(frame: Uint8Array, wirelen = frame.length): this {
    return this.block(3, (body) => {
      body.u32(wirelen)
      body.padded(frame)
    })
  }

  statistics(id: number, options: readonly [number, Uint8Array][]): this {
    return this.block(5, (body) => {
      body.u32(id)
      body.u64(0n)
      body.options(options)
    })
  }

  other(type: number, body: Uint8Array): this {
    return this.block(type, (out) => out.padded(body))
  }

  /** Eight bytes of an option's value in this writer's byte order. */
  value64(value: bigint): Uint8Array {
    const bytes = new Bytes(this.out.bigEndian)
    bytes.whole(value, 8)
    return bytes.done()
  }

  done(): Uint8Array {
    return this.out.done()
  }

  private block(type: number, write: (body: Bytes) => void): this {
    const body = new Bytes(this.out.bigEndian)
    write(body)
    const bytes = body.done()
    this.out.u32(type)
    this.out.u32(bytes.length + 12)
    this.out.bytes(bytes)
    this.out.u32(bytes.length + 12)
    return this
  }
}

class Bytes {
  readonly bigEndian: boolean
  private readonly parts: Uint8Array[] = []

  constructor(bigEndian: boolean) {
    this.bigEndian = bigEndian
  }

  u16(value: number): void {
    this.whole(BigInt(value), 2)
  }

  u32(value: number): void {
    this.whole(BigInt(value), 4)
  }

  /** As pcapng writes a timestamp: the upper half first in either byte order, unlike other integers of 64 bits. */
  u64(value: bigint): void {
    this.u32(Number(BigInt.asUintN(32, value >> 32n)))
    this.u32(Number(BigInt.asUintN(32, value)))
  }

  bytes(bytes: Uint8Array): void {
    this.parts.push(bytes)
  }

  padded(bytes: Uint8Array): void {
    this.bytes(bytes)
    this.bytes(new Uint8Array(-bytes.length & 3))
  }

  options(options: readonly [number, Uint8Array][]): void {
    for (const [code, value] of options) {
      this.u16(code)
      this.u16(value.length)
      this.padded(value)
    }
    if (options.length > 0) this.u32(0)
  }

  done(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.parts))
  }

  /** An integer of `length` bytes in this byte order. */
  whole(value: bigint, length: number): void {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++)
      bytes[this.bigEndian ? length - 1 - i : i] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)))
    this.parts.push(bytes)
  }
}
