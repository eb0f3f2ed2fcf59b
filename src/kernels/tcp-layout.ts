// How the flows of TCP lie in memory, in words unless said otherwise, and what is said of a segment to the loop in
// WebAssembly. Plain numbers, since that reads this file too.

import { MAX_SEGMENTS, SEGMENT_WORDS } from '../base/block-layout.js'

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
/** What was made of it: MADE_ words. */
export const AT_MADE = AT_SEGMENT + 4 * SEGMENT_WORDS
/** A byte for each that a payload may begin with: find-start.ts. */
export const AT_STARTS = AT_MADE + 128
/** How far the sweep of the flows is, a word. */
export const AT_HAND = AT_STARTS + 256
/** SYNs whose checksums were right, and wrong, and all of them: three doubles. */
export const AT_SUMS = AT_HAND + 64
/** Segments of a block: MAX_SEGMENTS of them. */
export const AT_RUN = AT_SUMS + 64
/** Flows, and behind them their table, and slots. */
export const AT_FLOWS = AT_RUN + 4 * SEGMENT_WORDS * MAX_SEGMENTS

// A segment, SEGMENT_WORDS words.
/** Packet time, microseconds: a double, of two words. */
export const SEGMENT_MICROS = 0
export const SEGMENT_SECONDS = 2
export const SEGMENT_SEQ = 3
/** Flags of TCP, and above them IF_WATCHED and IS_ANSWER. */
export const SEGMENT_FLAGS = 4
export const SEGMENT_PAYLOAD_LEN = 5
/** Hash of its flow. */
export const SEGMENT_HASH = 6
/** What its checksums are: SUM_ values. */
export const SEGMENT_SUM = 7
/** The first sixteen bytes of the payload, four words in network order. */
export const SEGMENT_HEAD = 8
/** Its flow's key, as a flow table has it: ten words. Of an answer that of its client. */
export const SEGMENT_KEY = 12
/** What a SYN says, as a flow keeps it: SYN_WORDS words from SYN_SHAPE on. */
export const SEGMENT_SYN = 22
export const SYN_WORDS = 4
/** Of any other segment: its TTL, or 0; its acknowledgment number; and whether it has timestamps, with its TSval. */
export const SEGMENT_TTL = 22
export const SEGMENT_ACK = 23
export const SEGMENT_HAS_TIMESTAMPS = 24
export const SEGMENT_TIMESTAMP = 25
/** Sum over a hello, where it may be one: hello-sum.ts. */
export const SEGMENT_HELLO_SUM = 26
/** Offsets in its block: of the headers of IP and TCP, and of the payload. */
export const SEGMENT_IP = 27
export const SEGMENT_TCP = 28
export const SEGMENT_PAYLOAD = 29
/** VLAN identifier, or -1. */
export const SEGMENT_VLAN = 30

// Bits of SEGMENT_FLAGS.
/** It matters only where its flow is watched. */
export const IF_WATCHED = 1 << 8
/** It is a server's SYN-ACK. */
export const IS_ANSWER = 1 << 9

// What checksums are: stream/checksum.ts.
/** Both checksums are right. */
export const SUM_RIGHT = 0
/** That of TCP covers the addresses and the length alone: a network card fills in the rest, or the kernel put segments together. */
export const SUM_PARTIAL = 1
export const SUM_WRONG = 2
/** They were not looked at, or the snaplen cut the segment. */
export const SUM_UNKNOWN = 3

// What was made of a segment, in words from AT_MADE on.
/** Packet time at which the first hello of the connection was whole, or -1: a double. */
export const MADE_FIRST_MICROS = 0
/** QUALITY_ bits of the hello. */
export const MADE_QUALITY = 2
/** Entry of the flow that a hello was given of. */
export const MADE_ENTRY = 3
/** Where the payload is to be copied, its bytes being a part of a hello. */
export const MADE_PART = 4
/** Where the record of a hello in parts begins, and where it ends. */
export const MADE_RECORD = 5
export const MADE_RECORD_END = 6
/** SYNs and answers taken in runs, counted until the counts are taken. */
export const MADE_SYNS = 7
export const MADE_ANSWERS = 8

// What the kernel did with a segment.
/** Nothing was done: something about it is unusual. */
export const FALLBACK = -1
export const HANDLED = 0
/** It begins no hello, and its flow is not watched. */
export const UNPLACED = -2
export const HANDLED_SYN = 1
/** It is a ClientHello, in one record. */
export const HANDLED_HELLO = 2
/** It is a part of one, and of one that is whole with it. */
export const HANDLED_PART = 3
export const HANDLED_LAST_PART = 4
/** A run is over, as its last segment is taken. */
export const RUN_OVER = 0
/** A run stops at an unusual segment. */
export const RUN_FALLBACK = 7
/** What ended a run is in so many bits, below the number of the segment. */
export const RUN_BITS = 3
