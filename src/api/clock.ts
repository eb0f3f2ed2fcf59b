/** The time now, microseconds since the Unix epoch. */
export type Clock = () => number

/** The machine's clock. It ticks in milliseconds: the last three digits are zero. */
export const systemClock: Clock = () => Date.now() * 1000

/** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
export function utcText(micros: number): string {
  const whole = Math.floor(micros)
  const seconds = Math.floor(whole / 1e6)
  const date = new Date(seconds * 1000).toISOString()
  const fraction = String(whole - seconds * 1e6).padStart(6, '0')
  return `${date.slice(0, 10)} ${date.slice(11, 19)}.${fraction}`
}

/** RFC 3339, UTC, microseconds: `2026-11-30T12:00:00.000000Z`. */
export function rfc3339(micros: number): string {
  return `${utcText(micros).replace(' ', 'T')}Z`
}

/** Seconds since the Unix epoch of an RFC 3339 time in UTC, its microseconds kept. */
export function epochSeconds(rfc3339: string): number {
  const [, whole = '', fraction = ''] = /^([^.Z]+)(?:\.(\d+))?Z?$/.exec(rfc3339) ?? []
  const micros = Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
  return micros / 1e6
}
