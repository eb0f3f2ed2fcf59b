/** Events of one kind that are logged in one span; the rest is counted, and told when the span is over. */
export const EVENTS_PER_SPAN = 20
/** Length of a span, milliseconds. */
export const SPAN_MILLIS = 60_000

/** What was not logged of one kind. */
export interface Suppressed {
  readonly event: string
  readonly count: number
}

interface Span {
  readonly startedAt: number
  logged: number
  suppressed: number
}

/** Lets so many events of each kind through in a span that begins with its first. Kinds are words of the program: few. */
export class EventRate {
  readonly #spans = new Map<string, Span>()

  /** Whether an event of this kind may be logged at `now`, milliseconds of a clock that only goes forward. */
  admit(event: string, now: number): boolean {
    let span = this.#spans.get(event)
    if (span === undefined)
      this.#spans.set(event, (span = { startedAt: now, logged: 0, suppressed: 0 }))
    if (span.logged < EVENTS_PER_SPAN) {
      span.logged++
      return true
    }
    span.suppressed++
    return false
  }

  /** Forgets the spans that are over at `now`. @returns what was not logged in them */
  over(now: number): Suppressed[] {
    const told: Suppressed[] = []
    for (const [event, { startedAt, suppressed }] of this.#spans) {
      if (now - startedAt < SPAN_MILLIS) continue
      this.#spans.delete(event)
      if (suppressed > 0) told.push({ event, count: suppressed })
    }
    return told
  }
}
