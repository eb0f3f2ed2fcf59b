import { ConfigError } from './config/config-error.js'
import type { Config } from './config.js'
import { HistoryThread, isEmptyFolder } from './history/history-thread.js'
import type { HistoryOptions } from './history/history-thread.js'
import type { TextFormat } from './output/format.js'
import { ConsumersOutput } from './output/lines-output.js'
import type { LinesConsumer, LinesOutput } from './output/lines-output.js'
import { parseOutputSpec } from './output/output-spec.js'
import type { OutputSpec } from './output/output-spec.js'
import { Outputs } from './output/outputs.js'
import type { SinkEvents } from './output/sink.js'
import { isColoured, terminalWidth } from './output/terminal.js'

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
  readonly history: HistoryThread | undefined
  readonly isPatient: boolean
}

export interface ConsumersOptions extends SinkEvents {
  readonly isLive: boolean
  readonly onHistory?: HistoryOptions['onEvent']
}

/** Opens the outputs of the configuration, as `read` and `capture` do. @throws ConfigError, OutputError */
export async function openConsumers(
  config: Config,
  { isLive, ...events }: ConsumersOptions,
): Promise<Consumers> {
  const history = openHistory(config, isLive, events.onHistory)
  const isParquet = config.format === 'parquet'
  const specs = isParquet ? [] : config.output.map(specOf)
  const format = isParquet ? 'jsonl' : (config.format ?? usualFormat(specs))
  const isStdout =
    (specs.length === 0 && history === undefined) || (config.format !== undefined && !isParquet)
  if (isStdout) specs.push({ format: undefined, target: { kind: 'stdout' } })
  const outputs =
    specs.length === 0
      ? undefined
      : await Outputs.open(specs, {
          format,
          isLive,
          ...events,
          terminal: { width: terminalWidth(), isColoured: isColoured() },
          now: () => new Date(),
          rotate: {
            maxBytes: times(config['rotate-size'], MEBIBYTE),
            everyMillis: times(config['rotate-every'], 1000),
            keep: config['rotate-keep'],
          },
        })
  return {
    consumers: [outputs, history].filter((each) => each !== undefined),
    outputs,
    history,
    isPatient: history !== undefined || outputs?.isSynchronous === false,
  }
}

/** The history of `--history`, or of `--format parquet -o FOLDER`. */
function openHistory(
  config: Config,
  isLive: boolean,
  onEvent: HistoryOptions['onEvent'],
): HistoryThread | undefined {
  const retention = {
    days: config['history-days'],
    bytes: times(config['history-size'], MEBIBYTE),
  }
  const options = { isLive, retention, ...(onEvent && { onEvent }) }
  if (config.format === 'parquet') {
    const [folder, ...more] = config.output
    if (folder === undefined || more.length > 0 || config.history !== undefined)
      throw new ConfigError('--format parquet writes into one folder: name it by -o FOLDER')
    if (!config.append && !isEmptyFolder(folder))
      throw new ConfigError(`the folder ${folder} is not empty: name another one, or add --append`)
    return new HistoryThread({ ...options, folder })
  }
  return config.history === undefined
    ? undefined
    : new HistoryThread({ ...options, folder: config.history })
}

/** A table for a person, JSON lines for a program. */
function usualFormat(specs: readonly OutputSpec[]): TextFormat {
  const isToTerminal = process.stdout.isTTY && specs.every(({ target }) => target.kind === 'stdout')
  return isToTerminal ? 'table' : 'jsonl'
}

function specOf(text: string): OutputSpec {
  const spec = parseOutputSpec(text)
  if (typeof spec === 'string') throw new ConfigError(`--output: ${spec}`)
  return spec
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}
