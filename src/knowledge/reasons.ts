// Reasons of a verdict: each has a code that stays, a sentence for people, and what was seen.

/** What a reason speaks about. */
export type Axis = 'software' | 'version' | 'os' | 'behaviour'

/** What all reasons of an axis come to. `unusual` is rare among honest clients too: it makes no verdict. */
export type AxisValue = 'consistent' | 'unusual' | 'inconsistent' | 'unknown'

/** Whether a reason accuses, or only tells of something rare. */
export type Weight = 'inconsistent' | 'unusual'

export interface Reason {
  /** One of REASONS, for `time.` codes with the feature after a colon: `time.too_old:alps_17513`. */
  readonly code: string
  readonly axis: Axis
  readonly weight: Weight
  readonly text: string
  /** What was seen, in numbers of the wire. */
  readonly evidence: string
}

/** Sentence of each code, without what was seen. */
export const REASONS = {
  'family.other': 'the lists of the hello are another TLS library’s',
  'grease.absent': 'the claimed browser sends GREASE values, this hello has none',
  'grease.cipher_place': 'GREASE does not stand first among the cipher suites',
  'grease.ext_count': 'the claimed browser sends two GREASE extensions',
  'grease.ext_place': 'GREASE extensions stand elsewhere than first and last',
  'grease.ext_body': 'GREASE extensions have other bodies than the library gives them',
  'grease.ext_repeat': 'both GREASE extensions have one value, which the library prevents',
  'grease.group_place': 'GREASE does not stand first among the groups',
  'grease.share_not_group': 'the GREASE key share is for another group than the GREASE group',
  'grease.version_place': 'GREASE does not stand first among the versions',
  'grease.sigalg_constant': 'the GREASE signature algorithm never changes',
  'grease.constant': 'GREASE values never change from hello to hello',
  'grease.present': 'the claimed software sends no GREASE values',
  'order.fixed': 'the claimed browser shuffles its extensions, these never move',
  'order.moves': 'the claimed software never shuffles its extensions',
  'share.x25519_reused':
    'one X25519 key serves in two key shares, which the claimed library never does',
  'share.x25519_fresh': 'two X25519 keys in two key shares, where the claimed library repeats one',
  'ech.length_of_boringssl': 'ECH payload lengths vary as BoringSSL’s GREASE does',
  'ech.length_of_rustls': 'ECH payload length of another library',
  'content.record_size_limit': 'record_size_limit has another value than the claimed browser sends',
  'content.sigalgs':
    'signature algorithms that the claimed browser does not offer, or in another order',
  'content.cert_compression': 'certificate compression that the claimed browser does not offer',
  'content.foreign_extension': 'an extension that the claimed browser does not send',
  'content.two_alps': 'both code points of ALPS at once',
  'content.padding': 'a length that the claimed browser pads to 512 bytes, or padding to another',
  'content.session_id': 'a session_id of a length that the claimed browser does not send',
  'time.too_new': 'a feature from after the claimed version',
  'time.too_old': 'a feature that the claimed version does not have any more',
  'os.syn_other': 'the SYN is another operating system’s',
  'os.unusual': 'the SYN is unusual for the claimed operating system',
  'quic.session_id': 'a session_id in QUIC, where RFC 9001 forbids it',
  'replay.same_random': 'the random of an earlier connection',
  'replay.same_share': 'a key share of an earlier connection',
  'pop.stale_version': 'a version that hardly anyone uses any more',
  'proxy.inspection':
    'many clients of one address share a hello that fits none: something in between inspects TLS',
} as const

export type ReasonCode = keyof typeof REASONS

const VERSION_CODES: readonly string[] = ['time.too_new', 'time.too_old', 'pop.stale_version']

/** The axis of a code. */
export function axisOf(code: ReasonCode): Axis {
  if (code.startsWith('os.')) return 'os'
  if (VERSION_CODES.includes(code)) return 'version'
  if (code.startsWith('order.') || code.startsWith('replay.')) return 'behaviour'
  if (code === 'grease.constant' || code === 'grease.sigalg_constant') return 'behaviour'
  return 'software'
}

/** A reason of a code; `feature` stands behind a colon. */
export function reason(
  code: ReasonCode,
  weight: Weight,
  evidence: string,
  feature?: string,
): Reason {
  return {
    code: feature === undefined ? code : `${code}:${feature}`,
    axis: axisOf(code),
    weight,
    text: REASONS[code],
    evidence,
  }
}
