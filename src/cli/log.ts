/** Writes one line to stderr. No time stamp: the service manager adds it. stdout is for sightings only. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** `3 frames`, `1 frame`, `1,234 frames`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
