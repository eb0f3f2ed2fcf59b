import { fstatSync } from 'node:fs'

/** Levels of log lines, lowest first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Severities of syslog, RFC 5424 §6.2.1. */
const SEVERITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 }

let isJournal: boolean | undefined

/**
 * `lines` for stderr. Under systemd's journal each line gets the prefix `<N>`, its severity (sd-daemon(3)), for
 * `journalctl -p warning`.
 */
export function withPriority(lines: string, level: LogLevel): string {
  isJournal ??= isJournalStream(process.env['JOURNAL_STREAM'], 2)
  return isJournal ? lines.replace(/^(?=.)/gm, `<${SEVERITIES[level]}>`) : lines
}

/** Whether the descriptor is the journal's stream that `JOURNAL_STREAM` names as DEVICE:INODE, systemd.exec(5). */
function isJournalStream(stream: string | undefined, fd: number): boolean {
  if (stream === undefined) return false
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}
