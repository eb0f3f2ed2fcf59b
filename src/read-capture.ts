// A saved capture as sightings, one after the other.

import { randomInt } from 'node:crypto'
import { Readable } from 'node:stream'
import { newCounters } from './base/counters.js'
import type { ByteWriter } from './base/byte-writer.js'
import { openCapture, openStream } from './capture/file/open-capture.js'
import type { PacketSource } from './model/packet-block.js'
import type { FingerprintName, Sighting } from './model/sighting.js'
import type { UserAgentSeen } from './model/user-agent-seen.js'
import { Pipeline } from './pipeline.js'

/** What to make of a capture. */
export interface ReadOptions {
  /** Ports of TLS servers; without it TLS is found on any port, by its content. */
  readonly ports?: Iterable<number>
  /** Fingerprints to make, all of them where absent. `tls_fp` and `iana` come with `sha3_384`. */
  readonly fingerprints?: Iterable<FingerprintName>
  /** Whether a sighting carries its hello, secrets zeroed, in base64. */
  readonly hello?: boolean
  /** Whether a sighting has the flow's Community ID; it has, where absent. */
  readonly communityId?: boolean
  /**
   * Whether a sighting tells what the server answered: `ja3s`, `cipher`, the certificate and so on. It comes when its
   * handshake has gone so far, or ten seconds of capture time later without an answer.
   */
  readonly server?: boolean
  /** Ports of plain HTTP, whose requests teach User-Agents; none where absent. */
  readonly httpPorts?: Iterable<number>
  /** Gets each User-Agent that a request on one of `httpPorts` has. */
  readonly onUserAgent?: (seen: UserAgentSeen) => void
  /** Name of the sensor, in every sighting. */
  readonly sensor?: string
  /** Name of the capture, in every sighting; the path where absent, and nothing for a stream. */
  readonly file?: string
  /** LINKTYPE_ value for all frames, overriding the capture's own. */
  readonly linkType?: number
  /** Stops reading; sightings found before are still yielded. */
  readonly signal?: AbortSignal
  /** Gets a sentence for each thing wrong with the capture that did not stop the reading, such as a cut last record. */
  readonly onWarning?: (warning: string) => void
}

const NEWLINE = 0x0a

/**
 * The sightings of a capture, one for each ClientHello, in the order the hellos became whole, or with `server` their
 * handshakes. They are read as they are asked for, and none is held; leaving the loop early has the capture
 * closed.
 *
 * ```ts
 * for await (const { time, src, sni, ja4 } of readCapture('capture.pcapng')) {
 *   console.log(time, src, sni, ja4)
 * }
 * ```
 *
 * @param input path of a pcap or pcapng, plain or in gzip or zstd; or its bytes as they come, any Readable
 * @throws CaptureError at the first step, where the capture is missing, unreadable, empty or no capture
 */
export async function* readCapture(
  input: string | AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): AsyncGenerator<Sighting, void, undefined> {
  const { ports, fingerprints, sensor, linkType, onWarning } = options
  const signal = options.signal ?? new AbortController().signal
  const pipeline = new Pipeline(
    {
      ports: ports === undefined ? undefined : new Set(ports),
      fingerprints: fingerprints === undefined ? 'all' : new Set(fingerprints),
      keepHello: options.hello ?? false,
      communityId: options.communityId ?? true,
      server: options.server ?? false,
      httpPorts: options.httpPorts === undefined ? undefined : new Set(options.httpPorts),
      sensor,
      seed: randomInt(2 ** 47),
    },
    newCounters(),
  )
  const file = options.file ?? (typeof input === 'string' ? input : undefined)
  if (file !== undefined) pipeline.setOrigin({ file })

  const source = open(input, file, linkType)
  for await (const block of source.blocks(signal)) {
    pipeline.take(block)
    for (const seen of pipeline.userAgents.splice(0)) options.onUserAgent?.(seen)
    yield* sightingsOf(pipeline.lines)
  }
  pipeline.flush()
  yield* sightingsOf(pipeline.lines)
  for (const warning of source.warnings) onWarning?.(warning)
}

const TEXT = new TextDecoder()

/** The sightings of finished lines, which are removed from `lines`. */
function* sightingsOf(lines: ByteWriter): Generator<Sighting, void, undefined> {
  let at = 0
  while (at < lines.len) {
    const end = lines.bytes.indexOf(NEWLINE, at)
    yield JSON.parse(TEXT.decode(lines.bytes.subarray(at, end))) as Sighting
    at = end + 1
  }
  lines.len = 0
}

function open(
  input: string | AsyncIterable<Uint8Array>,
  name = 'the capture',
  linkType: number | undefined,
): PacketSource {
  const options = linkType === undefined ? {} : { linkType }
  if (typeof input === 'string') return openCapture(input, options)
  const stream = input instanceof Readable ? input : Readable.from(input)
  return openStream(stream, name, options)
}
