// The decoder within the package unbzip2-stream, whose types cover its stream alone.

declare module 'unbzip2-stream/lib/bit_iterator.js' {
  export interface BitReader {
    (bits: number | null): number
    /** Bytes of which bits were read. */
    readonly bytesRead: number
  }
  export default function bitIterator(nextBuffer: () => Uint8Array): BitReader
}

declare module 'unbzip2-stream/lib/bzip2.js' {
  import type { BitReader } from 'unbzip2-stream/lib/bit_iterator.js'

  const bzip2: {
    /** Reads a stream's header. @returns the size of its blocks, 1 to 9. @throws Error */
    header(reader: BitReader): number
    /** Decodes a block. @returns the sum so far; null at the end of the stream. @throws Error */
    decompress(
      reader: BitReader,
      give: (byte: number) => void,
      block: Int32Array,
      size: number,
      sum: number | null,
    ): number | null
  }
  export default bzip2
}
