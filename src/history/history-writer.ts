import { join } from 'node:path'
import { partitionOf } from './folder.js'
import { PartFile } from './part-file.js'
import { rowOf } from './row.js'
import type { SightingLine } from './row.js'
import type { Compressors } from './zstd.js'

/** Rows of one file: eight row groups, some 15 MB. */
const FILE_ROWS = 131_072
/** Hours and sensors written to at one time; the one with the most rows is finished early beyond them. */
const OPEN_PARTS = 24
/** Rows that wait to be written while the disk is full, in files that are made already. */
const MOST_WAITING = 8

export interface HistoryWriterOptions {
  readonly folder: string
  readonly compressors: Compressors
  /** Part of the files' names that no other writer has. */
  readonly name: string
  readonly onStuck?: (reason: string) => void
}

/** What a writer has done so far. */
export interface HistoryCounts {
  /** Sightings written, lines that are no sightings, sightings lost to a disk that stayed full. */
  rows: number
  bad: number
  dropped: number
  files: number
  bytes: number
}

interface Part {
  readonly path: string
  readonly file: PartFile
}

/** Sorts sightings by hour and sensor into Parquet files. */
export class HistoryWriter {
  readonly counts: HistoryCounts = { rows: 0, bad: 0, dropped: 0, files: 0, bytes: 0 }
  readonly #options: HistoryWriterOptions
  readonly #open = new Map<string, Part>()
  /** Parts that could not be written yet. */
  readonly #waiting: Part[] = []
  #number = 0

  constructor(options: HistoryWriterOptions) {
    this.#options = options
  }

  /** Takes whole JSON lines; a line that is no sighting is counted and left out. */
  put(lines: string): void {
    for (const line of lines.split('\n')) {
      if (line === '') continue
      const sighting = parse(line)
      const row = sighting && rowOf(sighting)
      if (sighting === undefined || row === undefined) {
        this.counts.bad++
        continue
      }
      const part = this.#partOf(sighting.time.slice(0, 13), sighting.sensor)
      part.file.add(row)
      if (part.file.rows >= FILE_ROWS) this.#finish(part)
    }
  }

  /** Finishes all files: what was put is on the disk then, unless the disk is full. */
  roll(): void {
    for (const part of this.#waiting.splice(0)) this.#write(part)
    for (const part of [...this.#open.values()]) this.#finish(part)
  }

  /** Rolls for the last time; what cannot be written is lost and counted. */
  close(): void {
    this.roll()
    for (const { file } of this.#waiting.splice(0)) this.counts.dropped += file.rows
  }

  #partOf(hour: string, sensor: string | undefined): Part {
    const partition = partitionOf(hour, sensor)
    const known = this.#open.get(partition)
    if (known !== undefined) return known
    if (this.#open.size >= OPEN_PARTS) {
      const [first, ...rest] = this.#open.values()
      if (first !== undefined)
        this.#finish(
          rest.reduce((most, each) => (each.file.rows > most.file.rows ? each : most), first),
        )
    }
    const { folder, name, compressors } = this.#options
    const path = join(folder, partition, `part-${name}-${this.#number++}.parquet`)
    const part = { path, file: new PartFile(compressors) }
    this.#open.set(partition, part)
    return part
  }

  #finish(part: Part): void {
    for (const [key, each] of this.#open) if (each === part) this.#open.delete(key)
    this.#write(part)
  }

  /** Writes a file, or keeps it for the next roll; the oldest goes when too many wait. */
  #write(part: Part): void {
    try {
      this.counts.bytes += part.file.finish(part.path)
      this.counts.rows += part.file.rows
      this.counts.files++
    } catch (error) {
      this.#options.onStuck?.((error as Error).message)
      this.#waiting.push(part)
      if (this.#waiting.length > MOST_WAITING)
        this.counts.dropped += this.#waiting.shift()?.file.rows ?? 0
    }
  }
}

function parse(line: string): SightingLine | undefined {
  try {
    const value = JSON.parse(line) as SightingLine | null
    return typeof value === 'object' &&
      typeof value?.src === 'string' &&
      typeof value.dst === 'string'
      ? value
      : undefined
  } catch {
    return undefined
  }
}
