// Time as text: RFC 3339, UTC, microseconds, from microseconds since the Unix epoch.

import { putDigits } from './decimal'

const DATE_AND_TIME_LEN: u32 = 19
const MICROS_LEN: u32 = 6
const SECOND_MICROS: f64 = 1_000_000
/** 9999-12-31T23:59:59Z, the last second RFC 3339 can write. */
const LAST_SECOND: f64 = 253_402_300_799
const DAY_SECONDS: u64 = 86_400
const DAYS_PER_ERA: u32 = 146_097
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAY: u32 = 719_468

const DASH = 0x2d
const COLON = 0x3a
const DOT = 0x2e
const LETTER_T = 0x54
const LETTER_Z = 0x5a

/** The second written last, as packets of one second come together, and its date and time: 24 bytes, 19 of them used. */
let second: f64 = -1
const TEXT: u32 = memory.data(24) as u32

/**
 * Writes a time of `time` microseconds at `at`, fractions of one cut; one before 1970 or after 9999 as the first or last
 * there is. Up to 32 bytes are written to.
 *
 * @returns the offset past it
 */
export function putTime(time: f64, at: u32): u32 {
  const whole = floor<f64>(time)
  let ofEpoch = floor<f64>(whole / SECOND_MICROS)
  let micros = min<f64>(whole - ofEpoch * SECOND_MICROS, SECOND_MICROS - 1)
  if (micros < 0) {
    // From 2242 on the quotient of a second's last microsecond rounds up to the next second.
    ofEpoch -= 1
    micros += SECOND_MICROS
  }
  if (!(ofEpoch >= 0)) {
    ofEpoch = 0
    micros = 0
  } else if (ofEpoch > LAST_SECOND) {
    ofEpoch = LAST_SECOND
    micros = SECOND_MICROS - 1
  }
  if (ofEpoch != second) {
    second = ofEpoch
    fill(ofEpoch as u64)
  }
  store<u64>(at, load<u64>(TEXT))
  store<u64>(at, load<u64>(TEXT, 8), 8)
  store<u64>(at, load<u64>(TEXT, 16), 16)
  const fraction = at + DATE_AND_TIME_LEN
  store<u8>(fraction, DOT)
  putDigits(micros as u32, fraction + 1, MICROS_LEN)
  store<u8>(fraction + 1 + MICROS_LEN, LETTER_Z)
  return fraction + MICROS_LEN + 2
}

function fill(ofEpoch: u64): void {
  const day = (ofEpoch / DAY_SECONDS) as u32
  const ofDay = (ofEpoch % DAY_SECONDS) as u32

  // Civil date from a day number over years that begin in March, so that the leap day is the last of its year.
  const shifted = day + EPOCH_DAY
  const era = shifted / DAYS_PER_ERA
  const dayOfEra = shifted % DAYS_PER_ERA
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  const monthFromMarch = (5 * dayOfYear + 2) / 153
  const dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = era * 400 + yearOfEra + ((month <= 2) as u32)

  putDigits(year, TEXT, 4)
  store<u8>(TEXT, DASH, 4)
  putDigits(month, TEXT + 5, 2)
  store<u8>(TEXT, DASH, 7)
  putDigits(dayOfMonth, TEXT + 8, 2)
  store<u8>(TEXT, LETTER_T, 10)
  putDigits(ofDay / 3600, TEXT + 11, 2)
  store<u8>(TEXT, COLON, 13)
  putDigits((ofDay / 60) % 60, TEXT + 14, 2)
  store<u8>(TEXT, COLON, 16)
  putDigits(ofDay % 60, TEXT + 17, 2)
}
