// Every limit on memory and work that network input can cause, with its unit and the reason for the number.

/** Handshake message of a hello, bytes. Real ones end near 2.5 kB; RFC 8446 allows 2^24, and each one kept costs memory. */
export const MAX_HELLO_LEN = 65_536
/**
 * Values of one list of a hello that fingerprints contain, extensions, and bytes of names and bodies. IANA has 350 cipher suites,
 * browsers send 18 extensions. A hello of maximum length costs at most ten usual ones. `cut` names the lists that were cut.
 */
export const MAX_LISTED_VALUES = 384
export const MAX_LISTED_EXTENSIONS = 128
export const MAX_LISTED_BYTES = 2_048
/** Nested headers decoded in one frame: tunnels in tunnels are cheap to forge. */
export const MAX_HEADER_DEPTH = 32

/** Bytes of every frame kept. Frames the kernel has not yet segmented (GSO) reach 65 226. */
export const SNAPLEN = 65_535
/** Kernel ring of one live interface, bytes. With offloads on a frame takes a slot of ~64 KiB whatever its size: 64 MiB are ~1000 frames. */
export const CAPTURE_RING_BYTES = 64 << 20
/**
 * Milliseconds the kernel may hold frames back to deliver several together. A hello waits half of it on average, and two
 * processes wake at its end. Before Linux 6.18 the kernel counts it in ticks: one tick at 250 Hz.
 */
export const CAPTURE_TIMEOUT_MILLIS = 4
/** Capture processes of one interface; each holds a ring and a queue, and some 50 MB of Node. */
export const MAX_FANOUT = 16
/** Port ranges in the in-kernel filter: 49 instructions each and 1,800 for the rest; the kernel accepts 4,096. */
export const MAX_FILTER_RANGES = 40
/** Bytes from its SYN on that pass of each TCP flow and direction where the kernel limits them: MAX_PREAMBLE_LEN and MAX_HELLO_SPAN. */
export const FLOW_LIMIT_BYTES = 90_112
/** TCP flow directions whose bytes the kernel counts for that limit, least recently used evicted; 110 bytes each. */
export const FLOW_LIMIT_ENTRIES = 65_536
/** Milliseconds between two log lines about lost frames of one interface: together with one heartbeat below 10 s. */
export const LOSS_LINE_MILLIS = 8_000
/** Bytes of frames that a capture child queues while the parser is busy; further frames are dropped and counted. */
export const CAPTURE_QUEUE_BYTES = 32 << 20
/** Bytes of frames one block of a live source holds: a hundred of the child's writes. */
export const LIVE_BLOCK_BYTES = 1 << 20
/** Milliseconds between a capture child's end and the next start: first, doubled each time up to the second. */
export const RESTART_FIRST_MILLIS = 200
export const RESTART_MOST_MILLIS = 5_000
/** Milliseconds between two heartbeats of a capture child. */
export const HEARTBEAT_MILLIS = 1_000
/** Missed heartbeats after which a capture child is replaced. */
export const HEARTBEATS_MISSED = 10
/** Milliseconds a capture child has to deliver its queue before it ends, and to open its interface. */
export const CHILD_STOP_MILLIS = 2_000
export const CHILD_OPEN_MILLIS = 20_000
/** Bytes on the wire one frame may claim. Above every real frame, and far below what would not be a small integer. */
export const MAX_WIRE_LEN = 0x0fff_ffff
/** Subframes decoded of one 802.11 aggregate: an A-MSDU of 11 454 bytes (IEEE 802.11-2020 table 9-25) full of bare ACKs has 160. */
export const MAX_AMSDU_SUBFRAMES = 256
/** Undecoded EtherTypes, IP protocols and UDP ports counted by value, each; a new value replaces the rarest. */
export const MAX_UNDECODED_VALUES = 256
/** Values of each kind named in a summary. */
export const UNDECODED_NAMED = 10
/** Labels of one MPLS stack. Real stacks end near 10. */
export const MAX_MPLS_LABELS = 16
/** Options, tags, extension headers or attributes one header may list before it is called malformed. Real ones stay below 10. */
export const MAX_HEADER_OPTIONS = 32
/** Fragmented IP datagrams held at once; with 64 KiB each at worst 16 MiB. */
export const MAX_FRAGMENTED_DATAGRAMS = 256
/** Seconds of packet time that a fragmented datagram waits, as in Linux (RFC 791 §3.2: 15, RFC 8200 §4.5: 60). */
export const MAX_FRAGMENT_AGE_SECONDS = 30
/** Bytes captured of one frame. What libpcap writes at most (MAXIMUM_SNAPLEN); a longer one in a file is damage. */
export const MAX_FRAME_LEN = 262_144
/** Bytes of one pcapng block. What other readers take at most; a longer one in a file is damage. */
export const MAX_PCAPNG_BLOCK_LEN = 16_777_216
/** Interfaces one pcapng section may describe; a real one has a few, 20 bytes of file make one. */
export const MAX_PCAPNG_INTERFACES = 65_536
/** Options looked at in one pcapng block; 4 bytes of file make one. */
export const MAX_PCAPNG_OPTIONS = 1_024

