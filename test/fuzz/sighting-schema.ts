import * as z from 'zod'
import { TRANSPORTS } from '../../src/model/handshake-bytes.js'
import { FINGERPRINTS } from '../../src/model/sighting.js'

const text = z.string()
const optionalText = text.exactOptional()
const u16 = z.int().min(0).max(65_535)
const port = u16
const fingerprints = Object.fromEntries(FINGERPRINTS.map((name) => [name, optionalText])) as Record<
  (typeof FINGERPRINTS)[number],
  typeof optionalText
>

const TlsFpSchema = z.object({
  ciphers: text,
  client_hello_version: text,
  ec_point_formats: text,
  extensions: text,
  record_version: text,
  signature_algorithms: text,
  supported_groups: text,
})

/** Every key of a sighting, and what its value may be. */
export const SightingSchema = z.object({
  time: text.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/),
  file: optionalText,
  interface: optionalText,
  sensor: optionalText,
  id: optionalText,
  proto: z.enum(TRANSPORTS),
  src: text.min(1),
  srcport: port,
  dst: text.min(1),
  dstport: port,
  vlan: z.int().exactOptional(),
  tunnel: optionalText,
  src_mac: optionalText,
  calling_station_id: optionalText,
  sni: optionalText,
  alpn: z.array(text).exactOptional(),
  cut: z.array(text).exactOptional(),
  record_version: optionalText,
  quic_version: optionalText,
  client_hello_version: text,
  tls_version: text,
  ...fingerprints,
  tls_fp: TlsFpSchema.exactOptional(),
  iana: optionalText,
  community_id: optionalText,
  ech: z.boolean().exactOptional(),
  hello_len: z.int().min(0),
  hello: optionalText,
  evidence: optionalText,
  quality: z.array(text).exactOptional(),
  confirmed: z.boolean().exactOptional(),
  hrr_of: optionalText,
  ja3s: optionalText,
  ja3s_string: optionalText,
  npf_server: optionalText,
  server_version: optionalText,
  cipher: u16.exactOptional(),
  cipher_name: optionalText,
  group: u16.exactOptional(),
  group_name: optionalText,
  server_alpn: optionalText,
  hello_retry_request: z.boolean().exactOptional(),
  resumed: z.boolean().exactOptional(),
  cert_subject: optionalText,
  cert_san: z.array(text).exactOptional(),
  cert_issuer: optionalText,
  cert_not_before: optionalText,
  cert_not_after: optionalText,
  cert_sha256: optionalText,
})

/** Every key of the row of a ServerHello whose client was not seen. */
export const ServerRowSchema = SightingSchema.partial({
  client_hello_version: true,
  tls_version: true,
  hello_len: true,
}).extend({ side: z.literal('server'), ja3s: text })
