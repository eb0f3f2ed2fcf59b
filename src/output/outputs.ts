import { hostname } from 'node:os'
import { OUTPUT_HELD_BYTES } from '../base/limits.js'
import { FdOutput } from './fd-output.js'
import type { Format, SightingRow, TextFormat } from './format.js'
import { formatOf } from './formats.js'
import type { Surroundings } from './formats.js'
import type { OutputSpec } from './output-spec.js'
import { QueuedSink } from './queued-sink.js'
import { RotatingFile } from './rotating-file.js'
import type { Sink, SinkEvents } from './sink.js'
import { SocketTransport, datagramTransport } from './socket-transport.js'
import { syslogFormat } from './syslog-format.js'

export interface OutputsOptions extends SinkEvents, Surroundings {
  /** The format of outputs that name none. */
  readonly format: TextFormat
  /** Whether an unreachable receiver costs rows rather than time. */
  readonly isLive: boolean
  readonly rotate: {
    readonly maxBytes?: number | undefined
    readonly everyMillis?: number | undefined
    readonly keep?: number | undefined
  }
}

interface Output {
  readonly format: Format
  readonly sink: Sink
  /** Whether the JSON line itself is its row. */
  readonly isLine: boolean
}

const DECODER = new TextDecoder()

/** Several outputs of the same sightings. A line is parsed once, and not at all if all outputs print it as it is. */
export class Outputs {
  readonly #outputs: readonly Output[]
  readonly #files: readonly RotatingFile[]
  /** Rows that no output got, by all of them together. */
  dropped = 0

  private constructor(outputs: readonly Output[]) {
    this.#outputs = outputs
    this.#files = outputs.flatMap(({ sink }) => (sink instanceof RotatingFile ? [sink] : []))
  }

  /** @throws OutputError if a file cannot be opened */
  static async open(specs: readonly OutputSpec[], options: OutputsOptions): Promise<Outputs> {
    const opened: Output[] = []
    for (const spec of specs) opened.push(await open(spec, options))
    return new Outputs(opened)
  }

  /** Whether all that is put is written when `put` returns. */
  get isSynchronous(): boolean {
    return this.#outputs.every(({ sink }) => !(sink instanceof QueuedSink))
  }

  /**
   * Takes whole JSON lines and is done with the bytes when it returns. A promise asks the caller to wait.
   * @throws OutputClosed, OutputError
   */
  put(lines: Uint8Array): Promise<void> | undefined {
    const texts = DECODER.decode(lines).split('\n')
    if (texts.at(-1) === '') texts.pop()
    if (texts.length === 0) return undefined
    let sightings: SightingRow[] | undefined
    let waits: Promise<number>[] | undefined
    for (const { format, sink, isLine } of this.#outputs) {
      const rows = isLine
        ? texts.map((text) => `${text}\n`)
        : (sightings ??= texts.map((text) => JSON.parse(text) as SightingRow)).map((sighting) =>
            format.row(sighting),
          )
      const dropped = sink.put(rows)
      if (typeof dropped === 'number') this.dropped += dropped
      else (waits ??= []).push(dropped)
    }
    return waits === undefined ? undefined : this.#wait(waits)
  }

  /** Renames files and begins others. */
  rotate(): void {
    for (const file of this.#files) file.rotate()
  }

  /** Opens files anew under their names. */
  reopen(): void {
    for (const file of this.#files) file.reopen()
  }

  /** Writes what waits. @throws OutputClosed, OutputError */
  async close(): Promise<void> {
    for (const { sink } of this.#outputs) this.dropped += await sink.close()
  }

  async #wait(waits: readonly Promise<number>[]): Promise<void> {
    for (const dropped of await Promise.all(waits)) this.dropped += dropped
  }
}

async function open(
  { format: name, target }: OutputSpec,
  options: OutputsOptions,
): Promise<Output> {
  const chosen = name ?? options.format
  const format = formatOf(chosen, options)
  const { isLive, onStuck, onFree, rotate, now } = options
  const events = { ...(onStuck && { onStuck }), ...(onFree && { onFree }) }
  const isLine = chosen === 'jsonl'
  const queued = (target: string) => ({ ...events, target, held: OUTPUT_HELD_BYTES, isLive })
  switch (target.kind) {
    case 'stdout':
      return { format, sink: stdoutSink(format), isLine }
    case 'file': {
      const { head, tail } = format
      const held = OUTPUT_HELD_BYTES
      const { path } = target
      const file = { ...events, ...rotate, path, head, tail, isLive, held, now }
      return { format, sink: new RotatingFile(file), isLine }
    }
    case 'unix': {
      const { path } = target
      const sink = new QueuedSink(new SocketTransport({ path }), queued(`unix://${path}`))
      return { format, sink, isLine }
    }
    case 'tcp':
    case 'syslog':
    case 'syslog+udp': {
      const { kind, host, port } = target
      const transport =
        kind === 'syslog+udp' ? datagramTransport(host, port) : new SocketTransport({ host, port })
      const sink = new QueuedSink(transport, queued(`${kind}://${host}:${port}`))
      if (kind === 'tcp') return { format, sink, isLine }
      const header = { hostname: hostname(), pid: process.pid, isCounted: kind === 'syslog' }
      return { format: syslogFormat(format, header), sink, isLine: false }
    }
    case 'redis': {
      // loaded where it is asked for
      const { redisStreamTransport } = await import('./redis-stream.js')
      const { url } = target
      const sink = new QueuedSink(redisStreamTransport(url), queued(`redis://${url.host}`))
      return { format, sink, isLine }
    }
    case 'kafka': {
      const { KafkaTransport } = await import('./kafka-transport.js')
      const names = target.brokers.map(({ host, port }) => `${host}:${port}`)
      const name = `kafka://${names.join(',')}/${target.topic}`
      return { format, sink: new QueuedSink(new KafkaTransport(target), queued(name)), isLine }
    }
  }
}

/** Standard output, which the capture waits for. */
function stdoutSink(format: Format): Sink {
  const output = new FdOutput(1)
  const write = (text: string) => {
    const bytes = Buffer.from(text)
    output.write(bytes, bytes.length)
  }
  let isBegun = false
  const begin = () => {
    if (!isBegun) write(format.head())
    isBegun = true
  }
  return {
    put: (rows) => {
      begin()
      write(rows.join(''))
      return 0
    },
    close: () => {
      begin()
      write(format.tail())
      return Promise.resolve(0)
    },
  }
}
