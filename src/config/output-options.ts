import * as z from 'zod/mini'
import type { Option } from './option.js'
import { named, positive } from './schemas.js'

/** Formats of sightings; parquet writes a folder. */
const FORMATS = ['jsonl', 'table', 'csv', 'eve', 'ecs', 'zeek', 'parquet'] as const

/** Options of output and of log lines. */
export const OUTPUT_OPTIONS = {
  quiet: {
    type: 'boolean',
    alias: 'q',
    group: 'Logs',
    describe: 'print only problems on stderr',
    schema: z.boolean(),
    default: false,
  },
  'log-format': {
    type: 'string',
    group: 'Logs',
    describe: 'format of log lines on stderr: text, json or auto (text on a terminal)',
    schema: z.enum(['auto', 'text', 'json'], 'must be auto, text or json'),
    default: 'auto',
  },
  'log-level': {
    type: 'string',
    group: 'Logs',
    describe: 'lowest level that is logged: debug, info, warn or error',
    schema: z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error'),
    default: 'info',
  },
  format: {
    type: 'string',
    group: 'Output',
    describe:
      'format of printed sightings: jsonl, table, csv, eve, ecs, zeek, or parquet into the folder of -o',
    shownDefault: 'table on a terminal, else jsonl',
    schema: z.optional(z.enum(FORMATS, `must be one of ${FORMATS.join(', ')}`)),
    default: undefined,
  },
  output: {
    type: 'list',
    alias: 'o',
    group: 'Output',
    describe:
      '[FORMAT:]TARGET of sightings: a path, "-", unix:///path, tcp://host:port, syslog://host, syslog+udp://host, redis://host/0?stream=NAME, kafka://host:9092/TOPIC',
    shownDefault: 'stdout',
    schema: z.array(named('a target')),
    default: [],
  },
  'rotate-size': {
    type: 'number',
    group: 'Output',
    describe: 'MiB after which an output file is renamed and a new one started',
    shownDefault: 'no limit',
    schema: z.optional(positive(1 << 20)),
    default: undefined,
  },
  'rotate-every': {
    type: 'number',
    group: 'Output',
    describe: 'seconds after which an output file is renamed and a new one started',
    shownDefault: 'no limit',
    schema: z.optional(positive(31_536_000)),
    default: undefined,
  },
  'rotate-keep': {
    type: 'number',
    group: 'Output',
    describe: 'renamed output files to keep; older ones are deleted',
    shownDefault: 'all',
    schema: z.optional(positive(100_000)),
    default: undefined,
  },
  append: {
    type: 'boolean',
    group: 'Output',
    describe: 'add to a folder of Parquet files that is not empty',
    schema: z.boolean(),
    default: false,
  },
} as const satisfies Record<string, Option>
