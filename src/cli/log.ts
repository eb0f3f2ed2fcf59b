/** Writes a line to stderr, or several. No time stamp: the service manager adds it. stdout is for sightings only. */
export function log(lines: string): void {
  const text = lines.split('\n').map(safeLine).join('\n')
  process.stderr.write(`${text}\n`)
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
