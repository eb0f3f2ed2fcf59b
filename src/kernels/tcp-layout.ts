// How the flows of TCP lie in memory, in words unless said otherwise, and what is said of a segment to the loop in
// WebAssembly. Plain numbers, since that reads this file too.

/** Words of a flow's state. */
export const FLOW_WORDS = 16
export const FLAGS = 0
/** Sequence number of the first byte that may be of interest: the one behind the SYN, else the first hello's. */
export const FIRST = 1
/** Sequence number up to which all is known, as far as the flow was watched. */
export const NEXT = 2
/** Slot of the unfinished hello, or -1. */
export const SLOT = 3
/** Seconds of packet time of the last segment looked at, modulo 2^32. */
export const SEEN = 4
/** Bytes passed over before a hello. */
export const PASSED = 5
/** Packet time at which the first ClientHello was whole, microseconds: a double, of two words each. */
export const FIRST_MICROS = 3

/** What the SYN said: TTL, window scale and Don't Fragment; window and maximum segment size; the order of its options. */
export const SYN_SHAPE = 8
export const SYN_SIZES = 9
export const SYN_OPTIONS = 10
/** TSval of the SYN (RFC 7323 §3.2), as SYN_HAS_TIMESTAMPS says. */
export const TIMESTAMP = 11
/** Sequence number of the server's first byte, as ANSWERED says. */
export const SERVER_NEXT = 12
/** Slot of another reading of the stream, or -1: readings.ts. */
export const OTHER = 13
/** Sequence number at which the last hello given begins, and a sum over bytes of it. */
export const GIVEN_AT = 14
export const GIVEN_SUM = 15

// Bits of SYN_SHAPE above those of HandshakeBytes.synShape.
export const SYN_HAS_TIMESTAMPS = 1 << 14
/** The SYN's checksums were right. */
export const SUMS_ARE_RIGHT = 1 << 15
/** A SYN-ACK was seen; and it has timestamps. */
export const ANSWERED = 1 << 16
export const ANSWER_HAS_TIMESTAMPS = 1 << 17
/** No receiver takes what the other reading is made of. */
export const OTHER_REFUSED = 1 << 18
/** The other reading is one of a hello that was given. */
export const OTHER_LATE = 1 << 19
/** The other reading was given before any other. */
export const OTHER_GIVEN = 1 << 20

// Bits of FLAGS; from RANDOM_SHIFT on the beginning of the random of the last hello given.
export const SYN_SEEN = 1
export const WATCHED = 2
/** A hello of this direction was given. */
export const GIVEN = 4
/** A segment was cut by the snaplen. */
export const CUT = 8
/** Bytes came more than once. */
export const REPEATED = 16
/** A ServerHello was given, and a Certificate may follow it. */
export const CERTIFICATE_DUE = 32
/** The client said a request of plain HTTP. */
export const PLAIN_HTTP = 64
export const RANDOM_SHIFT = 8

// Byte offsets; below them the compiler keeps things of its own.
/** A segment: SEGMENT_ words. */
export const AT_SEGMENT = 1024
/** A byte for each that a payload may begin with: find-start.ts. */
export const AT_STARTS = AT_SEGMENT + 256
/** How far the sweep of the flows is, a word. */
export const AT_HAND = AT_STARTS + 256
/** Flows, and behind them their table, and slots. */
export const AT_FLOWS = AT_HAND + 64

export const SEGMENT_MICROS = 0
/** Packet time at which the first hello of the connection was whole, or -1: a double, written to. */
export const SEGMENT_FIRST_MICROS = 2
/** QUALITY_ bits of the hello, written to. */
export const SEGMENT_QUALITY = 4
export const SEGMENT_SECONDS = 5
export const SEGMENT_SEQ = 6
export const SEGMENT_FLAGS = 7
export const SEGMENT_PAYLOAD_LEN = 8
export const SEGMENT_PAYLOAD_WIRE_LEN = 9
/** The first sixteen bytes of the payload, four words in network order. */
export const SEGMENT_HEAD = 10
/** Its flow's key, as a flow table has it. */
export const SEGMENT_KEY = 14

/** What a SYN says, as a flow keeps it: SYN_WORDS words from SYN_SHAPE on. */
export const SEGMENT_SYN = 27
export const SYN_WORDS = 4
/** Entry of the flow that a hello was given of: written to. */
export const SEGMENT_ENTRY = 31
/** Of any other segment: its TTL, or 0; its acknowledgment number; and whether it has timestamps, with its TSval. */
export const SEGMENT_TTL = 32
export const SEGMENT_ACK = 33
export const SEGMENT_HAS_TIMESTAMPS = 34
export const SEGMENT_TIMESTAMP = 35
/** Whether its checksums were looked at, and are right. */
export const SEGMENT_SUM_IS_RIGHT = 36
/** Hash of its flow, where it is UNPLACED: written to. */
export const SEGMENT_HASH = 37
/** Where the payload is to be copied, its bytes being a part of a hello: written to, as all that follows. */
export const SEGMENT_PART = 24
/** Where the record of a hello is that came in parts, and where it ends. */
export const SEGMENT_RECORD = 25
export const SEGMENT_RECORD_END = 26

// What the loop makes of a segment.
/** Nothing was done: it is out of the ordinary. */
export const LEFT = -1
export const TAKEN = 0
/** It begins no hello, and its flow is not watched. */
export const UNPLACED = -2
export const TAKEN_SYN = 1
/** It is a ClientHello, in one record. */
export const TAKEN_HELLO = 2
/** It is a part of one, and of one that is whole with it. */
export const TAKEN_PART = 3
export const TAKEN_LAST_PART = 4
