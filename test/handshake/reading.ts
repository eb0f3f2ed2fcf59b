import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Counters, newCounters } from '../../src/base/counters.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import type { FingerprintName, Sighting } from '../../src/model/sighting.js'
import { Pipeline } from '../../src/pipeline.js'
import { type Frame, framesOf } from '../wire/pcap-frames.js'

/** Where the captures are, and their names. */
export const CAPTURES = resolve(import.meta.dirname, '../../captures')
export const CAPTURE_NAMES = readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?$/.test(name))
/** A dozen handshakes of every kind between OpenSSL's own client and server. */
export const ANSWERS = 'openssl3.0-s_server-answers.pcap'

/** What a pipeline made of frames. */
export interface Read {
  readonly sightings: Sighting[]
  readonly counters: Counters
  /** The lines as they were given before the end of the frames. */
  readonly early: Sighting[]
}

/** The frames of a capture of the project. */
export function captured(name: string): Frame[] {
  return framesOf(resolve(CAPTURES, name))
}

/** Runs frames through a pipeline of its own, one block each. */
export function read(frames: readonly Frame[], server = true): Read {
  const counters = newCounters()
  const fingerprints = new Set<FingerprintName>(['ja3'])
  const pipeline = new Pipeline(
    { ports: undefined, fingerprints, keepHello: false, communityId: false, server, seed: 5 },
    counters,
  )
  const block = newPacketBlock(new Uint8Array(0))
  block.count = 1
  for (const frame of frames) {
    block.bytes = frame.bytes
    block.caplen[0] = frame.bytes.length
    block.wirelen[0] = frame.wirelen
    block.timeMicros[0] = frame.timeMicros
    block.linkType[0] = frame.linkType
    pipeline.take(block)
  }
  const early = sightingsOf(pipeline)
  pipeline.flush()
  return { sightings: [...early, ...sightingsOf(pipeline)], counters, early }
}

function sightingsOf(pipeline: Pipeline): Sighting[] {
  const text = pipeline.lines.text()
  pipeline.lines.len = 0
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Sighting)
}

/** Keys of a sighting that only the server's side gives. */
export const SERVER_KEYS = [
  'confirmed',
  'ja3s',
  'ja3s_string',
  'npf_server',
  'server_version',
  'cipher',
  'cipher_name',
  'group',
  'group_name',
  'server_alpn',
  'hello_retry_request',
  'resumed',
  'cert_subject',
  'cert_san',
  'cert_issuer',
  'cert_not_before',
  'cert_not_after',
  'cert_sha256',
] as const satisfies readonly (keyof Sighting)[]

/** A sighting without what the server's side gave. */
export function clientSide(sighting: Sighting): Partial<Sighting> {
  const rest: Record<string, unknown> = { ...sighting }
  for (const key of SERVER_KEYS) Reflect.deleteProperty(rest, key)
  return rest
}
