import { LOG_HELD_BYTES } from '../base/limits.js'
import type { Stuck } from '../output/retrying-file.js'
import { PatientFile, isFile } from '../output/retrying-file.js'
import type { LogLevel } from './journal.js'
import { withPriority } from './journal.js'

let tellBack: (stuck: Stuck) => void = () => undefined
/** Stderr where it is a file, once something is written to it. */
let file: PatientFile | undefined

/** Writes whole lines to stderr. While the disk of a file has no room they wait, within a bound: that is no reason to end. */
export function writeLog(text: string, level: LogLevel): void {
  const lines = withPriority(text, level)
  if (file === undefined && isFile(2))
    file = new PatientFile(2, { held: LOG_HELD_BYTES, onFree: (stuck) => tellBack(stuck) })
  if (file === undefined) process.stderr.write(lines)
  else file.put(Buffer.from(lines))
}

/** Has `tell` told when the log can be written again. */
export function onLogBack(tell: (stuck: Stuck) => void): void {
  tellBack = tell
}

/** Writes a line to stderr, or several. No time stamp: the service manager adds it. stdout is for sightings only. */
export function log(lines: string, level: LogLevel = 'info'): void {
  const text = lines.split('\n').map(safeLine).join('\n')
  writeLog(`${text}\n`, level)
}

/** Whether an error's words were written for an operator: cause and remedy. */
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
  // toLocaleString would load the tables of all languages: 8 ms
  const digits = String(number).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${digits} ${noun}${number === 1 ? '' : 's'}`
}

/** Characters that steer a terminal, break a line or turn its direction: control, format, separators, halves of pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** User and password of a URL. */
const USER_OF_URL = /([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^\s"']{0,500}|[^/"']{0,500})@/gi

/** `text` as one line that is safe to print: what comes from the wire cannot act on a terminal, and no URL shows a password. */
export function safeLine(text: string): string {
  return text
    .replace(USER_OF_URL, '$1***@')
    .replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
