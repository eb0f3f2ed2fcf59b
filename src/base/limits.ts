// Every bound on what the network can make us hold or do, with its unit and why it is that number.

/** Handshake message of a hello, octets. Real ones end near 2.5 kB; RFC 8446 allows 2^24, and one kept whole must not hurt. */
export const MAX_HELLO_LEN = 65_536
/** Headers one frame may nest before we stop (tunnels in tunnels are cheap to forge). */
export const MAX_HEADER_DEPTH = 32

/** Octets of every frame kept. Frames the kernel has not yet segmented (GSO) reach 65 226. */
export const SNAPLEN = 65_535
/** Kernel ring of one live interface, octets. With offloads on a frame takes a slot of ~64 KiB whatever its size: 64 MiB are ~1000 frames. */
export const CAPTURE_RING_OCTETS = 64 << 20
/** Octets of frames the capture child holds while its reader does not read; what comes then is dropped and counted. */
export const CAPTURE_QUEUE_OCTETS = 32 << 20
/** Octets of frames one block of a live source holds: a hundred of the child's writes. */
export const LIVE_BLOCK_OCTETS = 1 << 20
/** Milliseconds between a capture child's end and the next start: first, doubled each time up to the second. */
export const RESTART_FIRST_MILLIS = 200
export const RESTART_MOST_MILLIS = 5_000
/** Milliseconds between two signs of life of a capture child. */
export const HEARTBEAT_MILLIS = 1_000
/** Signs of life a capture child may miss before it is replaced. */
export const HEARTBEATS_MISSED = 10
/** Milliseconds a capture child has to hand over what it holds when told to stop, or to open its interface when started. */
export const CHILD_STOP_MILLIS = 2_000
export const CHILD_OPEN_MILLIS = 20_000
