import type { Transport } from './handshake-octets.js'

/** The seven fields of the classic fingerprint; lists decimal, comma-joined, an absent list is "". */
export interface TlsFp {
  readonly ciphers: string
  readonly client_hello_version: string
  readonly ec_point_formats: string
  readonly extensions: string
  /** Version of the first record, "" for QUIC. */
  readonly record_version: string
  readonly signature_algorithms: string
  readonly supported_groups: string
}

/** Names of the fingerprints of one hello, as they stand in a sighting; definitions in fingerprint/. */
export const FINGERPRINTS = [
  'sha3_384',
  'sha3_384_stable',
  'ja3',
  'ja3_string',
  'ja3n',
  'ja3n_string',
  'ja4',
  'ja4_r',
  'ja4_o',
  'ja4_ro',
  'npf',
  'npf1',
] as const
export type FingerprintName = (typeof FINGERPRINTS)[number]

/**
 * One ClientHello seen: one JSON line. Keys never come from packet data, and no value is empty.
 * A value: it can be stored, sent, replayed and compared.
 */
export interface Sighting extends Partial<Record<FingerprintName, string>> {
  /** When the hello was whole, RFC 3339, UTC, microseconds. */
  readonly time: string
  /** Where it was seen: one of the two. */
  readonly file?: string
  readonly interface?: string
  /** Name of the sensor that saw it. */
  readonly sensor?: string
  readonly proto: Transport
  /** Canonical addresses (RFC 5952), IPv4-mapped IPv6 folded to IPv4. */
  readonly src: string
  readonly srcport: number
  readonly dst: string
  readonly dstport: number
  readonly vlan?: number
  /** Tunnels around the packet, outermost first, joined by "/": `vxlan`, `gre/erspan`. */
  readonly tunnel?: string
  /** Printable ASCII; other octets as \xhh. */
  readonly sni?: string
  readonly alpn?: readonly string[]
  readonly record_version?: string
  /** Version of the QUIC packet that carried it: `1`, `2`, `draft-29`, any other as `0x` and eight hex digits. */
  readonly quic_version?: string
  readonly client_hello_version: string
  /** Highest version offered, GREASE aside. */
  readonly tls_version: string
  readonly tls_fp?: TlsFp
  /** Date of the IANA snapshot sha3_384 was made with. */
  readonly iana?: string
  /** Community ID 1.0, seed 0. */
  readonly community_id?: string
  /** True where encrypted_client_hello was offered, real or GREASE. */
  readonly ech?: boolean
  /** Octets of the handshake message, its four of header included. */
  readonly hello_len: number
  /** The hello with its secrets zeroed, base64: enough to make every fingerprint again. */
  readonly hello?: string
  readonly quality?: readonly string[]
}
