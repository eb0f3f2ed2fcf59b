// Every counted event has one name and one help text, here. Faults of network input never throw: they are counted.

/** Help text of each counter. /metrics, /healthz and the summary of `read` print the counters by name. */
export const COUNTER_HELP = {
  packets: 'frames taken from the source',
  packet_bytes: 'bytes captured of them',
  hellos: 'ClientHellos given as sightings',
  sightings_unwritten:
    'sightings not printed because standard output had no room on its disk for too long (`--stdout`)',
  hello_malformed: 'handshake messages of a ClientHello that break RFC 8446 §4.1.2',
  link_type_unsupported: 'frames of a link type nothing here decodes',
  link_truncated: 'frames whose link-layer headers, labels and tags included, the snaplen cut',
  link_malformed: 'frames whose link-layer headers break their standard',
  link_payload_other:
    'frames that carry neither an IP packet nor EAP: ARP, LLDP, management and protected 802.11 frames',
  ipv4_truncated: 'IPv4 headers the snaplen cut',
  ipv4_malformed: 'IPv4 headers that break RFC 791',
  ipv6_truncated: 'IPv6 headers, extension headers included, the snaplen cut',
  ipv6_malformed: 'IPv6 headers, extension headers included, that break RFC 8200',
  ip_payload_other:
    'IP packets of protocols other than TCP, UDP, SCTP and readable tunnels: ICMP, encrypted ESP',
  tcp_truncated: 'TCP headers the snaplen cut',
  tcp_malformed: 'TCP headers that break RFC 9293 §3.1',
  udp_truncated: 'UDP headers the snaplen cut',
  udp_malformed: 'UDP headers that break RFC 768',
  sctp_truncated: 'SCTP headers the snaplen cut',
  sctp_malformed: 'SCTP headers that break RFC 9260 §3.1',
  tunnel_truncated: 'tunnel headers the snaplen cut',
  tunnel_malformed: 'tunnel headers that break their standard',
  tunnel_payload_other: 'tunnel headers of a kind nothing here decodes',
  tunnel_port_only: 'datagrams on the port of a tunnel without its header, taken as plain UDP',
  header_depth_exceeded: 'frames with more headers, or more tunnels, than are followed',
  ip_fragments: 'IP fragments taken for reassembly',
  ip_fragments_truncated: 'IP fragments the snaplen cut, not used',
  ip_fragments_malformed: 'IP fragments with an impossible offset or length, not used',
  ip_fragments_overlapping: 'IP fragments that overlap others: the bytes that came first stay',
  ip_datagrams_reassembled: 'IP datagrams made whole from fragments',
  ip_datagrams_expired: 'fragmented IP datagrams given up because a fragment did not come in time',
  ip_datagrams_evicted: 'fragmented IP datagrams given up to make room for newer ones',
  capture_gaps:
    'times a live interface was not captured: it went down or away, or its capture child ended',
  capture_gap_millis: 'milliseconds live interfaces were not captured, over all gaps',
  capture_child_crashes: 'capture children that ended without being asked to',
  capture_child_dropped: 'frames a capture child dropped because its reader was too slow',
  capture_kernel_dropped:
    'frames that passed the in-kernel filter and were dropped because its ring was full (native engine)',
  capture_interface_dropped:
    'frames dropped before the in-kernel filter, by the interface or its driver (native engine)',
  clock_steps: 'times the wall clock was set while capturing',
  clock_step_millis: 'milliseconds the wall clock was set by, ahead or back, over all times',
  tcp_syns: 'TCP segments by which a client opens a connection to a watched port',
  tcp_syn_acks: 'TCP segments by which a server accepts a connection on a watched port',
  tcp_not_tls:
    'TCP connections to a watched port, seen from their SYN on, that begin with something else than a hello',
  hello_retransmitted: 'hellos that came again after they were given: not given twice',
  hello_too_long: 'unfinished hellos given up because they span more than is kept',
  hello_broken_off: 'unfinished hellos given up because what followed was no more of them',
  hello_expired: 'unfinished hellos given up because no segment came in time',
  hello_evicted: 'unfinished hellos given up to make room for newer ones',
  hello_closed: 'unfinished hellos given up because their connection ended or began anew',
  hello_unfinished: 'hellos of which bytes were still missing when the capture ended',
  sslv2_hellos: 'ClientHellos in SSL 2.0 frames',
  tcp_overlaps_differ:
    'TCP segments that differ from what came first at the same place: what came first stays',
  tcp_checksum_wrong:
    'TCP segments of handshakes whose TCP or IPv4 checksum is wrong where that of the SYN is right: no receiver takes them',
  tcp_segments_refused:
    'TCP segments of handshakes that no receiver takes: checksum, missing ACK, old timestamp, FIN or RST out of sequence',
  tcp_segments_doubtful:
    'TCP segments of handshakes that some receivers do not take, or that came another way than the SYN (TTL): held apart',
  hello_conflicts: 'hellos given with the mark `conflict`: the stream can be read in several ways',
  tcp_readings_dropped:
    'other readings of a TCP stream given up: room for them ran out, or the hello came without them',
  tcp_zero_padding:
    'TCP segments of up to six zero bytes before a hello: padding that was counted as data',
  tcp_segments_cut: 'TCP segments of a flow with an unfinished hello that the snaplen cut',
  http_requests: 'requests in plain HTTP that begin a TCP segment to one of --http-ports',
  http_requests_cut:
    'of these, those whose head ends beyond the segment and says no User-Agent in it',
  http_user_agents: 'of these, those that say their User-Agent',
  http_user_agents_dropped: 'User-Agents of plain HTTP not handed on because too many came at once',
  quic_truncated: 'QUIC datagrams the snaplen cut within a packet',
  quic_malformed: 'QUIC packets, frames or CRYPTO streams that break RFC 9000',
  quic_unauthentic:
    'QUIC Initial packets whose AEAD tag is wrong: damaged, forged, or of a connection whose first packet was not seen',
  quic_without_first:
    'QUIC Initial packets to a connection ID the client did not choose, of a connection whose first packet was not seen',
  quic_version_unknown: 'QUIC packets of a version whose Initial keys are not known here',
  quic_version_negotiations: 'QUIC Version Negotiation packets',
  quic_retries: 'QUIC Retry packets',
  quic_retries_unauthentic: 'QUIC Retry packets whose integrity tag is wrong: damaged or forged',
  quic_overlaps_differ:
    'QUIC CRYPTO frames that differ from what came first at the same place: what came first stays',
  dtls_malformed: 'DTLS records or handshake fragments of a hello that break RFC 9147',
  dtls_cookie_hellos: 'DTLS ClientHellos that repeat one already given with the cookie asked for',
  server_hellos: 'ServerHellos joined to the ClientHello they answer',
  server_hello_unjoined: 'ServerHellos whose ClientHello was not seen, or too long before or after',
  server_hello_malformed: 'handshake messages of a ServerHello that break RFC 8446 §4.1.3',
  hello_unanswered: 'ClientHellos given without the ServerHello that was waited for',
  hello_wait_evicted: 'hellos that stopped waiting for the other side to make room for newer ones',
  certificates: 'certificates of servers joined to a ClientHello',
  certificate_malformed: 'Certificate messages that break RFC 5246 §7.4.2',
  certificate_unreadable: 'certificates, different ones, that are no X.509',
} as const

export type CounterName = keyof typeof COUNTER_HELP
/** One number a counter. A plain object of fixed shape, so that `counters.packets++` is a field write. */
export type Counters = Record<CounterName, number>

/** All counters at zero. */
export function newCounters(): Counters {
  const counters: Record<string, number> = {}
  for (const name of Object.keys(COUNTER_HELP)) counters[name] = 0
  // The copy has fixed fields; an object of many keys set by name would stay a hash table.
  return { ...counters } as Counters
}
