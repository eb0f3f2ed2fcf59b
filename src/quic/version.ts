// The versions of QUIC whose Initial packets can be read: their keys come from the packet itself and a salt that each
// version sets anew (RFC 9001 §5.2), so an unknown version is a closed book.

/** What a version of QUIC has of its own. */
export interface QuicVersion {
  /** `initial_salt` of RFC 9001 §5.2, hex. */
  readonly salt: string
  /** What the labels of the packet protection keys begin with (RFC 9001 §5.1, RFC 9369 §3.3.2). */
  readonly labelPrefix: 'quic' | 'quicv2'
  /** Long packet type of Initial: 0-RTT, Handshake and Retry follow it, modulo 4 (RFC 9000 §17.2, RFC 9369 §3.2). */
  readonly initialType: 0 | 1
  /** Key and nonce of the Retry packet's tag (RFC 9001 §5.8, RFC 9369 §3.3.3), hex. */
  readonly retryKey: string
  readonly retryNonce: string
}

const V1 = { labelPrefix: 'quic', initialType: 0 } as const
const V2 = { labelPrefix: 'quicv2', initialType: 1 } as const

/** The versions known. Rows are named by their index. */
export const QUIC_VERSIONS: readonly QuicVersion[] = [
  // RFC 9001 §5.2; also drafts 33 and 34
  {
    ...V1,
    salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a',
    retryKey: 'be0c690b9f66575a1d766b54e368c84e',
    retryNonce: '461599d35d632bf2239825bb',
  },
  // RFC 9369 §3.3.1
  {
    ...V2,
    salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9',
    retryKey: '8fb4b01b56ac48e260fbcbcead7ccc92',
    retryNonce: 'd86969bc2d7c6d9990efb04a',
  },
  // draft-ietf-quic-tls-29 to -32
  {
    ...V1,
    salt: 'afbfec289993d24c9e9786f19c6111e04390a899',
    retryKey: 'ccce187ed09a09d05728155a6cb96be1',
    retryNonce: 'e54930f97f2136f0530a8c1c',
  },
  // draft-ietf-quic-tls-23 to -28
  {
    ...V1,
    salt: 'c3eef712c72ebb5a11a7d2432bb46365bef9f502',
    retryKey: '4d32ecdb2a2133c841e4043df27d4430',
    retryNonce: '4d1611d05513a552c587d575',
  },
  // draft-ietf-quic-v2-01 to -04
  {
    ...V2,
    salt: 'a707c203a59b47184a1d62ca570406ea7ae3e5d3',
    retryKey: 'ba858dc7b43de5dbf87617ff4ab253db',
    retryNonce: '141b99c239b03e785d6a2e9f',
  },
  // draft-ietf-quic-tls-22, whose Retry packets have no tag
  {
    ...V1,
    salt: '7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a',
    retryKey: '4d32ecdb2a2133c841e4043df27d4430',
    retryNonce: '4d1611d05513a552c587d575',
  },
  // T050 and T051 of Google's QUIC, with TLS: QUICHE, crypto_utils.cc
  {
    ...V1,
    salt: '7ff579e5acd072915580304c43a2367c60488310',
    retryKey: '4d32ecdb2a2133c841e4043df27d4430',
    retryNonce: '4d1611d05513a552c587d575',
  },
  {
    ...V1,
    salt: '7a4edef4e7ccee5fa4506c19124fc8ccda6e033d',
    retryKey: '4d32ecdb2a2133c841e4043df27d4430',
    retryNonce: '4d1611d05513a552c587d575',
  },
]

const VERSION_1 = 0x0000_0001
const VERSION_2 = 0x6b33_43cf
const VERSION_2_DRAFT = 0x709a_50c4
const DRAFT_BYTES = 0xff_0000
/** Facebook's mvfst of drafts 22 and 27. */
const MVFST_22 = 0xface_b001
const MVFST_27 = 0xface_b002
/** "T050" and "T051" of Google. */
const T050 = 0x5430_3530
const T051 = 0x5430_3531

/** First bytes of all versions that have a row, and of Version Negotiation. */
export const VERSION_FIRST_BYTES: readonly number[] = [
  0x00,
  VERSION_1 >>> 24,
  VERSION_2 >>> 24,
  VERSION_2_DRAFT >>> 24,
  DRAFT_BYTES >>> 16,
  MVFST_22 >>> 24,
  T050 >>> 24,
]

/** Row of QUIC_VERSIONS for a Version field, or -1. */
export function versionRow(version: number): number {
  if (version === VERSION_1) return 0
  if (version === VERSION_2) return 1
  if (version === VERSION_2_DRAFT) return 4
  if (version === MVFST_22) return 5
  if (version === MVFST_27) return 3
  if (version === T050) return 6
  if (version === T051) return 7
  if (version >>> 8 !== DRAFT_BYTES) return -1
  const draft = version & 0xff
  if (draft === 22) return 5
  if (draft < 23 || draft > 34) return -1
  return draft > 32 ? 0 : draft > 28 ? 2 : 3
}

/** Whether Retry packets of a known version end in a tag; those of drafts before 25 do not, nor need those of Google and Facebook. */
export function hasRetryTag(version: number): boolean {
  if (versionRow(version) > 4 || version === MVFST_27) return false
  return version >>> 8 !== DRAFT_BYTES || (version & 0xff) > 24
}
