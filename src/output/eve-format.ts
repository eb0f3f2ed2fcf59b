// Suricata's EVE JSON: `tls` and `quic` records with the names Suricata gives them. What Suricata has no name for stands
// in the object `hellotap`.

import { flowKey, hash52, lineFormat, numbersOf, ownFields, withoutEmpty } from './format.js'
import type { Format, SightingRow } from './format.js'

/** One sighting as an EVE record. */
export function eveRecord(sighting: SightingRow): Record<string, unknown> {
  const { proto } = sighting
  const isQuic = proto === 'quic'
  return withoutEmpty({
    timestamp: sighting.time.replace('Z', '+0000'),
    flow_id: hash52(flowKey(sighting)),
    in_iface: sighting.interface,
    event_type: isQuic ? 'quic' : 'tls',
    vlan: sighting.vlan === undefined ? undefined : [sighting.vlan],
    src_ip: sighting.src,
    src_port: sighting.srcport,
    dest_ip: sighting.dst,
    dest_port: sighting.dstport,
    proto: proto === 'tcp' ? 'TCP' : 'UDP',
    app_proto: proto === 'tcp' ? 'tls' : proto,
    community_id: sighting.community_id,
    host: sighting.sensor,
    pcap_filename: sighting.file,
    ...(isQuic ? { quic: quicOf(sighting) } : { tls: tlsOf(sighting) }),
    hellotap: {
      id: sighting.id,
      ...ownFields(sighting),
      ...(isQuic ? { tls_version: sighting.tls_version, client_alpns: sighting.alpn } : {}),
    },
  })
}

function hashes({ ja3, ja3_string, ja3s, ja3s_string, ja4 }: SightingRow) {
  return {
    ja3: { hash: ja3, string: ja3_string },
    ja3s: { hash: ja3s, string: ja3s_string },
    ja4,
  }
}

function tlsOf(sighting: SightingRow): Record<string, unknown> {
  const { tls_fp: lists } = sighting
  return {
    // the version chosen where the answer was seen, as Suricata has it; otherwise the highest offered
    version: sighting.server_version ?? sighting.tls_version,
    sni: sighting.sni,
    subject: sighting.cert_subject,
    issuerdn: sighting.cert_issuer,
    notbefore: sighting.cert_not_before?.replace('Z', ''),
    notafter: sighting.cert_not_after?.replace('Z', ''),
    subjectaltname: sighting.cert_san,
    session_resumed: sighting.resumed === true ? true : undefined,
    client_alpns: sighting.alpn,
    server_alpns: sighting.server_alpn === undefined ? undefined : [sighting.server_alpn],
    ...hashes(sighting),
    client_handshake: {
      version: sighting.client_hello_version,
      ciphers: numbersOf(lists?.ciphers),
      exts: numbersOf(lists?.extensions),
      sig_algs: numbersOf(lists?.signature_algorithms),
    },
    server_handshake: { version: sighting.server_version, cipher: sighting.cipher },
  }
}

function quicOf(sighting: SightingRow): Record<string, unknown> {
  return { version: sighting.quic_version, sni: sighting.sni, ...hashes(sighting) }
}

/** Sightings as EVE JSON lines. */
export function eveFormat(): Format {
  return lineFormat((sighting) => `${JSON.stringify(eveRecord(sighting))}\n`)
}
