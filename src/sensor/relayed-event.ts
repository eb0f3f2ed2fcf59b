// The log of the sensor, which `up` reads from its stderr: one JSON line an event. The sensor parses hostile bytes, so its log
// is not trusted: a line that is no valid event is relayed as a warning.

import * as z from 'zod/mini'
import type { Details, EventLog } from '../telemetry/event-log.js'
import type { LogLevel } from '../telemetry/journal.js'
import { LOG_LEVELS } from '../telemetry/journal.js'

/** Maximum length of a relayed message or field, characters. */
const MAX_TEXT = 4_096
/** Maximum of fields beside the message. */
const MAX_FIELDS = 16

const Event = z.looseObject({
  level: z.enum(LOG_LEVELS),
  event: z.string().check(z.regex(/^[a-z][a-z-]{0,40}$/)),
  msg: z.string(),
})

/** An event of another process. */
export interface RelayedEvent {
  readonly level: LogLevel
  readonly event: string
  readonly sentence: string
  readonly details: Details
}

/** The event in a line of the log. Any other line, such as a fatal error of Node, becomes a warning. */
export function relayedEvent(line: string): RelayedEvent {
  const parsed = Event.safeParse(jsonOf(line))
  if (!parsed.success)
    return {
      level: 'warn',
      event: 'sensor-said',
      sentence: line.slice(0, MAX_TEXT).replace(/^hellotap: /, ''),
      details: {},
    }
  const { level, event, msg, ...rest } = parsed.data
  const details = Object.entries(rest)
    .filter(
      ([key, value]) => key !== 'time' && ['string', 'number', 'boolean'].includes(typeof value),
    )
    .slice(0, MAX_FIELDS)
    .map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, MAX_TEXT) : value])
  return {
    level,
    event,
    sentence: msg.slice(0, MAX_TEXT),
    details: Object.fromEntries(details) as Details,
  }
}

/** Logs an event of the sensor. */
export function relay(log: EventLog, { level, event, sentence, details }: RelayedEvent): void {
  log[level](event, sentence, details)
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
