// Fingerprints that others published, or the operator chose, each with where it comes from.

import { kindsOf } from '../identify/by-fingerprint.js'
import type { ListName } from './names.js'

/** One line of the lists file. */
export interface ListEntry {
  readonly fingerprint: string
  /** As sightings name it: `ja3`, `ja4` … */
  readonly kind: string
  readonly list: ListName
  /** What the source says it is; may be empty in lists of the operator. */
  readonly label: string
  readonly source: string
  readonly licence: string
  /** When the source saw it last, or says it was made, `YYYY-MM-DD`; else the day of the import. */
  readonly date: string
  readonly first_seen?: string
  /** Further words of the source. */
  readonly notes?: string
}

/** A row that is no entry, by the number of its line, from 1. */
export interface Rejected {
  readonly line: number
  readonly reason: string
  /** The row, at most MAX_ROW_SHOWN characters of it. */
  readonly row: string
}

/** What one file has. */
export interface Imported {
  readonly entries: readonly ListEntry[]
  readonly rejected: readonly Rejected[]
}

/** Characters of a rejected row that are kept. */
export const MAX_ROW_SHOWN = 200
/** Characters of a label or a note that are kept. */
const MAX_WORDS = 500
/** Longest fingerprint taken: an npf string of a large hello. */
const MAX_FINGERPRINT = 4096

/** What a reader found in one row. */
export interface Found {
  readonly fingerprint: string
  readonly list?: ListName
  readonly label: string
  readonly date?: string | undefined
  readonly first_seen?: string | undefined
  readonly notes?: string | undefined
}

/** Where entries come from, and what holds for all of them. */
export interface Origin {
  readonly source: string
  readonly licence: string
  readonly list: ListName
  /** The day of the import. */
  readonly date: string
}

/** Gathers entries and rejected rows. */
export class Gathering {
  readonly entries: ListEntry[] = []
  readonly rejected: Rejected[] = []
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  reject(line: number, reason: string, row: string): void {
    this.rejected.push({ line, reason, row: row.slice(0, MAX_ROW_SHOWN) })
  }

  /** Takes what a row has, unless it is no fingerprint or its time is none. */
  take(line: number, row: string, found: Found): void {
    const fingerprint = normal(found.fingerprint)
    const kind = listKind(fingerprint)
    if (kind === undefined) {
      this.reject(line, `${JSON.stringify(found.fingerprint.slice(0, 60))} is no fingerprint`, row)
      return
    }
    const date = found.date === undefined ? this.#origin.date : dayOf(found.date)
    const first = found.first_seen === undefined ? undefined : dayOf(found.first_seen)
    if (date === undefined || (found.first_seen !== undefined && first === undefined)) {
      this.reject(line, 'has a time that is none', row)
      return
    }
    const notes = words(found.notes ?? '')
    this.entries.push({
      fingerprint,
      kind,
      list: found.list ?? this.#origin.list,
      label: words(found.label),
      source: this.#origin.source,
      licence: this.#origin.licence,
      date,
      ...(first === undefined ? {} : { first_seen: first }),
      ...(notes === '' ? {} : { notes }),
    })
  }
}

/** The kind under which a listed fingerprint is reported; undefined where it is none. Lists have ja3, not ja3n. */
export function listKind(fingerprint: string): string | undefined {
  if (fingerprint.length > MAX_FINGERPRINT) return undefined
  const kinds = kindsOf(fingerprint)
  return kinds.find((kind) => kind === 'ja3' || kind === 'ja3_string') ?? kinds[0]
}

/** Hex in lower case, since sightings have it so. JA4 may have letters of an ALPN name: only its hashes are lowered. */
export function normal(text: string): string {
  const word = text.trim()
  if (/^[0-9a-f]{32}$|^[0-9a-f]{96}$/i.test(word)) return word.toLowerCase()
  const ja4 = /^([tqd][0-9s][0-9]{1,2}[di]\d{4}..)_([0-9a-f]{12}_[0-9a-f]{12})$/i.exec(word)
  return ja4 === null ? word : `${ja4[1] ?? ''}_${(ja4[2] ?? '').toLowerCase()}`
}

/** The day of a time such as `2019-01-02 03:04:05`, RFC 3339, or `2019-01-02`; undefined where it is none. */
export function dayOf(text: string): string | undefined {
  const [, year, month, day] =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z| ?UTC|[+-]\d{2}:?\d{2})?)?$/.exec(
      text.trim(),
    ) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  const isDay = +month >= 1 && +month <= 12 && +day >= 1 && +day <= DAYS_OF_LONG_MONTH
  return isDay ? `${year}-${month}-${day}` : undefined
}
const DAYS_OF_LONG_MONTH = 31

/** Words on one line, without control characters. */
export function words(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_WORDS)
}
