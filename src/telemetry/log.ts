import { LOG_HELD_BYTES } from '../base/limits.js'
import type { Stuck } from '../output/retrying-file.js'
import { PatientFile, isFile } from '../output/retrying-file.js'
import type { LogLevel } from './journal.js'
import { withPriority } from './journal.js'

let tellBack: (stuck: Stuck) => void = () => undefined
/** Stderr, if it is a file and was written to. */
let file: PatientFile | undefined

/** Writes complete lines to stderr. If stderr is a file on a full disk, lines wait up to a limit. */
export function writeLog(text: string, level: LogLevel): void {
  const lines = withPriority(text, level)
  if (file === undefined && isFile(2))
    file = new PatientFile(2, { held: LOG_HELD_BYTES, onFree: (stuck) => tellBack(stuck) })
  if (file === undefined) process.stderr.write(lines)
  else file.put(Buffer.from(lines))
}

/** Calls `tell` when the log can be written again. */
export function onLogBack(tell: (stuck: Stuck) => void): void {
  tellBack = tell
}

/** Writes one or more lines to stderr, without a timestamp: the service manager adds one. */
export function log(lines: string, level: LogLevel = 'info'): void {
  const text = lines.split('\n').map(safeLine).join('\n')
  writeLog(`${text}\n`, level)
}

/** Whether the message of an error was written for operators, with cause and remedy. */
export function isForOperators(error: Error): boolean {
  return [
    'CaptureError',
    'StoreError',
    'ConfigError',
    'ListenError',
    'OutputError',
    'TokenError',
    'SearchError',
  ].includes(error.name)
}

/** `3 frames`, `1 frame`, `1,234 frames`. */
export function count(number: number, noun: string): string {
  // toLocaleString loads the tables of all languages, which takes 8 ms.
  const digits = String(number).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${digits} ${noun}${number === 1 ? '' : 's'}`
}

/** Characters that control a terminal, break a line or change its direction: control, format, separators, surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** User and password of a URL. */
const USER_OF_URL = /([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^\s"']{0,500}|[^/"']{0,500})@/gi

/** `text` as one line that is safe to print: control characters are escaped, and passwords in URLs are hidden. */
export function safeLine(text: string): string {
  return text
    .replace(USER_OF_URL, '$1***@')
    .replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
