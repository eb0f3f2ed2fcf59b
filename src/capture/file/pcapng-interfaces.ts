import { MAX_PCAPNG_INTERFACES } from '../../base/limits.js'

const TWO_32 = 4_294_967_296

/**
 * The interfaces one pcapng section describes, and how each counts time
 * (draft-ietf-opsawg-pcapng §4.2, if_tsresol and if_tsoffset).
 */
export class PcapngInterfaces {
  count = 0
  /** LINKTYPE_ value of interface i. */
  linkType = new Uint16Array(8)
  /** Bytes its packets are cut to; 0 is no limit. */
  snapLen = new Uint32Array(8)
  /** Bytes of frame check sequence its packets end with. */
  fcsLen = new Uint8Array(8)
  /** Units a microsecond, a whole power of ten; 0 where `factor` holds microseconds a unit instead. */
  private divisor = new Float64Array(8)
  private factor = new Float64Array(8)
  private offsetMicros = new Float64Array(8)
  /** Packets its statistics say were lost, the latest word. */
  lost = new Float64Array(8)

  /** Takes in the next interface. @returns false where there are too many */
  add(linkType: number, snapLen: number): boolean {
    if (this.count === MAX_PCAPNG_INTERFACES) return false
    if (this.count === this.linkType.length) this.grow()
    const i = this.count++
    this.linkType[i] = linkType
    this.snapLen[i] = snapLen
    this.fcsLen[i] = 0
    this.divisor[i] = 1
    this.offsetMicros[i] = 0
    this.lost[i] = 0
    return true
  }

  /** if_tsresol of interface `i`: 10^-n seconds a unit, or 2^-n with the high bit set. */
  setResolution(i: number, resolution: number): void {
    const power = resolution & 0x7f
    // 10^6 is the greatest divisor the long division of `micros` is exact with.
    const exact = resolution >= 6 && resolution <= 12
    this.divisor[i] = exact ? 10 ** (resolution - 6) : 0
    this.factor[i] = resolution > 0x7f ? 1e6 / 2 ** power : 10 ** (6 - power)
  }

  /** if_tsoffset of interface `i`, seconds. */
  setOffset(i: number, seconds: number): void {
    this.offsetMicros[i] = seconds * 1e6
  }

  /**
   * Writes to `into[0]` the microseconds since the epoch of a timestamp of interface `i`.
   *
   * Returned, a double would be sixteen bytes of heap wherever V8 does not inline this.
   * Exact for resolutions of 10^-6 to 10^-12 seconds, whose parts of a microsecond are cut to halves (finer ones would
   * round up in a double of today's epoch); to 1 µs for others.
   */
  putMicros(i: number, high: number, low: number, into: Float64Array): void {
    const divisor = this.divisor[i] ?? 0
    const offset = this.offsetMicros[i] ?? 0
    if (divisor < 2) {
      const units = high * TWO_32 + low
      into[0] = (divisor === 1 ? units : units * (this.factor[i] ?? 0)) + offset
      return
    }
    // 64 bits do not fit a double: divide the upper half first, then its rest with the lower one.
    const whole = Math.floor(high / divisor)
    const rest = (high - whole * divisor) * TWO_32 + low
    into[0] = whole * TWO_32 + Math.floor((rest / divisor) * 2) / 2 + offset
  }

  /** Packets lost on all interfaces of the section. */
  lostInAll(): number {
    let sum = 0
    for (let i = 0; i < this.count; i++) sum += this.lost[i] ?? 0
    return sum
  }

  private grow(): void {
    const length = this.linkType.length * 2
    this.linkType = copied(this.linkType, new Uint16Array(length))
    this.snapLen = copied(this.snapLen, new Uint32Array(length))
    this.fcsLen = copied(this.fcsLen, new Uint8Array(length))
    this.divisor = copied(this.divisor, new Float64Array(length))
    this.factor = copied(this.factor, new Float64Array(length))
    this.offsetMicros = copied(this.offsetMicros, new Float64Array(length))
    this.lost = copied(this.lost, new Float64Array(length))
  }
}

function copied<A extends { set(from: ArrayLike<number>): void } & ArrayLike<number>>(
  from: A,
  to: A,
): A {
  to.set(from)
  return to
}
