// Every option has one name. It is a flag (--http-port), an environment variable (HELLOTAP_HTTP_PORT) and a key of the
// configuration file (http-port), in this precedence; what none of them sets has its default here and nowhere else.
// The three are laid over one another first and validated as a whole.

import { TUNNEL_KINDS, tunnelPortOf } from './model/tunnel-port.js'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type * as Yaml from 'yaml'
import * as z from 'zod/mini'
import {
  CAPTURE_RING_OCTETS,
  DEDUPE_SECONDS,
  CAPTURE_TIMEOUT_MILLIS,
  FLOW_LIMIT_OCTETS,
  MAX_FANOUT,
  MAX_FRAME_LEN,
  SNAPLEN,
} from './base/limits.js'
import { unknownName } from './base/nearest.js'
import { FINGERPRINTS } from './model/sighting.js'
import { ADDRESS_MODES, SNI_MODES } from './privacy/modes.js'

/** A mistake in flags, environment or configuration file: one line per mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'BAD_CONFIG'
}

/** Headings of the help, in its order. */
export const GROUP_NAMES = ['Capture', 'Store', 'API', 'Privacy', 'Output', 'Logs'] as const

interface Option {
  /** How the command line reads it. `list` takes several values, or one with commas. */
  readonly type: 'string' | 'number' | 'boolean' | 'list'
  readonly alias?: string
  /** Heading of the help that lists it. */
  readonly group: (typeof GROUP_NAMES)[number]
  /** What it means, with the unit of a number. */
  readonly describe: string
  /** The effective default, for the help, if `default` alone does not name it. */
  readonly shownDefault?: string
  readonly schema: z.ZodMiniType
  readonly default: unknown
}

const port = (zero: boolean) =>
  z.int().check(
    z.refine((value) => value >= (zero ? 0 : 1) && value <= 65_535, {
      error: zero
        ? 'must be a port from 1 to 65535, or 0 for none'
        : 'must be a port from 1 to 65535',
    }),
  )
const positive = (most: number) =>
  z.int().check(
    z.refine((value) => value >= 1 && value <= most, {
      error: `must be a whole number from 1 to ${most}`,
    }),
  )
const addressOrNet = z.string().check(
  z.refine(
    (text) => {
      const [address = '', bits, ...rest] = text.split('/')
      const family = isIP(address)
      if (family === 0 || rest.length > 0) return false
      return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
    },
    { error: 'must be an address or a network such as 10.0.0.0/8' },
  ),
)
const redisUrl = z.string().check(
  z.refine((text) => /^rediss?(\+sentinel|\+cluster)?:\/\/[^\s]+$|^unix:\/\/\/[^\s]+$/.test(text), {
    error:
      'must be a Redis URL such as redis://127.0.0.1:6379, rediss://host:6380/0 or unix:///run/redis.sock',
  }),
)
/** `127.0.0.1:5514`, `[::1]:5514`, or `5514` on 127.0.0.1; undefined where it is none of these. */
export function parseEndpoint(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, v6, v4, digits = ''] = /^(?:\[([^\]]*)\]:|([\d.]+):)?(\d{1,5})$/.exec(text) ?? []
  const host = v6 ?? v4 ?? '127.0.0.1'
  const port = Number(digits)
  return isIP(host) === (v6 === undefined ? 4 : 6) && isPort(port) ? { host, port } : undefined
}
const seconds = (most: number) => positive(most)

/** Ports watched live where none are named: what browsers talk to, and our own HTTPS. */
export const LIVE_PORTS: readonly number[] = [443, 8443]

/** Formats of sightings; parquet makes a folder. */
export const FORMATS = ['jsonl', 'table', 'csv', 'eve', 'ecs', 'zeek', 'parquet'] as const

