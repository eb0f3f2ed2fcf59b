/** Events of one kind that are logged in one span. Further events are counted, and the count is logged after the span. */
export const EVENTS_PER_SPAN = 20
/** Length of a span, milliseconds. */
export const SPAN_MILLIS = 60_000

/** Suppressed events of one kind. */
export interface Suppressed {
  readonly event: string
  readonly count: number
}

interface Span {
  readonly startedAt: number
  logged: number
  suppressed: number
}

/** The rate limit for each kind of event. A span begins with the first event. There are few kinds: words of the program. */
export class EventRate {
  readonly #spans = new Map<string, Span>()

  /** Whether an event of this kind may be logged at `now`, milliseconds of a monotonic clock. */
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

  /** Forgets the spans that are over at `now`. @returns their suppressed events */
  over(now: number): Suppressed[] {
    const suppressedEvents: Suppressed[] = []
    for (const [event, { startedAt, suppressed }] of this.#spans) {
      if (now - startedAt < SPAN_MILLIS) continue
      this.#spans.delete(event)
      if (suppressed > 0) suppressedEvents.push({ event, count: suppressed })
    }
    return suppressedEvents
  }
}
