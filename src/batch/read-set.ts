import type { Counters } from '../base/counters.js'
import { tunnelPortsOf } from '../model/tunnel-port.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { CaptureError } from '../capture/capture-error.js'
import { openCapture } from '../capture/file/open-capture.js'
import type { PacketBlock } from '../model/packet-block.js'
import type { UndecodedTraffic } from '../model/undecoded.js'
import type { FingerprintName } from '../model/sighting.js'
import { Pipeline } from '../pipeline.js'

/** What is asked of every file; it can be handed to a worker as it is. */
export interface ReadOptions {
  /** Ports of servers; undefined finds TLS on every port by its content. */
  readonly ports: readonly number[] | undefined
  /** undefined: all of them, and the Community ID. Where some are named, only those. */
  readonly fingerprints: readonly FingerprintName[] | undefined
  readonly hello: boolean
  /** Whether a sighting tells which implementation made the hello. */
  readonly identify: boolean
  /** The user's knowledge file; undefined is the default one. */
  readonly knowledge: string | undefined
  /** Whether a sighting tells what the server answered. */
  readonly server: boolean
  /** UDP ports of tunnels besides the usual ones, as `vxlan=7777`. */
  readonly tunnelPorts?: readonly string[]
  readonly sensor: string | undefined
  /** LINKTYPE_ value to read all frames as, in place of what the captures say. */
  readonly linkType: number | undefined
  readonly follow: boolean
  /** Whether a sighting carries its id, for a history. */
  readonly id?: boolean
  /** Whether rows (model/row.ts) are asked for rather than lines, for a store. */
  readonly rows?: boolean
}

/** Where a reader's results go, and how much was read so far. */
export interface ReadSink {
  readonly counters: Counters
  readonly undecoded: UndecodedTraffic
  /** Bytes of file read. */
  bytes: number
  /** Files read, and files that could not be. */
  files: number
  failed: number
  /** Takes the lines where there are enough of them to be worth it, and empties the writer. */
  take(lines: ByteWriter): void
  /** Resolves once there is room for more lines; undefined where there is. */
  room(): Promise<void> | undefined
  /** Takes all lines, and empties the writer. */
  flush(lines: ByteWriter): void
  /** Prints a sentence for the operator. */
  note(text: string): void
  /** Prints why a file could not be read, and counts it as failed. */
  fail(text: string): void
}

/** A pipeline for one flow of frames. @throws ConfigError where the knowledge file is faulty */
export async function newPipeline(
  options: ReadOptions,
  { counters, undecoded }: Pick<ReadSink, 'counters' | 'undecoded'>,
): Promise<Pipeline> {
  const { ports, fingerprints } = options
  const identify = options.identify
    ? await (await import('./identify-hook.js')).openIdentify(options.knowledge)
    : undefined
  return new Pipeline(
    {
      ports: ports === undefined ? undefined : new Set(ports),
      fingerprints: fingerprints === undefined ? 'all' : new Set(fingerprints),
      keepHello: options.hello,
      rows: options.rows === true,
      ...(identify === undefined ? {} : { identify }),
      communityId: fingerprints === undefined || options.rows === true,
      server: options.server,
      sensor: options.sensor,
      undecoded,
      tunnelPorts: tunnelPortsOf(options.tunnelPorts ?? []),
      sightingId: options.id === true,
      // a capture is made before the seed is drawn, so a seed that can be guessed gives nothing away
      seed: Math.floor(Math.random() * 2 ** 47),
    },
    counters,
  )
}

/**
 * Reads files that continue one another through `pipeline`, which then forgets them; one that cannot be read is said, and
 * the next one goes on.
 */
export async function readSet(
  files: readonly string[],
  pipeline: Pipeline,
  options: ReadOptions,
  sink: ReadSink,
  signal: AbortSignal,
): Promise<void> {
  const { lines } = pipeline
  for (const file of files) {
    if (signal.aborted) break
    pipeline.setOrigin(file === '-' ? {} : { file })
    // A program that writes to us or to the file while we read waits for each line.
    const isLive = file === '-' || options.follow
    try {
      const source = openCapture(file, {
        // Even to name it costs: the stream is made then.
        ...(file === '-' ? { stdin: process.stdin } : {}),
        follow: options.follow,
        ...(options.linkType === undefined ? {} : { linkType: options.linkType }),
      })
      for await (const block of source.blocks(signal)) {
        // before frames are taken out of it
        sink.bytes += bytesOf(block)
        pipeline.take(block)
        if (isLive) sink.flush(lines)
        else sink.take(lines)
        const room = sink.room()
        if (room !== undefined) await room
      }
      for (const warning of source.warnings) sink.note(`${file}: ${warning}`)
      sink.files++
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      sink.fail(error.message)
    }
  }
  pipeline.flush()
  pipeline.forget()
  sink.flush(lines)
}

/** Bytes of file the block's frames take, with a header of 16 each: exact for pcap, nearly so for pcapng. */
function bytesOf(block: PacketBlock): number {
  const { count, start, caplen } = block
  if (count === 0) return 0
  return (start[count - 1] ?? 0) + (caplen[count - 1] ?? 0) - (start[0] ?? 0) + 16
}