/** All options. Values of the file and of the environment pass the same schemas as flags. */
export const OPTIONS = {
  interface: {
    type: 'list',
    alias: 'i',
    group: 'Capture',
    describe: 'interfaces to capture on',
    shownDefault: 'the interface of the default route, and loopback',
    schema: z.array(z.string().check(z.minLength(1, 'must name an interface'))),
    default: [],
  },
  ports: {
    type: 'list',
    alias: 'p',
    group: 'Capture',
    describe: 'TCP and UDP ports of TLS servers to watch',
    shownDefault: '443,8443 live, all ports in files',
    schema: z.optional(
      z.array(
        z.coerce.number().check(z.refine(isPort, { error: 'must be a port from 1 to 65535' })),
      ),
    ),
    default: undefined,
  },
  engine: {
    type: 'string',
    group: 'Capture',
    describe:
      'capture engine: native (libpcap, kernel timestamps, exact drop counts) or cap (npm package cap)',
    shownDefault: 'native if it is built',
    schema: z.optional(z.enum(['native', 'cap'], 'must be native or cap')),
    default: undefined,
  },
  ring: {
    type: 'number',
    group: 'Capture',
    describe: "MiB of the kernel's capture ring per interface",
    schema: positive(2_047),
    default: CAPTURE_RING_OCTETS >> 20,
  },
  snaplen: {
    type: 'number',
    group: 'Capture',
    describe: 'bytes kept of each frame',
    schema: positive(MAX_FRAME_LEN),
    default: SNAPLEN,
  },
  'capture-timeout': {
    type: 'number',
    group: 'Capture',
    describe: 'milliseconds the kernel may collect frames before it delivers them (native engine)',
    schema: positive(1_000),
    default: CAPTURE_TIMEOUT_MILLIS,
  },
  immediate: {
    type: 'boolean',
    group: 'Capture',
    describe: 'deliver each frame at once; every frame then takes a ring slot of the largest size',
    schema: z.boolean(),
    default: false,
  },
  fanout: {
    type: 'number',
    group: 'Capture',
    describe: 'capture processes per interface; the kernel distributes the flows among them',
    schema: positive(MAX_FANOUT),
    default: 1,
  },
  tunnels: {
    type: 'boolean',
    group: 'Capture',
    describe:
      'pass all tunnelled traffic through the in-kernel filter: VXLAN, GENEVE, GRE, ERSPAN, GTP-U, IP in IP, MPLS, PPPoE and more; --no-tunnels turns it off',
    shownDefault: 'true',
    schema: z.boolean(),
    default: true,
  },
  'tunnel-port': {
    type: 'list',
    group: 'Capture',
    describe:
      'additional UDP ports of tunnels as KIND=PORT, such as vxlan=7777 (kinds: vxlan, vxlan-gpe, geneve, gtpu, teredo, mpls, tzsp, hp-erm, capwap, l2tp, lisp, esp)',
    schema: z.array(
      z.string().check(
        z.refine((text) => tunnelPortOf(text) !== undefined, {
          error: `must be KIND=PORT, KIND one of ${TUNNEL_KINDS.join(', ')}`,
        }),
      ),
    ),
    default: [],
  },
  'flow-limit': {
    type: 'number',
    group: 'Capture',
    describe:
      'bytes the kernel passes per TCP flow and direction (needs CAP_BPF and the native engine); 0 passes all',
    schema: z.int().check(
      z.refine((value) => value === 0 || (value >= 1_024 && value <= 1 << 30), {
        error: 'must be 0, or from 1024 to 1073741824',
      }),
    ),
    default: FLOW_LIMIT_OCTETS,
  },
  'http-ports': {
    type: 'list',
    group: 'Capture',
    describe: 'ports of plain HTTP servers, such as 80, whose requests supply User-Agents',
    shownDefault: 'none',
    schema: z.array(
      z.coerce.number().check(z.refine(isPort, { error: 'must be a port from 1 to 65535' })),
    ),
    default: [],
  },
  redis: {
    type: 'string',
    group: 'Store',
    describe: 'URL of the Redis that stores sightings',
    shownDefault: 'none',
    schema: z.optional(redisUrl),
    default: undefined,
  },
  ttl: {
    type: 'number',
    group: 'Store',
    describe: 'seconds a sighting is stored',
    schema: seconds(366 * 86_400),
    default: 86_400,
  },
  'as-of': {
    type: 'string',
    group: 'Store',
    describe: "start of a sighting's lifetime in the store: capture (its own time) or now",
    schema: z.enum(['capture', 'now'], 'must be capture or now'),
    default: 'capture',
  },
  dedupe: {
    type: 'boolean',
    group: 'Store',
    describe: 'count each hello once in the store, even if several sensors or captures contain it',
    schema: z.boolean(),
    default: false,
  },
  'store-size': {
    type: 'number',
    group: 'Store',
    describe: 'MiB the store may use',
    shownDefault: '256 in memory, 8192 in Redis',
    schema: z.optional(positive(1 << 24)),
    default: undefined,
  },
  'per-ip': {
    type: 'number',
    group: 'Store',
    describe: 'sightings stored per address',
    schema: positive(100_000),
    default: 100,
  },
  spool: {
    type: 'number',
    group: 'Store',
    describe: 'sightings kept in memory while Redis is unreachable',
    schema: positive(10_000_000),
    default: 100_000,
  },
  host: {
    type: 'string',
    group: 'API',
    describe: 'address the API listens on',
    schema: z.string().check(
      z.refine((text) => isIP(text) !== 0 || text === 'localhost', {
        error: 'must be an IP address or localhost',
      }),
    ),
    default: '127.0.0.1',
  },
  'http-port': {
    type: 'number',
    group: 'API',
    describe: 'port of the API over HTTP; 0 disables it',
    schema: port(true),
    default: 8080,
  },
  'https-port': {
    type: 'number',
    group: 'API',
    describe: 'port of the API over HTTPS, with its own certificate; 0 disables it',
    schema: port(true),
    default: 8443,
  },
  'metrics-port': {
    type: 'number',
    group: 'API',
    describe: 'port of /metrics and /healthz of a sensor without API; 0 disables it',
    schema: port(true),
    default: 0,
  },
  'trusted-proxy': {
    type: 'list',
    group: 'API',
    describe:
      'addresses or networks of proxies whose X-Forwarded-For, X-Real-IP and X-Real-Port are trusted',
    shownDefault: 'none',
    schema: z.array(addressOrNet),
    default: [],
  },
  'access-log': {
    type: 'string',
    group: 'API',
    describe: "ADDRESS:PORT to receive nginx's access log by syslog, which supplies User-Agents",
    shownDefault: 'none',
    schema: z.optional(
      z.string().check(
        z.refine((text) => parseEndpoint(text) !== undefined, {
          error: 'must be an address and a port such as 127.0.0.1:5514',
        }),
      ),
    ),
    default: undefined,
  },
  'data-dir': {
    type: 'string',
    group: 'API',
    describe: 'folder of the certificate, the tokens and the Unix socket',
    shownDefault: '~/.local/share/hellotap',
    schema: z.optional(z.string().check(z.minLength(1, 'must name a folder'))),
    default: undefined,
  },
  public: {
    type: 'boolean',
    group: 'API',
    describe:
      'answer /stats, /metrics and the full /healthz without a token even if --host is not a loopback address',
    schema: z.boolean(),
    default: false,
  },
  socket: {
    type: 'string',
    group: 'API',
    describe: 'Unix socket of the API with full rights for the user who runs it',
    shownDefault: 'api.sock in --data-dir',
    schema: z.optional(z.string().check(z.minLength(1, 'must name a file'))),
    default: undefined,
  },
  'token-file': {
    type: 'string',
    group: 'API',
    describe: 'file with the token for a hellotap on another machine',
    shownDefault: 'none',
    schema: z.optional(z.string().check(z.minLength(1, 'must name a file'))),
    default: undefined,
  },
  'request-rate': {
    type: 'number',
    group: 'API',
    describe:
      'requests per second an address may send while others send requests too; 0 means no limit',
    schema: z.int().check(
      z.refine((value) => value >= 0 && value <= 1_000_000, {
        error: 'must be a whole number from 0 to 1000000',
      }),
    ),
    default: 50,
  },
  'privacy-address': {
    type: 'string',
    group: 'Privacy',
    describe:
      'form of stored client addresses: full, truncated (/24, /48) or hmac (keyed hash that changes daily)',
    schema: z.enum(ADDRESS_MODES, `must be one of ${ADDRESS_MODES.join(', ')}`),
    default: 'full',
  },
  'privacy-sni': {
    type: 'string',
    group: 'Privacy',
    describe:
      'form of stored server names: on, domain (registrable domain), hashed (keyed hash) or off',
    schema: z.enum(SNI_MODES, `must be one of ${SNI_MODES.join(', ')}`),
    default: 'on',
  },
  'privacy-key': {
    type: 'string',
    group: 'Privacy',
    describe: 'file with the key of the hashes, at least 16 bytes',
    shownDefault: 'a random key, in memory only',
    schema: z.optional(z.string().check(z.minLength(1, 'must name a file'))),
    default: undefined,
  },
  retention: {
    type: 'number',
    group: 'Store',
    describe: 'seconds after which everything about a client is deleted; limits --ttl',
    shownDefault: 'no limit',
    schema: z.optional(seconds(366 * 86_400)),
    default: undefined,
  },
  'stats-floor': {
    type: 'number',
    group: 'API',
    describe: 'clients a row of /stats needs to be shown; smaller rows are summed',
    schema: positive(1_000_000),
    default: 1,
  },
  sensor: {
    type: 'string',
    group: 'Capture',
    describe: 'name of this sensor in every sighting',
    shownDefault: 'none',
    schema: z.optional(
      z
        .string()
        .check(
          z.regex(/^[\w.:-]{1,64}$/, 'must be up to 64 letters, digits, dots, colons, hyphens'),
        ),
    ),
    default: undefined,
  },
  fingerprints: {
    type: 'list',
    alias: 'f',
    group: 'Capture',
    describe: 'fingerprints to compute',
    shownDefault: 'all',
    schema: z.optional(z.array(z.enum(FINGERPRINTS, `must be one of ${FINGERPRINTS.join(', ')}`))),
    default: undefined,
  },
  server: {
    type: 'boolean',
    group: 'Capture',
    describe:
      "add the server's answer: ja3s, version, cipher, group, ALPN, resumption, and before TLS 1.3 its certificate",
    schema: z.boolean(),
    default: false,
  },
  hello: {
    type: 'boolean',
    group: 'Capture',
    describe: 'include the hello in base64, with its secrets zeroed',
    schema: z.boolean(),
    default: false,
  },
  identify: {
    type: 'boolean',
    group: 'Capture',
    describe: 'add the TLS implementation that made each hello',
    schema: z.boolean(),
    default: false,
  },
  knowledge: {
    type: 'string',
    group: 'Capture',
    describe: 'JSON lines file that `learn` wrote',
    shownDefault: '~/.local/share/hellotap/knowledge.jsonl',
    schema: z.optional(z.string().check(z.minLength(1, 'must name a file'))),
    default: undefined,
  },
  follow: {
    type: 'boolean',
    alias: 'F',
    group: 'Capture',
    describe: 'continue with data appended to the file, until a signal',
    schema: z.boolean(),
    default: false,
  },
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
  jobs: {
    type: 'number',
    alias: 'j',
    group: 'Capture',
    describe: 'threads that read',
    shownDefault: 'one per core',
    schema: z.optional(positive(64)),
    default: undefined,
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
      '[FORMAT:]TARGET of sightings: a path, "-", unix:///path, tcp://host:port, syslog://host, syslog+udp://host, redis://host/0?stream=NAME',
    shownDefault: 'stdout',
    schema: z.array(z.string().check(z.minLength(1, 'must name a target'))),
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
  history: {
    type: 'string',
    group: 'Store',
    describe: 'folder of hourly Parquet files that sightings are written to',
    shownDefault: 'none',
    schema: z.optional(z.string().check(z.minLength(1, 'must name a folder'))),
    default: undefined,
  },
  'history-days': {
    type: 'number',
    group: 'Store',
    describe: 'days a sighting is kept in the history',
    shownDefault: 'no limit',
    schema: z.optional(positive(36_500)),
    default: undefined,
  },
  'history-size': {
    type: 'number',
    group: 'Store',
    describe: 'MiB the history may use; the oldest hours are deleted',
    shownDefault: 'no limit',
    schema: z.optional(positive(1 << 30)),
    default: undefined,
  },
  append: {
    type: 'boolean',
    group: 'Output',
    describe: 'add to a folder of Parquet files that is not empty',
    schema: z.boolean(),
    default: false,
  },
  link: {
    type: 'number',
    group: 'Capture',
    describe: "LINKTYPE_ value for all frames, overriding the captures' own",
    shownDefault: 'as the captures declare',
    schema: z.optional(
      z.int().check(
        z.refine((value) => value >= 0 && value <= 65_535, {
          error: 'must be a LINKTYPE_ value from 0 to 65535 (1 is Ethernet, 101 raw IP)',
        }),
      ),
    ),
    default: undefined,
  },
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof OPTIONS
export type Config = { readonly [Name in OptionName]: z.output<(typeof OPTIONS)[Name]['schema']> }

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535
}

/** Values by option name, not yet validated. */
export type RawConfig = Readonly<Record<string, unknown>>

const PREFIX = 'HELLOTAP_'

/** `HELLOTAP_HTTP_PORT` for `http-port`. */
export function environmentName(name: string): string {
  return `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Reads a YAML or JSON file of options; `loadConfig` refuses unknown ones.
 * @throws ConfigError naming the file and every fault of its syntax
 */
export function readConfigFile(path: string): RawConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`cannot read the configuration file ${path}: ${reason(cause)}`, { cause })
  }
  // Loaded only for a file: 30 ms.
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof Yaml
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw new ConfigError(
      document.errors
        .map((error) => `${path} is neither YAML nor JSON: ${error.message.trimEnd()}`)
        .join('\n'),
    )
  let value: unknown
  try {
    value = document.toJS()
  } catch (cause) {
    throw new ConfigError(`${path} cannot be resolved: ${reason(cause)}`, { cause })
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ConfigError(
      `${path} must hold options as "name: value" lines, such as "http-port: 8080"`,
    )
  return value as RawConfig
}

/** Variables of the environment that are no options: the file of options, and two for child processes. */
const OTHER_VARIABLES = new Set(['HELLOTAP_CONFIG', 'HELLOTAP_LAUNCHER', 'HELLOTAP_CAPTURE'])

/** Kubernetes sets such variables in every pod beside a service named "hellotap". */
const isOfKubernetes = (name: string, text: string) =>
  /^HELLOTAP_(SERVICE_|PORT_\d)/.test(name) ||
  (name === 'HELLOTAP_PORT' && /^(tcp|udp):/.test(text))

/** The options set in the environment, as text, unknown ones included: `loadConfig` refuses them. */
export function environmentConfig(env: Readonly<Record<string, string | undefined>>): RawConfig {
  const raw: [string, string][] = []
  for (const [variable, text = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || OTHER_VARIABLES.has(variable)) continue
    if (isOfKubernetes(variable, text)) continue
    const name = variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-')
    if (text !== '' || !isOption(name)) raw.push([name, text])
  }
  return Object.fromEntries(raw)
}

/**
 * Lays flags over environment over file over defaults and validates the whole.
 * @throws ConfigError with a line for each mistake, naming where the value came from
 */
export function loadConfig(flags: RawConfig, env: RawConfig, file: RawConfig): Config {
  const names = Object.keys(OPTIONS) as OptionName[]
  const config: Record<string, unknown> = {}
  const mistakes = [
    ...unknownOf(env).map((name) =>
      unknownName('environment variable', environmentName(name), names.map(environmentName)),
    ),
    ...unknownOf(file).map(
      (name) => `${unknownName('option', name, names)} (in the configuration file)`,
    ),
  ]
  for (const name of names) {
    const option: Option = OPTIONS[name]
    const from =
      flags[name] !== undefined
        ? { value: flags[name], source: `--${name}` }
        : env[name] !== undefined
          ? { value: env[name], source: environmentName(name) }
          : { value: file[name] ?? option.default, source: `${name} in the configuration file` }
    const checked = option.schema.safeParse(fromText(option, from.value))
    if (checked.success) {
      config[name] = checked.data
      continue
    }
    const issue = checked.error.issues[0]
    const shown = at(fromText(option, from.value), issue?.path[0])
    mistakes.push(`${from.source} ${plain(issue?.message, option)}, not ${JSON.stringify(shown)}`)
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes.join('\n'))
  return Object.freeze(config) as Config
}

/** Whether `name` names an option; `constructor` and `__proto__` do not. */
const isOption = (name: string) => Object.hasOwn(OPTIONS, name)

const unknownOf = (raw: RawConfig) => Object.keys(raw).filter((name) => !isOption(name))

/** Text of flags and environment as the option's type; anything else stays for the schema to refuse. */
function fromText(option: Option, value: unknown): unknown {
  if (value === undefined) return undefined
  if (option.type === 'list') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    return items.flatMap((item) =>
      typeof item === 'string' ? item.split(',').map((part) => part.trim()) : [item],
    )
  }
  if (option.type === 'number' && typeof value === 'string' && /^\d+$/.test(value.trim()))
    return Number(value)
  if (option.type === 'boolean' && typeof value === 'string')
    return /^(1|true|yes|on)$/i.test(value) || (/^(0|false|no|off)$/i.test(value) ? false : value)
  return value
}

function at(value: unknown, index: PropertyKey | undefined): unknown {
  return Array.isArray(value) && typeof index === 'number' ? value[index] : value
}

const PLAIN_TYPE: Readonly<Record<Option['type'], string>> = {
  string: 'a string',
  number: 'a whole number',
  boolean: 'true or false',
  list: 'a list of values',
}

/** zod's own words for a wrong type are not an operator's. */
function plain(message: string | undefined, option: Option): string {
  if (message !== undefined && !message.startsWith('Invalid')) return message
  return `must be ${PLAIN_TYPE[option.type]}`
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The store's bounds as configured. */
export function storeLimits(config: {
  ttl: number
  'per-ip': number
  spool: number
  retention?: number | undefined
  dedupe?: boolean
  'store-size'?: number | undefined
}) {
  const ttlSeconds = Math.min(config.ttl, config.retention ?? Infinity)
  const mib = config['store-size']
  return {
    ttlSeconds,
    perIp: config['per-ip'],
    spool: config.spool,
    ...(mib === undefined ? {} : { mib }),
    ...(config.dedupe === true ? { dedupeSeconds: DEDUPE_SECONDS } : {}),
  }
}
