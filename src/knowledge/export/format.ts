// Fingerprints in the words of other programs.

import { createHash } from 'node:crypto'

/** A fingerprint to export, and what is known of it. */
export interface Exported {
  readonly fingerprint: string
  /** As sightings name it. */
  readonly kind: string
  /** What it is; empty where nothing is known. */
  readonly label: string
  readonly source: string
  readonly licence: string
  readonly date: string
}

/** A format: the kinds of fingerprint that it can say, and its text. */
export interface ExportFormat {
  /** Kinds, absent where all. */
  readonly kinds?: readonly string[]
  /** @param now seconds since the Unix epoch */
  readonly text: (fingerprints: readonly Exported[], now: number) => string
}

/** What a fingerprint is called where nothing is known of it. */
export function titleOf({ label, kind }: Exported): string {
  return label === '' ? `${kind} fingerprint` : label
}

/** A UUID of version 5 (RFC 9562 §5.5) by name: exporting the same again changes no identity. */
export function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE, 'hex').update(name).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [8, 4, 4, 4, 12].reduce<{ readonly at: number; readonly text: string }>(
    ({ at, text }, len) => ({
      at: at + len,
      text: `${text}${text === '' ? '' : '-'}${hex.slice(at, at + len)}`,
    }),
    { at: 0, text: '' },
  ).text
}
/** Of names of ours: a UUID made once. */
const NAMESPACE = '6f1dd2a0c1f94b6f9a3e0c1e5a7b2d34'

/** RFC 3339, UTC, milliseconds. */
export function timeOf(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const rest = Math.floor(seconds - days * 86_400)
  // civil date of a day number (proleptic Gregorian calendar, 400-year cycles)
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const month = Math.floor((5 * ofYear + 2) / 153)
  const two = (value: number) => String(value).padStart(2, '0')
  const m = month < 10 ? month + 3 : month - 9
  const year = yearOfEra + era * 400 + (m <= 2 ? 1 : 0)
  const day = ofYear - Math.floor((153 * month + 2) / 5) + 1
  return `${year}-${two(m)}-${two(day)}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}.000Z`
}
