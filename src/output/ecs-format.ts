// Elastic Common Schema. ECS has no field for JA4: `tls.client.ja4` is the name Google UDM uses.

import { lineFormat, ownFields, withoutEmpty } from './format.js'
import type { Format, SightingRow } from './format.js'

/** The release whose names these are. */
const ECS_VERSION = '9.0.0'

/** `TLS 1.3` as ECS splits it: version `1.3`, protocol `tls`. */
function versionOf(text: string | undefined) {
  const [, protocol, version] = /^(TLS|SSL|DTLS) (\d\.\d)$/.exec(text ?? '') ?? []
  return { version, version_protocol: protocol?.toLowerCase() }
}

/** What carries the handshake, where that is one protocol: EAP and OpenVPN have several. */
const TRANSPORT: Partial<Record<SightingRow['proto'], string>> = {
  tcp: 'tcp',
  quic: 'udp',
  dtls: 'udp',
  'tls/rdpudp': 'udp',
  'tls/sctp': 'sctp',
}

/** A MAC address as ECS writes it (RFC 7042 §2.1). */
function macOf(mac: string | undefined): string | undefined {
  return mac?.toUpperCase().replaceAll(':', '-')
}

/** One sighting as an ECS document. */
export function ecsDocument(sighting: SightingRow): Record<string, unknown> {
  const { proto, src, sni } = sighting
  return withoutEmpty({
    '@timestamp': sighting.time,
    ecs: { version: ECS_VERSION },
    event: {
      id: sighting.id,
      kind: 'event',
      category: ['network'],
      type: ['connection', 'protocol'],
      module: 'hellotap',
      dataset: 'hellotap.sighting',
    },
    source: { ip: src, port: sighting.srcport, mac: macOf(sighting.src_mac) },
    destination: { ip: sighting.dst, port: sighting.dstport, domain: sni },
    network: {
      transport: TRANSPORT[proto],
      protocol: proto === 'tcp' ? 'tls' : proto,
      type: src === undefined ? undefined : src.includes(':') ? 'ipv6' : 'ipv4',
      community_id: sighting.community_id,
      vlan: { id: sighting.vlan?.toString() },
    },
    tls: {
      ...versionOf(sighting.server_version ?? sighting.tls_version),
      cipher: sighting.cipher_name,
      curve: sighting.group_name,
      resumed: sighting.resumed,
      next_protocol: sighting.server_alpn,
      client: { server_name: sni, ja3: sighting.ja3, ja4: sighting.ja4 },
      server: {
        ja3s: sighting.ja3s,
        subject: sighting.cert_subject,
        issuer: sighting.cert_issuer,
        not_before: sighting.cert_not_before,
        not_after: sighting.cert_not_after,
        hash: { sha256: sighting.cert_sha256?.toUpperCase() },
      },
    },
    observer: {
      vendor: 'hellotap',
      type: 'sensor',
      name: sighting.sensor,
      ingress: { interface: { name: sighting.interface } },
    },
    log: { file: { path: sighting.file } },
    hellotap: {
      alpn: sighting.alpn,
      tls_version: sighting.tls_version,
      client_hello_version: sighting.client_hello_version,
      quic_version: sighting.quic_version,
      ...ownFields(sighting),
    },
  })
}

/** Sightings as ECS documents, one JSON line each. */
export function ecsFormat(): Format {
  return lineFormat((sighting) => `${JSON.stringify(ecsDocument(sighting))}\n`)
}
