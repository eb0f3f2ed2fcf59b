// How the payloads of protocols begin that carry TLS, DTLS or whole frames in packets of their own. The prefilter passes what
// begins so; src/carrier and src/wire decode it, by the same rules: src/carrier/starts.ts.

const MIN_TUNNEL_LEN: u32 = 28
const VXLAN_FLAGS = 0x08000000
const MAGIC_COOKIE = 0x2112a442
const PROXY_V2 = 0x0d0a0d0a
const HANDSHAKE: u32 = 22
const DTLS_MAJOR: u32 = 0xfe
const CLIENT_HELLO: u32 = 1

// carrier/openvpn.ts
const SESSION_END: u32 = 9
const REPLAY_LEN: u32 = 8
const MAX_ACKS: u32 = 8

/** What a datagram begins like. */
export const UNKNOWN = 0
export const KNOWN = 1
export const CARRIER = 2
export const TUNNEL = 3

/** What the datagram at `off` begins like, whose first byte is below 0x80; five bytes are there. */
export function datagramStart(off: u32, end: u32): i32 {
  const first = load<u8>(off) as u32
  const len = end - off
  // QUIC's short header has bit 0x40 set, and so have the channels of TURN.
  if ((first & 0x40) != 0) return first < 0x50 && len > 6 && isDtls(off + 4) ? CARRIER : KNOWN
  if (first >= 20 && first <= 26 && load<u8>(off + 1) == DTLS_MAJOR) return KNOWN
  if ((first & 0xf8) == 0x20) return CARRIER
  if (len >= MIN_TUNNEL_LEN && load<u8>(off + 7) == 0 && isTunnel(off)) return TUNNEL
  if (len < 20) return UNKNOWN
  if (first == 0) return isIndication(off) ? CARRIER : UNKNOWN
  if (first == 1) return be16(off + 2) == len ? CARRIER : UNKNOWN
  return first == 0x0d && be32(off) == PROXY_V2 ? CARRIER : UNKNOWN
}

/** Whether the segment [off, end) begins like a carrier's with TLS or DTLS in it: eight bytes are there. */
export function segmentStart(off: u32, end: u32): bool {
  const first = load<u8>(off) as u32
  if (first >= 0x40) return first < 0x50 && isDtls(off + 4)
  if (first > 5) return false
  if (first == 3 && load<u8>(off + 1) == 0 && load<u8>(off + 5) == 0xf0) return true
  if (first == 0 && isIndication(off)) return true
  if ((load<u8>(off + 2) & 0xf8) == 0x20)
    return helloInControl(off + 2, min(end, off + 2 + be16(off)))
  return isDtls(off + 2)
}

/** Whether a ClientHello begins in OpenVPN's control packet [off, end), with any HMAC: overheadBefore of carrier/openvpn.ts. */
function helloInControl(off: u32, end: u32): bool {
  return (
    helloBehind(off + SESSION_END, end) ||
    helloBehind(off + SESSION_END + 16 + REPLAY_LEN, end) ||
    helloBehind(off + SESSION_END + 20 + REPLAY_LEN, end) ||
    helloBehind(off + SESSION_END + 28 + REPLAY_LEN, end) ||
    helloBehind(off + SESSION_END + 32 + REPLAY_LEN, end) ||
    helloBehind(off + SESSION_END + 48 + REPLAY_LEN, end) ||
    helloBehind(off + SESSION_END + 64 + REPLAY_LEN, end)
  )
}

/** Whether it begins behind the acknowledgments at `count`. */
function helloBehind(count: u32, end: u32): bool {
  if (count >= end) return false
  const acks = load<u8>(count) as u32
  if (acks > MAX_ACKS) return false
  const at = count + 1 + (acks == 0 ? 0 : 4 * acks + 8) + 4
  return at + 6 <= end && load<u8>(at) == HANDSHAKE && load<u8>(at + 5) == CLIENT_HELLO
}

/** VXLAN with the I bit alone, or GENEVE with nothing reserved set and a frame or packet inside. */
function isTunnel(off: u32): bool {
  if (be32(off) == VXLAN_FLAGS) return true
  if ((load<u8>(off + 1) & 0x3f) != 0) return false
  const type = be16(off + 2)
  return type == 0x6558 || type == 0x0800 || type == 0x86dd
}

/** A Send or Data indication of STUN. */
function isIndication(off: u32): bool {
  return (load<u8>(off + 1) & 0xfe) == 0x16 && be32(off + 4) == MAGIC_COOKIE
}

function isDtls(off: u32): bool {
  return load<u8>(off) == HANDSHAKE && load<u8>(off + 1) == DTLS_MAJOR
}

function be16(at: u32): u32 {
  return bswap<u16>(load<u16>(at)) as u32
}

function be32(at: u32): i32 {
  return bswap<i32>(load<i32>(at))
}