/** Default MiB of the store in memory; divisors for the share of unconfirmed sightings and of one source prefix. */
export const MEMORY_STORE_MIB = 256
export const UNCONFIRMED_PART = 8
export const PREFIX_PART = 8
/** Divisor for the share of a store's memory that counts clients by fingerprint. */
export const POPULATION_PART = 8
/** Pairs of client and fingerprint: waiting to be counted in Redis, sent in one batch, milliseconds between batches, remembered as sent. */
export const POPULATION_PAIRS_WAITING = 131_072
export const POPULATION_PAIRS_AT_ONCE = 16_384
export const POPULATION_SEND_MILLIS = 1_000
export const POPULATION_SENT = 262_144
/** Groups of client counts in a partition of Redis: one group is scanned at a time. */
export const POPULATION_GROUPS = 16
/** Default MiB of a store in Redis. */
export const REDIS_STORE_MIB = 8_192
/** Bytes of a sighting's other members that stand in its row; longer ones, as a certificate's, are shared among rows. */
export const MAX_INLINE_REST = 96
/** Part of the spool from which on `put` asks the caller to wait; the other half remains for an outage. */
export const SPOOL_HIGH_WATER = 0.5
/** Default MiB of a spool on disk: two million sightings. */
export const SPOOL_MIB = 1_024
/** Part of the spool below which a waiting caller continues: the store stays busy with the rest. */
export const SPOOL_LOW_WATER = 0.25
/** Sightings written to Redis in one batch: some 80 for each partition, and none holds Redis for a millisecond. */
export const STORE_BATCH_SIGHTINGS = 4_096
/** Partitions of a Redis store: a multiple of the usual numbers of Cluster shards, so that their load is even. */
export const STORE_PARTITIONS = 48
/** Bytes of parts that a reader of Redis remembers: bodies of some 40,000 client programs. */
export const STORE_PARTS_BYTES = 32 << 20
/** Seconds without a write after which a partition is checked for lost sightings. */
export const STORE_CHECK_SECONDS = 5
/** Milliseconds between two sums of the statistics. */
export const STATISTICS_ROLL_MILLIS = 1_000
/** Fingerprints named in the statistics; the rest are summed, and the answer shows the sum. */
export const NAMED_FINGERPRINTS = 100_000
/** Seconds that an id is remembered where several taps see the same flows. */
export const DEDUPE_SECONDS = 600
/** Seconds in which a connection is found by address and port whatever the bound per address. */
export const JOIN_SECONDS = 300
/** Milliseconds between two updates of the knowledge learnt from own traffic, and between two writes of its file. */
export const LEARN_MILLIS = 60_000
export const LEARN_SAVE_MILLIS = 900_000
/** Seconds within which readings of one address and port that conflict are of one connection. */
export const READINGS_SECONDS = 60
/** Milliseconds a sighting may wait for others to share its batch: far below the 300 a caller waits for its own hello. */
export const STORE_BATCH_MILLIS = 5
/** Milliseconds a first connection to Redis may take before it counts as unreachable. */
export const STORE_CONNECT_MILLIS = 3_000
/** Milliseconds without an answer to a command after which the connection to Redis is replaced. */
export const STORE_SILENT_MILLIS = 5_000
/** Milliseconds Redis may take to find the hello of a connection; after that the request is answered without it. */
export const STORE_ANSWER_MILLIS = 500
/** Milliseconds between two attempts to reach Redis again: first, doubled each time up to the second. */
export const STORE_RETRY_FIRST_MILLIS = 50
export const STORE_RETRY_MOST_MILLIS = 1_000
/** Milliseconds `drain` waits for an unreachable store: longer than the longest pause between two attempts. */
export const STORE_AWAY_MILLIS = 2_000
/** Milliseconds `close` keeps writing waiting sightings: shorter than the 90 s of systemd. */
export const STORE_CLOSE_MILLIS = 3_000
/** Attempts for a batch that Redis rejects for a permanent reason. */
export const STORE_BATCH_ATTEMPTS = 3
/** Callers that may wait for a hello in flight; further callers are answered without waiting. */
export const CONNECTION_WAITERS = 4_096
/** Buckets of the statistics within one TTL; the statistics reach back one bucket beyond the TTL at most. */
export const STATISTICS_BUCKETS = 12
/** Fingerprints that one bucket of the embedded store counts by name; of unconfirmed sightings half as many. */
export const BUCKET_FINGERPRINTS = 120_000
/** Values of one distribution that the statistics name: more than IANA has registered of any. */
export const MAX_DISTRIBUTION_VALUES = 4_096
/** User-Agents of one fingerprint, and pairs of both that one bucket counts; of plain HTTP, which anyone can forge, half as many. */
export const USER_AGENTS_PER_FINGERPRINT = 64
export const USER_AGENTS_BY_HTTP = 32
export const BUCKET_USER_AGENTS = 4_096
/** Characters of a User-Agent or an ALPN name kept; real ones end near 250 and 8. */
export const MAX_USER_AGENT_LEN = 512
export const MAX_ALPN_NAME_LEN = 64
/** Values of one list of one hello that are counted in a distribution; scanners offer some 300 suites. */
export const MAX_COUNTED_VALUES = 512
/** Characters of tls_fp kept with a fingerprint's record; longer ones are no client's, and are left out of it. */
export const MAX_RECORD_TLS_FP_LEN = 8_192
/** Fingerprints and values one answer of the statistics names at most. */
export const MAX_STATISTICS_TOP = 1_000
/** Bytes a client may send in the clear before its hello (STARTTLS, CONNECT, SOCKS) while all its segments are decoded. */
export const MAX_PREAMBLE_LEN = 16_384
/** Directed TCP flows remembered; 120 bytes each. At 50 000 connections a second a SYN and its hello are still 2 s apart. */
export const TCP_FLOW_ENTRIES = 131_072
/** Bytes of the stream that an unfinished hello may span: MAX_HELLO_LEN, record headers, and earlier bytes. */
export const MAX_HELLO_SPAN = 73_728
/** Slots for unfinished hellos on TCP, smallest first: 24, 16 and 16 MiB, touched only as far as they are used. */
export const TCP_SLOT_CLASSES = [
  { size: 4_096, count: 6_144 },
  { size: 16_384, count: 1_024 },
  { size: MAX_HELLO_SPAN, count: 224 },
] as const
/** Frames of one block by which segments may come ahead of their connection's SYN or hello: a millisecond of a busy 10 Gbit/s link. */
export const MAX_EARLIER_FRAMES = 512
/** Segments that are remembered for that, a power of two; 66 bytes each. A tunnelled frame may hold several. */
export const MAX_EARLY_SEGMENTS = 1_024
/** Distance in sequence numbers, bytes, beyond which a segment belongs to another connection with the same ports. */
export const MAX_SEQUENCE_DISTANCE = 1 << 20
/** Distance of an acknowledgment number from the server's first byte beyond which it is not trusted: bytes a server sends before a hello. */
export const MAX_ACK_DISTANCE = 16_384
/** SYNs of wrong checksums after which one in sixteen is looked at, while so many are wrong for each that is right. */
export const WRONG_SYNS = 256
export const WRONG_TO_RIGHT_SYNS = 1_024
export const SYN_SAMPLE_MASK = 15
/** Hellos held because their bytes may be contradicted, and seconds of packet time until they are passed on: JOIN_WAIT_SECONDS. */
export const MAX_HELD_HELLOS = 1_024
export const HELD_HELLO_SECONDS = 10
/** SYNs with another initial sequence number that are remembered beside their connections, which may go on. */
export const MAX_RIVAL_SYNS = 1_024
/** Flows of which is remembered where zeros end that were taken for the padding of a frame. */
export const MAX_PADDED_FLOWS = 1_024
/** Seconds of packet time without a segment until an unfinished hello is given up: the sixth retransmission comes after 63 s. */
export const PENDING_IDLE_SECONDS = 120
/** Seconds of packet time between two packets of a flow beyond which their clocks differ: no flow grew idle by that. */
export const CLOCK_DIFFERENCE_SECONDS = 3_600
/** Seconds of packet time without a segment until a flow is forgotten: its ports may well be another's by then. */
export const FLOW_IDLE_SECONDS = 300
/** Directed UDP flows with a DTLS hello remembered; 105 bytes each. */
export const DTLS_FLOW_ENTRIES = 16_384
/** Slots for unfinished DTLS hellos, smallest first: 4, 2 and 1.1 MiB. */
export const DTLS_SLOT_CLASSES = [
  { size: 4_096, count: 1_024 },
  { size: 16_384, count: 128 },
  { size: MAX_HELLO_SPAN, count: 16 },
] as const
/** DTLS records looked at in one datagram. A flight of 64 KiB in records of the smallest use has fewer. */
export const MAX_DTLS_RECORDS = 64
/** Directed UDP flows with a QUIC client's Initial packet remembered; 52 bytes each. */
export const QUIC_FLOW_ENTRIES = 32_768
/** QUIC connections remembered from their first Initial packet on; 186 bytes each. At 10 000 a second they stay 3 s. */
export const QUIC_CONNECTIONS = 32_768
/** Connections of one flow. Clients use a port anew for each; several at a time are load tests and NATs. */
export const MAX_QUIC_CONNECTIONS_PER_FLOW = 64
/** Slots for unfinished hellos in CRYPTO frames, smallest first: 8, 2 and 1 MiB. */
export const QUIC_SLOT_CLASSES = [
  { size: 4_096, count: 2_048 },
  { size: 16_384, count: 128 },
  { size: MAX_HELLO_LEN, count: 16 },
] as const
/** QUIC packets looked at in one datagram. One of 64 KiB as GSO makes it holds 55 Initial packets. */
export const MAX_QUIC_PACKETS = 64
/** QUIC transport parameters of one hello whose ids a fingerprint holds. RFC 9000 §18.2 knows 17; browsers send about as many. */
export const MAX_TRANSPORT_PARAMETERS = 128
/** Profiles (hellos alike but for the order of their extensions) whose texts are kept. Busy networks show some hundreds. */
export const MAX_PROFILES = 2048
/** Texts of all kept profiles, bytes: 2048 of a browser's 4 kB. */
export const PROFILE_TEXT_ARENA = 8_388_608
/** Keys of all kept profiles, pairs of 16-bit units: 2048 of a browser's 80, three times over. */
export const PROFILE_KEY_ARENA = 524_288
/** Longest key kept, pairs of 16-bit units; a hello beyond is made from scratch each time. */
export const MAX_PROFILE_KEY_PAIRS = 2048
/** Extensions of a hello whose profile is kept; browsers send 18. One beyond is made from scratch each time. */
export const MAX_PROFILE_EXTENSIONS = 64
/** Longest text of one profile kept, bytes, its plan included: sixteen of a browser's. */
export const MAX_PROFILE_TEXT = 65_536
/** Sightings, fingerprints or values on one page of the API: default and maximum; maximum offset of a page. */
export const API_PAGE_USUAL = 100
export const API_PAGE_MOST = 200
export const API_OFFSET_MOST = 10_000_000
/** Milliseconds `/connection` waits for a hello in flight: default and maximum. */
export const API_WAIT_USUAL_MILLIS = 250
export const API_WAIT_MOST_MILLIS = 2_000
/** Characters of a request's target: a ja3_string to look up fits. */
export const MAX_URL_LEN = 8_192
/** Hops read of one forwarding header, the nearest; real chains have a few. */
export const MAX_FORWARDED_HOPS = 32
/** Pairs of sighting and User-Agent that the API remembers as counted; an older pair is counted again. */
export const USER_AGENTS_COUNTED = 4_096
/** Bytes of a request line of plain HTTP looked at (RFC 9112 §3 asks for 8000), and fields of its head. */
export const MAX_REQUEST_LINE_LEN = 8_192
export const MAX_HTTP_FIELDS = 128
/** User-Agents of plain HTTP taken from one block of frames; further ones are counted and dropped. */
export const MAX_USER_AGENTS_AT_ONCE = 256
/** Pairs of address and User-Agent of plain HTTP that a sensor remembers as sent, and milliseconds until a pair is sent again. */
export const HTTP_AGENTS_SENT = 8_192
export const HTTP_AGENTS_SENT_MILLIS = 60_000
/** User-Agents of plain HTTP that wait for a hello of their address, and the milliseconds they wait: enough for a redirect to HTTPS. */
export const HTTP_AGENTS_WAITING = 4_096
export const HTTP_AGENTS_WAIT_MILLIS = 3_000
/** Lines of a proxy's access log that wait for their hello; further lines are counted and dropped. */
export const ACCESS_LOG_WAITING = 2_048
/** Milliseconds that a logged request waits for its hello, which was sent before the request and may still be in the capture. */
export const ACCESS_LOG_WAIT_MILLIS = 1_000
/** Bytes of the socket buffer for log datagrams: some thousand lines. */
export const ACCESS_LOG_BUFFER_BYTES = 1 << 22
/** Connections one listener of the API holds; some kilobytes each. */
export const API_CONNECTIONS = 4_096
/** Connections of them one address may have, and open in a second: an IPv6 address counts with its /64. */
export const API_CONNECTIONS_PER_ADDRESS = 256
export const API_CONNECTIONS_PER_SECOND = 256
/** Requests of one connection that may wait for the one before: browsers send none. Beyond, its address is refused for a while, milliseconds. */
export const API_PIPELINED = 16
export const API_BAN_MILLIS = 10_000
/** Requests of an address to the store at a time. */
export const API_ASKING_PER_ADDRESS = 4
/** Milliseconds (up to twice as many) until a request over the budget is refused: this slows callers that repeat at once. */
export const API_REFUSAL_MILLIS = 1_000
/** Bytes of one list of sightings: a page of 200 usual ones in detail has 4 MB. */
export const API_ANSWER_BYTES = 8 << 20
/** Sightings taken from the store at a time for such a list, and bytes of their hellos: each is fingerprinted again. */
export const API_ROWS_AT_A_TIME = 16
export const API_ROWS_AT_A_TIME_BYTES = 16_384
/** Lists and details an address may have under way; more wait. */
export const API_COSTLY_PER_ADDRESS = 4
/**
 * While several addresses ask: how many times as long as its pieces of such answers took an address rests, and all
 * addresses together, so that one may use a fifth of the time, and all a half; and the milliseconds of rest that may be owed.
 */
