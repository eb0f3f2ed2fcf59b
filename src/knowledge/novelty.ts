// Is a fingerprint legitimate given past observations: how new it is for this client, its network and everybody.

/** When something was seen first and last, seconds since the Unix epoch. */
export interface Seen {
  readonly first: number
  readonly last: number
}

/** What is remembered of a fingerprint and of the client that shows it. */
export interface Past {
  /** The fingerprint with this client, in its /24 or /48, and anywhere; absent where it was not seen there. */
  readonly client?: Seen
  readonly network?: Seen
  readonly anywhere?: Seen
  /** Other fingerprints this client has shown, and hellos it sent with them. */
  readonly clientFingerprints: number
  readonly clientHellos: number
  /** Since when the store learns, seconds since the Unix epoch. */
  readonly learningSince: number
  readonly isAllowed?: boolean
  readonly isWatched?: boolean
}

/** A reason in the form of `check` (reasons.ts). */
export interface NoveltyReason {
  readonly code: keyof typeof TEXTS
  readonly axis: 'history'
  /** `unusual` never accuses: what is new or rare is mostly honest. */
  readonly weight: 'consistent' | 'unusual' | 'unknown'
  readonly text: string
  readonly evidence: string
}

export interface Novelty {
  /** `new` where neither client nor network showed it a day ago, `unknown` while too little is known to say so. */
  readonly verdict: 'expected' | 'unusual' | 'new' | 'watched' | 'unknown'
  readonly reasons: readonly NoveltyReason[]
  readonly first_seen?: number
  readonly last_seen?: number
}

const TEXTS = {
  'list.watch': 'the fingerprint is on the watch list',
  'list.allow': 'the fingerprint is on the allow list',
  'history.agrees': 'this client showed the fingerprint before',
  'history.network': 'others of this client’s network showed the fingerprint before',
  'history.differs': 'this client always showed other fingerprints',
  'novel.network': 'nobody of this client’s network showed the fingerprint before',
  'novel.everywhere': 'nobody showed the fingerprint before',
  'learning.period': 'too little was seen yet to call anything new',
} as const

/** Seconds after which the store has seen enough to call something new: a week has every weekday. */
export const LEARNING_SECONDS = 7 * 86_400
/** Seconds that something counts as new after it was seen first. */
export const NEW_SECONDS = 86_400
/** Fingerprints of an address beyond which it stands for several clients: one more is no change of habit. */
const MANY_FINGERPRINTS = 3
/** Hellos of one fingerprint after which another one is a change of habit. */
const SETTLED_HELLOS = 20

const WEIGHTS: Readonly<Record<keyof typeof TEXTS, NoveltyReason['weight']>> = {
  'list.watch': 'unusual',
  'list.allow': 'consistent',
  'history.agrees': 'consistent',
  'history.network': 'consistent',
  'history.differs': 'unusual',
  'novel.network': 'unusual',
  'novel.everywhere': 'unusual',
  'learning.period': 'unknown',
}

/** Judges a fingerprint at `now`, seconds since the Unix epoch. What was seen first within a day is no past yet. */
export function noveltyOf(past: Past, now: number): Novelty {
  const { anywhere, learningSince } = past
  const before = (seen: Seen | undefined) =>
    seen === undefined || now - seen.first < NEW_SECONDS ? undefined : seen
  const client = before(past.client)
  const network = before(past.network)
  const reasons: NoveltyReason[] = []
  const add = (code: keyof typeof TEXTS, evidence: string) =>
    reasons.push({ code, axis: 'history', weight: WEIGHTS[code], text: TEXTS[code], evidence })
  const since = ({ first, last }: Seen) =>
    `first ${days(now - first)}, last ${days(now - last)} ago`
  const seen =
    anywhere === undefined ? {} : { first_seen: anywhere.first, last_seen: anywhere.last }

  if (past.isWatched === true) add('list.watch', 'by the operator')
  else if (past.isAllowed === true) add('list.allow', 'by the operator')
  if (client !== undefined) add('history.agrees', since(client))
  else if (network !== undefined) add('history.network', since(network))
  else if (before(anywhere) !== undefined && anywhere !== undefined)
    add('novel.network', since(anywhere))
  else add('novel.everywhere', anywhere === undefined ? 'no sighting before' : since(anywhere))
  const isChange =
    client === undefined &&
    past.clientHellos >= SETTLED_HELLOS &&
    past.clientFingerprints > 0 &&
    past.clientFingerprints <= MANY_FINGERPRINTS
  if (isChange)
    add(
      'history.differs',
      `${past.clientFingerprints} other fingerprints in ${past.clientHellos} hellos`,
    )

  if (past.isWatched === true) return { verdict: 'watched', reasons, ...seen }
  if (past.isAllowed === true || client !== undefined)
    return { verdict: 'expected', reasons, ...seen }
  if (now - learningSince < LEARNING_SECONDS) {
    add('learning.period', `learning for ${days(now - learningSince)}`)
    return { verdict: 'unknown', reasons, ...seen }
  }
  if (network === undefined) return { verdict: 'new', reasons, ...seen }
  return { verdict: isChange ? 'unusual' : 'expected', reasons, ...seen }
}

function days(seconds: number): string {
  return seconds < 86_400
    ? `${Math.floor(Math.max(0, seconds) / 3600)} h`
    : `${Math.floor(seconds / 86_400)} d`
}
