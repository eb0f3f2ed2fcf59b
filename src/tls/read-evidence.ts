// The text of tls/evidence.ts as an object.

/** Evidence of one hello; a key is absent if the property was not seen. */
export interface Evidence {
  readonly version: 1
  /** Whether the X25519 half of the hybrid key share is the X25519 share beside it. */
  readonly x25519_shared?: boolean
  /**
   * GREASE by place: cipher, first and second extension, group, key share, version, signature algorithm. Equal values
   * have the same letter, a place without GREASE has `-`; trailing places without GREASE are left out.
   */
  readonly grease?: string
  /** Bytes of each key share, GREASE's too. */
  readonly key_shares?: readonly number[]
  readonly ech?: {
    readonly kdf: number
    readonly aead: number
    readonly enc_len: number
    readonly payload_len: number
  }
  /** Bytes of session_id; 0 where there is none. */
  readonly session_id_len: number
  /** Bytes of the padding extension, which may be 0. */
  readonly padding?: number
  /** Bytes of the trust_anchors extension. */
  readonly trust_anchors_len?: number
  /** How many pre-shared keys are tickets of an earlier session, and how many were agreed outside TLS. */
  readonly psk?: { readonly resumption: number; readonly external: number }
  /** Bytes of the first TLS record, its header aside. */
  readonly first_record_len?: number
  /** The SYN of the connection (RFC 9293 §3.1). */
  readonly syn?: Syn
}

/** What a client's operating system puts into a SYN. */
export interface Syn {
  /** As it arrived: routers on the way took one each. */
  readonly ttl: number
  readonly win: number
  /** Absent where the option is. */
  readonly mss?: number
  /** Absent where the option is. */
  readonly wscale?: number
  /** A letter for each option in its order. */
  readonly opts: string
  readonly df: boolean
}

const GREASE = /^[a-g-]{1,7}$/
const OPTIONS = /^[a-zA-Z0-9?]{0,40}$/
const NUMBER = /^\d{1,9}$/

/** The evidence in a sighting's `evidence`; undefined where the text is none of a known version. */
export function readEvidence(text: string): Evidence | undefined {
  const [version, ...items] = text.split(' ')
  if (version !== '1') return undefined
  const found: { -readonly [K in keyof Evidence]: Evidence[K] } = { version: 1, session_id_len: 0 }
  for (const entry of items) {
    const at = entry.indexOf('=')
    const value = entry.slice(at + 1)
    const numbers = numbersOf(value)
    switch (entry.slice(0, at)) {
      case 'x25519_shared':
        found.x25519_shared = value === '1'
        break
      case 'g':
        if (!GREASE.test(value)) return undefined
        found.grease = value
        break
      case 'syn': {
        const syn = synOf(value)
        if (syn === undefined) return undefined
        found.syn = syn
        break
      }
      default:
        if (numbers === undefined || !readNumbers(entry.slice(0, at), numbers, found))
          return undefined
    }
  }
  return found
}

function readNumbers(
  name: string,
  numbers: number[],
  found: { -readonly [K in keyof Evidence]: Evidence[K] },
): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers
  switch (name) {
    case 'k':
      found.key_shares = numbers
      return true
    case 'ech':
      if (numbers.length !== 4) return false
      found.ech = { kdf: first, aead: second, enc_len: third, payload_len: fourth }
      return true
    case 'psk':
      if (numbers.length !== 2) return false
      found.psk = { resumption: first, external: second }
      return true
  }
  if (numbers.length !== 1) return false
  switch (name) {
    case 'sid':
      found.session_id_len = first
      return true
    case 'pad':
      found.padding = first
      return true
    case 'ta':
      found.trust_anchors_len = first
      return true
    case 'rec':
      found.first_record_len = first
      return true
  }
  // An item that a later release of this version may have added.
  return true
}

function numbersOf(value: string): number[] | undefined {
  const parts = value.split(',')
  return parts.every((part) => NUMBER.test(part)) ? parts.map(Number) : undefined
}

/** `ttl,win,mss,scale,options,df`; an option that is absent has an empty value. */
function synOf(value: string): Syn | undefined {
  const [ttl = '', win = '', mss = '', wscale = '', opts = '', df] = value.split(',')
  if (!NUMBER.test(ttl) || !NUMBER.test(win) || !OPTIONS.test(opts)) return undefined
  if ((mss !== '' && !NUMBER.test(mss)) || (wscale !== '' && !NUMBER.test(wscale))) return undefined
  return {
    ttl: Number(ttl),
    win: Number(win),
    ...(mss === '' ? {} : { mss: Number(mss) }),
    ...(wscale === '' ? {} : { wscale: Number(wscale) }),
    opts,
    df: df === 'df',
  }
}
