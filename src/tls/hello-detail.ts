// A hello in detail, for `detail=1`: ready for JSON, lists in wire order, GREASE marked, lengths in bytes.

import type { Hello } from '../model/hello.js'
import type { Named } from './extensions/body.js'
import { DECODERS } from './extensions/decoders.js'
import type { StatusRequest } from './extensions/rfc6066.js'
import type { KeyShare, OfferedPsks } from './extensions/rfc8446-keys.js'
import type { TransportParameter } from './extensions/rfc9000.js'
import type { Ech, EchGuess } from './extensions/rfc9849.js'
import { hexText } from './printable.js'
import { extensionName } from './registry-names.js'

export type { Named }

/** One extension. */
export interface ExtensionDetail extends Named {
  /** Bytes of the body. */
  readonly length: number
  /** The decoded body, if there is a decoder and the body has content. */
  readonly data?: object | string | number
  /** True if the body breaks its RFC; then `raw` has its bytes. */
  readonly malformed?: true
  /** A malformed body, hex. */
  readonly raw?: string
  /** True for the second and later ones of a type: the first one counts. */
  readonly duplicate?: true
}

/** A ClientHello in detail. A key is absent if its extension is absent or malformed. */
export interface HelloDetail {
  readonly client_hello_version: Named
  /** Bytes of the message with its header. */
  readonly hello_len: number
  readonly session_id_length: number
  /** Bytes of the DTLS cookie (RFC 6347 §4.2.1); absent in TLS. */
  readonly dtls_cookie_length?: number
  readonly ciphers: readonly Named[]
  readonly ciphers_count: number
  /** Bytes of the list on the wire. */
  readonly ciphers_length: number
  readonly compression_methods: readonly Named[]
  readonly extensions: readonly ExtensionDetail[]
  readonly extensions_count: number
  readonly supported_groups: readonly Named[]
  readonly supported_groups_count: number
  readonly signature_algorithms: readonly Named[]
  readonly signature_algorithms_count: number
  /** Bytes of the list on the wire. */
  readonly signature_algorithms_length: number
  readonly ec_point_formats: readonly Named[]
  readonly ec_point_formats_count: number
  /** Printable ASCII; other bytes as \xhh. */
  readonly sni?: string
  readonly alpn?: readonly string[]
  readonly supported_versions?: readonly Named[]
  readonly key_shares?: readonly KeyShare[]
  readonly psk_key_exchange_modes?: readonly Named[]
  readonly pre_shared_key?: OfferedPsks
  readonly ech?: Ech & Partial<EchGuess>
  /** ALPS: the protocols, under the type that carried them. */
  readonly application_settings?: { readonly type: number; readonly protocols: readonly string[] }
  readonly compress_certificate?: readonly Named[]
  readonly delegated_credentials?: readonly Named[]
  readonly record_size_limit?: number
  readonly max_fragment_length?: number
  readonly trust_anchors?: readonly string[]
  readonly quic_transport_parameters?: readonly TransportParameter[]
  readonly signature_algorithms_cert?: readonly Named[]
  readonly status_request?: StatusRequest
  readonly signed_certificate_timestamp?: true
  readonly early_data?: true
  readonly extended_master_secret?: true
  readonly encrypt_then_mac?: true
  readonly post_handshake_auth?: true
  readonly session_ticket_length?: number
  readonly renegotiation_info_length?: number
  readonly padding_length?: number
  /** Bytes of the cookie extension (RFC 8446 §4.2.2). */
  readonly cookie_length?: number
}

/** The extensions of a ClientHello in wire order, decoded. */
export function extensionDetails(hello: Hello): ExtensionDetail[] {
  const { bytes, extensionCount, extensionType, extensionOff, extensionLen } = hello
  const details: ExtensionDetail[] = []
  const seen = new Set<number>()
  for (let i = 0; i < extensionCount; i++) {
    const id = extensionType[i] ?? 0
    const off = extensionOff[i] ?? 0
    const length = extensionLen[i] ?? 0
    const decode = DECODERS.get(id)
    const data = decode === undefined ? null : decode(bytes, off, off + length)
    details.push({
      id,
      name: extensionName(id),
      length,
      ...(data === undefined ? { malformed: true, raw: hexText(bytes, off, off + length) } : {}),
      ...(data === undefined || data === null ? {} : { data }),
      ...(seen.has(id) ? { duplicate: true } : {}),
    })
    seen.add(id)
  }
  return details
}

/** The first extension of a type, decoded; undefined if it is absent or malformed. */
export function firstExtension<T>(
  hello: Hello,
  type: number,
  decode: (bytes: Uint8Array, off: number, end: number) => T | undefined,
): T | undefined {
  const index = hello.extensionType.subarray(0, hello.extensionCount).indexOf(type)
  if (index < 0) return undefined
  const off = hello.extensionOff[index] ?? 0
  return decode(hello.bytes, off, off + (hello.extensionLen[index] ?? 0))
}

/** `values` without its undefined ones. */
export function present<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
