// The log of a daemon, by pino: one line an event. JSON for programs; for persons the message alone, with cause and remedy.

import { pino, stdTimeFunctions } from 'pino'
import { EventRate, SPAN_MILLIS } from './event-rate.js'
import type { LogLevel } from './journal.js'
import { count, isForOperators, onLogBack, safeLine, writeLog } from './log.js'

/** Fields of an event in addition to its message. */
export type Details = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Logs an event. @param event its kind, a word with hyphens; the rate limit applies to each kind */
export type TakeEvent = (event: string, sentence: string, details?: Details) => void

/** The log of a daemon. */
export interface EventLog extends Readonly<Record<LogLevel, TakeEvent>> {
  /** Whether lines are messages alone, not JSON. */
  readonly isText: boolean
  /** Logs the counts of suppressed events. */
  close(): void
}

/** Format and lowest level of log lines. */
export interface LogSettings {
  readonly 'log-format': 'auto' | 'text' | 'json'
  readonly 'log-level': LogLevel
}

/** Destination and clock of a log. */
export interface EventLogOptions extends LogSettings {
  readonly isTerminal: boolean
  readonly write: (line: string, level: LogLevel) => void
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number
}

/** A line of pino. */
interface LogRecord {
  readonly level: LogLevel
  readonly msg: string
  readonly stack?: readonly string[]
}

/** Opens a log. With `auto` its format is text on a terminal, else JSON. */
export function openEventLog(options: EventLogOptions): EventLog {
  const format = options['log-format']
  const isText = format === 'text' || (format === 'auto' && options.isTerminal)
  const now = options.now ?? (() => performance.now())
  const logger = pino(
    {
      level: options['log-level'],
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    {
      write: (line) => {
        const record = JSON.parse(line) as LogRecord
        options.write(isText ? textOf(record) : line, record.level)
      },
    },
  )
  const rate = new EventRate()
  const write = (level: LogLevel, event: string, sentence: string, details: Details = {}) =>
    logger[level]({ event, ...safeDetails(details) }, safeLine(sentence))
  const logSuppressed = (at: number) => {
    for (const { event, count: times } of rate.over(at))
      write('warn', 'not-logged', `${count(times, 'further event')} "${event}" not logged`, {
        kind: event,
        count: times,
      })
  }
  const take = (level: LogLevel): TakeEvent => {
    return (event, sentence, details) => {
      if (!logger.isLevelEnabled(level)) return
      const at = now()
      logSuppressed(at)
      if (rate.admit(event, at)) write(level, event, sentence, details)
    }
  }
  const timer = setInterval(() => logSuppressed(now()), SPAN_MILLIS / 6).unref()
  return {
    debug: take('debug'),
    info: take('info'),
    warn: take('warn'),
    error: take('error'),
    isText,
    close: () => {
      clearInterval(timer)
      logSuppressed(Infinity)
    },
  }
}

/** The log of this process on stderr; stdout is for sightings. */
export function openProcessLog(config: LogSettings): EventLog {
  const log = openEventLog({
    'log-format': config['log-format'],
    'log-level': config['log-level'],
    isTerminal: process.stderr.isTTY,
    write: writeLog,
  })
  onLogBack(({ millis, dropped }) => {
    const seconds = millis / 1000
    log.warn(
      'log-stuck',
      `the log had no room on its disk for ${seconds} s; ${count(dropped, 'line')} dropped`,
      { seconds, dropped },
    )
  })
  return log
}

/** Logs an error: the message alone if it was written for operators, else with its stack. */
export function logFault(log: EventLog, event: string, error: unknown): void {
  if (!(error instanceof Error)) {
    log.error(event, String(error))
    return
  }
  const { message, stack } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  log.error(event, message, {
    ...(code === undefined ? {} : { code }),
    ...(isForOperators(error) || stack === undefined ? {} : { stack: stack.split('\n') }),
  })
}

function textOf({ level, msg, stack }: LogRecord): string {
  const text = level === 'warn' || level === 'error' ? `hellotap: ${msg}` : msg
  return `${text}${stack === undefined ? '' : `\n${stack.join('\n')}`}\n`
}

function safeDetails(details: Details): Record<string, Details[string]> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      key,
      typeof value === 'string'
        ? safeLine(value)
        : typeof value === 'object'
          ? value.map(safeLine)
          : value,
    ]),
  )
}
