/**
 * Where the decode of one frame stands. Each decoder reads the header at its offset and leaves here what comes
 * next; one instance, overwritten.
 */
export class Cursor {
  /** What the next header is: a LAYER_ number of `layer.ts`. */
  next = 0
  /** Offset just past the captured bytes the next header may use. */
  end = 0
  /** Offset just past those it had on the wire by what the headers so far promise; ≥ end, > end where something is cut. */
  wireEnd = 0
  /** ENCAPSULATION_ value of the tunnel header just read, or 0. */
  encapsulation = 0
  /** Offset of the payload whose length a Jumbo Payload option may tell, or -1. */
  jumboOff = -1
  /** Fragment of an IP datagram: its identification, offset in bytes, whether more follow, and the protocol inside. */
  fragmentId = 0
  fragmentOffset = 0
  moreFragments = false
  fragmentProtocol = 0
  /** GRE carried a sequence number, which tells ERSPAN type II from type I, or the EtherType of type III. */
  hasSequence = false
  isErspanIII = false
  /** Offset of the source MAC address of the frame whose header was read last, or -1. */
  srcMacOff = -1
  /** Where the next subframe of an 802.11 A-MSDU is, or -1; and the ends of the aggregate, as `end` and `wireEnd`. */
  subframeOff = -1
  subframeEnd = 0
  subframeWireEnd = 0
  /** The two bytes of 802.11's frame control are in the other order, as some CAPWAP access points send them. */
  isFrameControlSwapped = false
  /** The 802.11 header is padded to a multiple of four bytes (radiotap flag 0x20). */
  isPadded = false

  /** Ends the bytes `length` bytes after `off`, if that is sooner, and lets the wire have had that many. */
  limit(off: number, length: number): void {
    this.wireEnd = off + length
    if (this.wireEnd < this.end) this.end = this.wireEnd
  }
}