export const API_REST = 4
export const API_REST_OF_ALL = 1
export const API_PIECES_AHEAD_MILLIS = 20
/** Milliseconds between two checks for connections whose requests take too long. */
export const API_CHECK_MILLIS = 1_000
/** Milliseconds without progress in either direction after which a connection is closed. */
export const API_IDLE_MILLIS = 30_000
/** Milliseconds the printed statistics are used, and answers of one length that are kept whole: 1000 rows have 1 MB. */
export const STATS_TEXT_MILLIS = 1_000
export const STATS_TEXTS = 16
/** Milliseconds of long work in one turn of the event loop. */
export const SLICE_MILLIS = 2
/** Milliseconds the tokens read from file or Redis are used before they are read again. */
export const TOKENS_READ_MILLIS = 1_000
/** Milliseconds a request to the API may take to arrive. */
export const API_HEADERS_MILLIS = 10_000
/** Milliseconds a connection to the API may rest between requests: the page asks every few seconds over the same one. */
export const API_KEEP_ALIVE_MILLIS = 30_000
/** Seconds a TLS handshake with the API may take; the hello is at most this old when it is done. */
export const API_HANDSHAKE_SECONDS = 15
/** Milliseconds requests under way are given when the API closes. */
export const API_CLOSE_MILLIS = 3_000
/** Milliseconds from which on a difference of the wall clock is a step: drift is much less. */
export const CLOCK_STEP_MILLIS = 500
/** Bytes of sightings that wait while the disk of an output is full: five hundred of 8 kB. */
export const OUTPUT_HELD_BYTES = 4 << 20
/** Bytes of an answer of a Kafka broker: the metadata of a topic of 10,000 partitions. */
export const KAFKA_RESPONSE_LEN = 1 << 20
/** Bytes of log lines that wait while the disk of the log is full: a thousand lines. */
export const LOG_HELD_BYTES = 1 << 18
/** Bytes of one line of sightings read back. The longest that MAX_HELLO_LEN lets be written, its lists in every fingerprint, is near 2 MB. */
export const MAX_SIGHTING_LINE_LEN = 8 << 20
/** Faulty lines of one input that are logged one by one; the rest is counted. */
export const MAX_LINE_FAULTS_PRINTED = 100
/** Flows of protocols that carry TLS in packets of their own (EAP, OpenVPN, SCTP, COTP …) remembered; 130 bytes each. */
export const CARRIER_FLOW_ENTRIES = 4_096
/** Slots for their unfinished hellos, smallest first: 1 and 1.1 MiB, made when first needed. */
export const CARRIER_SLOT_CLASSES = [
  { size: 4_096, count: 256 },
  { size: MAX_HELLO_SPAN, count: 16 },
] as const
/** Pieces one hello may come in there; EAP fragments of the least size allowed make 64 of 64 KiB. */
export const MAX_CARRIER_PIECES = 64
/** Segments of TCP that go on behind a piece and are added to it: all is put together anew with each. */
export const MAX_CARRIER_ADDITIONS = 1_024
/** Chunks looked at in one SCTP packet; one of 1500 bytes has 75 of the smallest use. */
export const MAX_SCTP_CHUNKS = 75
/** Frames of RFC 4571, TPKT or TDS looked at in one segment. */
export const MAX_FRAMES_PER_SEGMENT = 64
/** Frames without TLS passed over before one with the start of a hello. */
export const MAX_LEADING_FRAMES = 4
/** Seconds of packet time a ClientHello waits for its ServerHello: enough for slow servers, less than the timeouts of clients. */
export const JOIN_WAIT_SECONDS = 10
/** Seconds of packet time for one round trip: the wait for a certificate, a late ClientHello, the rest of a closed flow. */
export const JOIN_REST_SECONDS = 2
/** Conflicting readings of one connection's hello that wait for the server together. */
export const MAX_RIVAL_HELLOS = 64
/** Hellos that wait for the other side; 57 bytes each, without their lines. */
export const JOIN_HELLOS = 65_536
/** Bytes of pending lines and messages: 6,000 lines of 5 kB, one second of a busy network whose servers are not seen. */
export const JOIN_BYTES = 32 << 20
/** Bytes of text of certificates kept, each some 400. */
export const CERTIFICATE_TEXTS_BYTES = 4 << 20
/** Profiles whose implementation is cached, 2 kB each. Busy networks show some hundreds. */
export const MAX_PROFILES_IDENTIFIED = 4096

/** Client addresses that `check` judges of one capture: each costs up to 100 KB with the hellos it keeps. */
export const MAX_CHECKED_ADDRESSES = 10_000
/** Hellos of one address that a verdict is made of: rules over connections need five. */
export const MAX_CHECKED_HELLOS = 32
/** Bytes of them: a usual hello has one or two thousand. */
export const MAX_CHECKED_HELLO_BYTES = 65_536
/** User-Agents of one address that are judged. */
export const MAX_CHECKED_USER_AGENTS = 16
