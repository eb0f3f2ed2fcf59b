import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PacketSource } from '../../src/model/packet-block.js'
import { openCapture } from '../../src/capture/file/open-capture.js'

/** One frame as a block described it, its bytes copied. */
export interface Taken {
  readonly micros: number
  readonly caplen: number
  readonly wirelen: number
  readonly linkType: number
  readonly bytes: string
}

/** All frames of a source, in order. */
export async function framesOf(
  source: PacketSource,
  signal = new AbortController().signal,
): Promise<Taken[]> {
  const taken: Taken[] = []
  for await (const block of source.blocks(signal)) {
    for (let i = 0; i < block.count; i++) {
      const start = block.start[i] ?? 0
      const caplen = block.caplen[i] ?? 0
      taken.push({
        micros: block.timeMicros[i] ?? 0,
        caplen,
        wirelen: block.wirelen[i] ?? 0,
        linkType: block.linkType[i] ?? 0,
        bytes: Buffer.from(block.bytes.subarray(start, start + caplen)).toString('hex'),
      })
    }
  }
  return taken
}

/** All frames of a capture file, and what it warned of. */
export async function readAll(
  path: string,
): Promise<{ frames: Taken[]; warnings: readonly string[] }> {
  const source = openCapture(path)
  const frames = await framesOf(source)
  return { frames, warnings: source.warnings }
}

/** A folder of its own for a test's files. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'hellotap-'))

  /** Writes a file and gives its path. */
  file(name: string, bytes: Uint8Array): string {
    const path = join(this.path, name)
    writeFileSync(path, bytes)
    return path
  }

  remove(): void {
    rmSync(this.path, { recursive: true })
  }
}

/** `count` frames of different lengths and bytes, the same at each call. */
export function someFrames(
  count: number,
  length = (i: number) => 40 + ((i * 37) % 1400),
): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    Uint8Array.from({ length: length(i) }, (_, k) => (i * 31 + k * 7) & 0xff),
  )
}

/** The path of a file or folder of the shared corpus, which is not part of the checkout. */
export function sharedPath(relative: string): string {
  return new URL(`../../../shared/${relative}`, import.meta.url).pathname
}
