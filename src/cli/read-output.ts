import { ConfigError } from '../config.js'
import type { Config } from '../config.js'
import type { TextFormat } from '../output/format.js'
import { ConsumersOutput } from '../output/lines-output.js'
import type { LinesConsumer, LinesOutput } from '../output/lines-output.js'
import { parseOutputSpec } from '../output/output-spec.js'
import type { OutputSpec } from '../output/output-spec.js'
import { Outputs } from '../output/outputs.js'
import type { SinkEvents } from '../output/sink.js'
import { STDIN_WORD } from './stdin-word.js'

/** Characters of a line where that is not known. */
const USUAL_WIDTH = 120
const MEBIBYTE = 1 << 20

/** Outputs of `read` other than plain JSON lines to stdout. */
export interface ReadOutput extends LinesOutput {
  /** Whether the reader has to wait for its receivers: one thread reads then. */
  readonly isPatient: boolean
  /** Writes what waits. @throws OutputClosed, OutputError */
  close(): Promise<void>
}

/** Opens what `--format`, `-o` and `--history` ask for. @throws ConfigError, OutputError */
export async function openReadOutput(config: Config): Promise<ReadOutput> {
  const { consumers, isPatient } = await openConsumers(config, { isLive: false })
  const output = new ConsumersOutput(consumers)
  return Object.assign(output, { isPatient })
}

export interface Consumers {
  readonly consumers: readonly LinesConsumer[]
  readonly outputs: Outputs | undefined
  readonly isPatient: boolean
}

/** Opens the outputs of the configuration, as `read` and `capture` do. @throws ConfigError, OutputError */
export async function openConsumers(
  config: Config,
  { isLive, ...events }: { readonly isLive: boolean } & SinkEvents,
): Promise<Consumers> {
  const specs = config.output.map(specOf)
  const format = config.format ?? usualFormat(specs)
  const isStdout =
    specs.length === 0 && (config.format !== undefined || config.history === undefined)
  if (isStdout) specs.push({ format: undefined, target: { kind: 'stdout' } })
  if (format === 'parquet') throw new ConfigError('--format parquet needs -o FOLDER')
  const outputs =
    specs.length === 0
      ? undefined
      : await Outputs.open(specs, {
          format,
          isLive,
          ...events,
          terminal: { width: process.stdout.columns || USUAL_WIDTH, isColoured: isColoured() },
          now: () => new Date(),
          rotate: {
            maxBytes: times(config['rotate-size'], MEBIBYTE),
            everyMillis: times(config['rotate-every'], 1000),
            keep: config['rotate-keep'],
          },
        })
  return {
    consumers: outputs === undefined ? [] : [outputs],
    outputs,
    isPatient: outputs?.isSynchronous === false,
  }
}

/** A table for a person, JSON lines for a program. */
function usualFormat(specs: readonly OutputSpec[]): TextFormat {
  const isToTerminal = process.stdout.isTTY && specs.every(({ target }) => target.kind === 'stdout')
  return isToTerminal ? 'table' : 'jsonl'
}

/** https://no-color.org: set to anything but "", it asks for no colour. */
function isColoured(): boolean {
  return process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === ''
}

function specOf(text: string): OutputSpec {
  const spec = parseOutputSpec(text === STDIN_WORD ? '-' : text)
  if (typeof spec === 'string') throw new ConfigError(`--output: ${spec}`)
  return spec
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}
