/** Writes one line to stderr. No time stamp: the service manager adds it. stdout is for sightings only. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** `3 frames`, `1 frame`, `1,234 frames`. */
export function count(number: number, noun: string): string {
  // toLocaleString would load the tables of all languages: 8 ms
  const digits = String(number).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${digits} ${noun}${number === 1 ? '' : 's'}`
}
