// Hellos for the tests of identification: those of the labelled captures, as they were on the wire.

import { fileURLToPath } from 'node:url'
import { newCounters } from '../../../src/base/counters.js'
import { openCapture } from '../../../src/capture/file/open-capture.js'
import { Hello } from '../../../src/model/hello.js'
import { circumstancesOf } from '../../../src/knowledge/identify/profile.js'
import type { Circumstances } from '../../../src/knowledge/identify/profile.js'
import { Pipeline } from '../../../src/pipeline.js'
import { parseClientHello } from '../../../src/tls/hello-parser.js'

export const CLIENTS = fileURLToPath(new URL('../../../captures/clients/', import.meta.url))

/** A hello's message and how it travelled. */
export interface Wire {
  readonly bytes: Uint8Array
  readonly circumstances: Circumstances
}

/** The hellos of a labelled capture. */
export async function hellosOf(file: string): Promise<Wire[]> {
  const found: Wire[] = []
  const pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: new Set(['ja4']),
      keepHello: false,
      communityId: false,
      seed: 1,
      identify: (message) => {
        const { bytes, off, end } = message
        found.push({ bytes: bytes.slice(off, end), circumstances: circumstancesOf(message) })
      },
    },
    newCounters(),
  )
  for await (const block of openCapture(CLIENTS + file, {}).blocks(new AbortController().signal))
    pipeline.take(block)
  return found
}

/** Parses a message; undefined where it is no ClientHello. */
export function parsed({ bytes, circumstances }: Wire): Hello | undefined {
  const hello = new Hello()
  const isDtls = circumstances.proto === 'dtls'
  return parseClientHello(bytes, 0, bytes.length, isDtls, hello) < 0 ? undefined : hello
}
