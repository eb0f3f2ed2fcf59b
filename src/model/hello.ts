const NO_BYTES = new Uint8Array(0)

/** Extensions one hello may hold: the 65 535 bytes of the block in empty extensions of four. */
export const MAX_EXTENSIONS = 16_384

/**
 * ClientHello or ServerHello as offsets into `bytes` (RFC 8446 §4.1.2-3, RFC 5246 §7.4.1).
 *
 * Lists stay as they were on the wire, GREASE included. A list's `Off` is that of its first element, its `Len` in
 * bytes; an absent or malformed one has Off -1 and Len 0. One instance, overwritten.
 */
export class Hello {
  bytes: Uint8Array = NO_BYTES
  /** Offset of the handshake type byte, and just past the message. */
  off = 0
  end = 0
  /** 1 ClientHello, 2 ServerHello. */
  handshakeType = 0
  legacyVersion = 0
  randomOff = 0
  sessionIdOff = 0
  sessionIdLen = 0
  /** ClientHello: the list. ServerHello: the one chosen suite (Len 2). */
  cipherSuitesOff = 0
  cipherSuitesLen = 0
  compressionMethodsOff = 0
  compressionMethodsLen = 0
  extensionCount = 0
  readonly extensionType = new Uint16Array(MAX_EXTENSIONS)
  /** Offset of extension i's body. */
  readonly extensionOff = new Uint32Array(MAX_EXTENSIONS)
  readonly extensionLen = new Uint16Array(MAX_EXTENSIONS)

  // What nearly every fingerprint asks for, found in the same walk. The first extension of a type counts.
  /** server_name (0, RFC 6066 §3): the first host_name's bytes. */
  serverNameOff = -1
  serverNameLen = 0
  /** supported_groups (10, RFC 8446 §4.2.7), 2 bytes each. */
  supportedGroupsOff = -1
  supportedGroupsLen = 0
  /** ec_point_formats (11, RFC 8422 §5.1.2), 1 byte each. */
  ecPointFormatsOff = -1
  ecPointFormatsLen = 0
  /** signature_algorithms (13, RFC 8446 §4.2.3), 2 bytes each. */
  signatureAlgorithmsOff = -1
  signatureAlgorithmsLen = 0
  /** application_layer_protocol_negotiation (16, RFC 7301 §3.1): ProtocolName entries, 1 byte of length before each. */
  alpnOff = -1
  alpnLen = 0
  /** supported_versions (43, RFC 8446 §4.2.1), 2 bytes each; in a ServerHello the one chosen. */
  supportedVersionsOff = -1
  supportedVersionsLen = 0
  /** Index of encrypted_client_hello (65037), or -1. */
  echIndex = -1
}
