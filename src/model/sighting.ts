import type { Implementation } from './implementation.js'
import type { Transport } from './handshake-bytes.js'

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
  /** The same hello of the same flow, seen twice, has one id; 16 hex digits. Lines of `read` have it where a store or a history takes them. */
  readonly id?: string
  /** Where the same hello was seen, where sightings are counted once by their ids: `interface` or `file`, and `sensor`, of each. */
  readonly witnesses?: readonly Pick<Sighting, 'file' | 'interface' | 'sensor'>[]
  readonly proto: Transport
  /**
   * `server` in the row of a ServerHello whose ClientHello was not seen, as by a tap of one direction. `src` is the client
   * there as well; nothing of the client's hello is in it, and `hello_len` is the ServerHello's.
   */
  readonly side?: 'server'
  /** Canonical addresses (RFC 5952), IPv4-mapped IPv6 folded to IPv4. */
  readonly src: string
  readonly srcport: number
  readonly dst: string
  readonly dstport: number
  readonly vlan?: number
  /** Tunnels around the packet, outermost first, joined by "/": `vxlan`, `gre/erspan`. */
  readonly tunnel?: string
  /** Source MAC address of EAP over a LAN, which has neither addresses nor ports: `02:00:00:00:00:01`. */
  readonly src_mac?: string
  /** Calling-Station-Id of EAP in RADIUS, as the authenticator wrote it: mostly the client's MAC address. */
  readonly calling_station_id?: string
  /** Printable ASCII; other bytes as \xhh. */
  readonly sni?: string
  readonly alpn?: readonly string[]
  /** Lists of a hello made to be long of which fingerprints hold the first values alone: base/limits.ts, MAX_LISTED_. */
  readonly cut?: readonly string[]
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
  /** Bytes of the handshake message, its four of header included. */
  readonly hello_len: number
  /** The hello with its secrets zeroed, base64: enough to make every fingerprint again. */
  readonly hello?: string
  /** Properties that zeroing the secrets removes, and properties of the SYN. Only with `hello`: text of tls/evidence.ts, ≤ 120 bytes. */
  readonly evidence?: string
  /** Which TLS implementation made it, where that was asked for. */
  readonly implementation?: Implementation
  readonly quality?: readonly string[]
  /** `time` of the first hello of this connection, which the server asked to try again: its sighting has the same addresses and ports. */
  readonly hrr_of?: string

  // What the server answered, where that was asked for and seen.
  /** The server answered this very hello; of several readings of one connection no other has it. */
  readonly confirmed?: boolean
  readonly ja3s?: string
  readonly ja3s_string?: string
  /** Mercury's `tls_server/…`, of TLS over TCP. */
  readonly npf_server?: string
  /** Version chosen. */
  readonly server_version?: string
  /** Cipher suite chosen, and IANA's name of it where it has one. */
  readonly cipher?: number
  readonly cipher_name?: string
  /** Group chosen, or asked for by a HelloRetryRequest; hidden before TLS 1.3. */
  readonly group?: number
  readonly group_name?: string
  /** Protocol chosen; encrypted since TLS 1.3. Printable ASCII; other bytes as \xhh. */
  readonly server_alpn?: string
  /** True where the answer is a HelloRetryRequest (RFC 8446 §4.1.4): a second hello follows. */
  readonly hello_retry_request?: boolean
  /** Whether a session is resumed, by session_id or pre-shared key; absent if unknown. */
  readonly resumed?: boolean

  // The server's certificate, before TLS 1.3, which encrypts it.
  /** Names as RFC 4514 writes them, the last part first: `CN=example.com,O=Example,C=DE`. */
  readonly cert_subject?: string
  /** DNS names, IP addresses, e-mail addresses and URIs of subjectAltName (RFC 5280 §4.2.1.6). */
  readonly cert_san?: readonly string[]
  readonly cert_issuer?: string
  /** Validity, RFC 3339, UTC, seconds. */
  readonly cert_not_before?: string
  readonly cert_not_after?: string
  /** SHA-256 of its DER, 64 hex digits. */
  readonly cert_sha256?: string
}
