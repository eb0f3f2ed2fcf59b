// Frames on their way out of the capture child, as records of a classic pcap file (nanosecond flavour, little-endian):
//
//    0       4       8       12      16
//   +-------+-------+-------+-------+----------- - -
//   |  sec  | nsec  |caplen |wirelen| caplen bytes
//   +-------+-------+-------+-------+----------- - -
//
// A ring of fixed size. A record never wraps: where it does not fit before the end of the ring, it starts at the front,
// and `#wrap` remembers where the bytes at the back end. So what is read out is a stream of whole records, in pieces.

const RECORD_HEADER_LEN = 16
export const FILE_HEADER_LEN = 24

/**
 * The header of a pcap file with nanosecond stamps, magic 0xa1b23c4d, little-endian
 * (draft-ietf-opsawg-pcap §4).
 */
export function pcapFileHeader(linkType: number, snaplen: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_LEN)
  const view = new DataView(header.buffer)
  view.setUint32(0, 0xa1b23c4d, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, snaplen, true)
  view.setUint32(20, linkType, true)
  return header
}

/** A bounded queue of pcap records: full, it drops the newest frame and counts it. */
export class FrameQueue {
  readonly bytes: Uint8Array
  /** Frames taken, and frames refused because the queue was full. */
  taken = 0
  dropped = 0
  readonly #view: DataView
  #read = 0
  #write = 0
  /** End of the bytes at the back once writing went on at the front, else -1. */
  #wrap = -1

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#wrap < 0 ? this.#write - this.#read : this.#wrap - this.#read + this.#write
  }

  /** Where the oldest bytes start, and where the piece that can be read in one go ends. */
  get readOff(): number {
    return this.#read
  }
  get readEnd(): number {
    return this.#wrap < 0 ? this.#write : this.#wrap
  }

  /** Gives the `count` oldest bytes, which lie before `readEnd`, free. */
  consume(count: number): void {
    this.#read += count
    if (this.#read === this.#wrap) {
      this.#read = 0
      this.#wrap = -1
    }
    // an idle queue stays in its first pages instead of walking through all of its memory
    if (this.#read === this.#write && this.#wrap < 0) this.#read = this.#write = 0
  }

  /**
   * Takes the first `caplen` bytes of `frame`, captured `timeMicros` microseconds after the epoch.
   * @returns whether there was room
   */
  put(frame: Uint8Array, caplen: number, timeMicros: number): boolean {
    const at = this.#place(RECORD_HEADER_LEN + caplen)
    if (at < 0) {
      this.dropped++
      return false
    }
    const view = this.#view
    const seconds = Math.floor(timeMicros / 1e6)
    view.setUint32(at, seconds, true)
    view.setUint32(at + 4, Math.floor((timeMicros - seconds * 1e6) * 1000), true)
    view.setUint32(at + 8, caplen, true)
    view.setUint32(at + 12, caplen, true)
    this.bytes.set(frame.subarray(0, caplen), at + RECORD_HEADER_LEN)
    this.#write = at + RECORD_HEADER_LEN + caplen
    this.taken++
    return true
  }

  /** Offset where `size` bytes in a row are free, or -1. The write offset never catches up with the read offset. */
  #place(size: number): number {
    if (this.#wrap >= 0) return this.#write + size < this.#read ? this.#write : -1
    if (this.#write + size <= this.bytes.length) return this.#write
    if (size >= this.#read) return -1
    this.#wrap = this.#write
    return 0
  }
}
