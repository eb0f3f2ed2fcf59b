// Time as text: RFC 3339, UTC, microseconds, from microseconds since the Unix epoch.

import type { Packet } from '../model/packet.js'

const DATE_AND_TIME_LEN = 19
const MICROS_LEN = 6
/** Octets of a time: `2026-11-22T20:45:00.123456Z`. */
export const TIME_TEXT_LEN = DATE_AND_TIME_LEN + 1 + MICROS_LEN + 1
const SECOND_MICROS = 1_000_000
const DAY_SECONDS = 86_400
/** 9999-12-31T23:59:59Z, the last second RFC 3339 can write. */
const LAST_SECOND = 253_402_300_799
const DAYS_PER_ERA = 146_097
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAY = 719_468

/** Times as text; remembers the last one's second, as packets of one second come together. */
export class TimeText {
  #second = -1
  readonly #text = new Uint8Array(DATE_AND_TIME_LEN)

  /**
   * Writes the packet's time at `at`, fractions of a microsecond cut; one before 1970 or after 9999 as the first or last
   * there is. It takes the packet, as its time alone, a double, would be sixteen octets of heap each call.
   * @returns the offset past it
   */
  put(packet: Packet, bytes: Uint8Array, at: number): number {
    const whole = Math.floor(packet.timeMicros)
    let second = Math.floor(whole / SECOND_MICROS)
    let micros = Math.min(whole - second * SECOND_MICROS, SECOND_MICROS - 1)
    if (micros < 0) {
      // From 2242 on the quotient of a second's last microsecond rounds up to the next second.
      second--
      micros += SECOND_MICROS
    }
    if (!(second >= 0)) {
      second = 0
      micros = 0
    } else if (second > LAST_SECOND) {
      second = LAST_SECOND
      micros = SECOND_MICROS - 1
    }
    if (second !== this.#second) this.#fill(second)
    for (let i = 0; i < DATE_AND_TIME_LEN; i++) bytes[at + i] = this.#text[i] ?? 0
    bytes[at + DATE_AND_TIME_LEN] = 0x2e
    putDigits(bytes, at + DATE_AND_TIME_LEN + 1, micros, MICROS_LEN)
    bytes[at + TIME_TEXT_LEN - 1] = 0x5a
    return at + TIME_TEXT_LEN
  }

  #fill(second: number): void {
    this.#second = second
    const text = this.#text
    const day = Math.floor(second / DAY_SECONDS)
    const ofDay = second - day * DAY_SECONDS

    // Civil date from a day number over years that begin in March, so that the leap day is the last of its year.
    const shifted = day + EPOCH_DAY
    const era = Math.floor(shifted / DAYS_PER_ERA)
    const dayOfEra = shifted - era * DAYS_PER_ERA
    const yearOfEra = Math.floor(
      (dayOfEra -
        Math.floor(dayOfEra / 1460) +
        Math.floor(dayOfEra / 36_524) -
        Math.floor(dayOfEra / 146_096)) /
        365,
    )
    const dayOfYear =
      dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
    const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
    const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
    const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)

    putDigits(text, 0, year, 4)
    text[4] = 0x2d
    putDigits(text, 5, month, 2)
    text[7] = 0x2d
    putDigits(text, 8, dayOfMonth, 2)
    text[10] = 0x54
    putDigits(text, 11, Math.floor(ofDay / 3600), 2)
    text[13] = 0x3a
    putDigits(text, 14, Math.floor(ofDay / 60) % 60, 2)
    text[16] = 0x3a
    putDigits(text, 17, ofDay % 60, 2)
  }
}

function putDigits(bytes: Uint8Array, at: number, value: number, digits: number): void {
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0
    bytes[i] = 48 + rest - tenth * 10
    rest = tenth
  }
}
