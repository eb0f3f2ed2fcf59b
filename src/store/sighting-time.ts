/** Microseconds since the Unix epoch of an RFC 3339 time in UTC, or NaN where it is none. Digits past the sixth are dropped. */
export function microsOf(time: string): number {
  const fraction = /^\.(\d{1,9})Z$/.exec(time.slice(19))?.[1] ?? ''
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/**
 * The time a sighting is kept under: its own, but never later than `nowMicros`.
 * A sensor's clock that runs ahead, or a capture from the future, must not outlive its TTL nor stay the latest.
 */
export function keptMicros(time: string, nowMicros: number): number {
  const micros = microsOf(time)
  return micros < nowMicros ? micros : nowMicros
}
