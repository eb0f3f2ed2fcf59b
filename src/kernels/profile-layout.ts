// Where things lie in the memory of a table of profiles, as byte offsets, and what its two halves say to each other. Plain
// numbers, since the half in WebAssembly reads this file too.

import {
  MAX_HELLO_LEN,
  MAX_PROFILE_EXTENSIONS,
  MAX_PROFILE_KEY_PAIRS,
  MAX_PROFILE_TEXT,
  MAX_PROFILES,
  PROFILE_KEY_ARENA,
  PROFILE_TEXT_ARENA,
} from '../base/limits.js'

/** Bytes that may be read and written behind a list, a text or a message: they are taken eight at a time. */
export const SLACK = 8
/** Slots of the table: a quarter full at most, so that hardly any key is further than a few steps from its place. */
export const PROFILE_SLOTS = 4 * MAX_PROFILES
export const MAX_PROFILE_KEY_LEN = 4 * MAX_PROFILE_KEY_PAIRS
/** Bytes of a kept profile's record, its last MAX_PROFILE_EXTENSIONS the order of extensions its text is in. */
export const RECORD_LEN = 32 + MAX_PROFILE_EXTENSIONS

/** Below it the compiler keeps things of its own. */
export const AT_BODY_KINDS = 4096
/** A hello; it begins up to seven bytes later. */
export const AT_HELLO = AT_BODY_KINDS + 65_536
/** What of its transport parameters belongs to its key. */
export const AT_PARAMETER_IDS = AT_HELLO + MAX_HELLO_LEN + 2 * SLACK
export const AT_KEY = AT_PARAMETER_IDS + MAX_PROFILE_KEY_LEN + SLACK
export const AT_SLOTS = AT_KEY + MAX_PROFILE_KEY_LEN + SLACK
export const AT_RECORDS = AT_SLOTS + 4 * PROFILE_SLOTS
export const AT_KEYS = AT_RECORDS + MAX_PROFILES * RECORD_LEN
export const AT_TEXTS = AT_KEYS + 4 * PROFILE_KEY_ARENA
/** What a line's front is made of: a flow (FLOW_ values), the pieces of text in between, and where it was seen. */
export const AT_FLOW = AT_TEXTS + PROFILE_TEXT_ARENA + SLACK
export const AT_PIECES = AT_FLOW + 512
export const AT_ORIGIN = AT_PIECES + 1024
/** Characters of a name shown: paths have 4 096 bytes at most. */
export const MAX_NAME_LEN = 4096
/** Bytes of three names, each character in six as JSON may have it, and of their keys. */
export const MAX_ORIGIN_LEN = 3 * 6 * MAX_NAME_LEN + 64
/** The text made last. */
export const AT_LINE = AT_ORIGIN + MAX_ORIGIN_LEN + SLACK
/** Bytes of a line's front at most, and of the whole of it from there to the end of its profile. */
const MAX_LINE_LEN = MAX_ORIGIN_LEN + 512 + MAX_HELLO_LEN + MAX_PROFILE_TEXT
export const PROFILE_MEMORY_LEN = AT_LINE + MAX_LINE_LEN + SLACK

// A flow, as byte offsets from AT_FLOW: a double, then words of 32 bits, then addresses.
export const FLOW_MICROS = 0
export const FLOW_TRANSPORT = 8
export const FLOW_ORIGIN_LEN = 12
export const FLOW_SRC_PORT = 16
export const FLOW_DST_PORT = 20
/** VLAN identifier, or -1. */
export const FLOW_VLAN = 24
/** Bytes of the tunnels' names at FLOW_TUNNEL. */
export const FLOW_TUNNEL_LEN = 28
/** Bytes of the addresses' texts, or 0 for IPv4 in four bytes. */
export const FLOW_SRC_LEN = 32
export const FLOW_DST_LEN = 36
/** Written to: 1 where the hello of the line made last offers Encrypted Client Hello, else 0. */
export const FLOW_ECH = 40
export const FLOW_SRC = 48
export const FLOW_DST = 88
export const FLOW_TUNNEL = 128
export const MAX_TUNNEL_NAME_LEN = 15
/** Names of all MAX_ENCAPSULATIONS, a stroke between. */
export const MAX_TUNNEL_LEN = 8 * (MAX_TUNNEL_NAME_LEN + 1)

// Pieces of text, PIECE_LEN bytes each: a length, then so many bytes.
export const PIECE_LEN = 32
export const PIECE_TIME = 0
/** The first of three: tcp, quic, dtls. */
export const PIECE_TRANSPORT = 1
export const PIECE_SRC_PORT = 4
export const PIECE_DST = 5
export const PIECE_DST_PORT = 6
export const PIECE_VLAN = 7
export const PIECE_TUNNEL = 8
export const PIECE_SNI = 9

// What of an extension's body is in the key: a byte for each type at AT_BODY_KINDS.
export const BODY_ASIDE = 0
export const BODY_IN_WHOLE = 1
/** The same, any GREASE value as one from some byte on; that byte's offset is added. */
export const BODY_WITH_GREASE = 2

// A profile's plan, in words of 32 bits: how many lists and digests its text has, then each of them.
export const PLAN_HEAD_WORDS = 2
/** A list: where it stands, where it ends, then where each element stands in sorted order, and where the last ends. */
export const LIST_HEAD_WORDS = 2
/**
 * A digest: algorithm, where the message stands, its first byte that depends on the order of extensions, where it ends,
 * where the digits go, bytes of digest shown; then the state after the whole blocks of bytes that do not depend on it.
 */
export const DIGEST_HEAD_WORDS = 6
