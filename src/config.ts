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
import { FINGERPRINTS } from './model/sighting.js'
import { ADDRESS_MODES, SNI_MODES } from './privacy/modes.js'

/** A mistake in flags, environment or configuration file: one line per mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'BAD_CONFIG'
}

interface Option {
  /** How the command line reads it. `list` takes several values, or one with commas. */
  readonly type: 'string' | 'number' | 'boolean' | 'list'
  readonly alias?: string
  readonly describe: string
  readonly schema: z.ZodMiniType
  readonly default: unknown
}

const port = (zero: boolean) =>
  z.int().check(
    z.refine((value) => value >= (zero ? 0 : 1) && value <= 65_535, {
      error: zero ? 'is a port from 1 to 65535, or 0 for none' : 'is a port from 1 to 65535',
    }),
  )
const positive = (most: number) =>
  z.int().check(
    z.refine((value) => value >= 1 && value <= most, {
      error: `is a whole number from 1 to ${most}`,
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
    { error: 'is an address or a network such as 10.0.0.0/8' },
  ),
)
const redisUrl = z.string().check(
  z.refine((text) => /^rediss?(\+sentinel|\+cluster)?:\/\/[^\s]+$|^unix:\/\/\/[^\s]+$/.test(text), {
    error: 'is a Redis URL such as redis://127.0.0.1:6379 or rediss://user:password@host:6380/0',
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
    describe: 'interfaces to capture on (default: the default route’s and loopback)',
    schema: z.array(z.string().check(z.minLength(1, 'names an interface'))),
    default: [],
  },
  ports: {
    type: 'list',
    alias: 'p',
    describe: 'ports of TLS servers to watch (default: 443,8443 live, every port in files)',
    schema: z.optional(
      z.array(z.coerce.number().check(z.refine(isPort, { error: 'is a port from 1 to 65535' }))),
    ),
    default: undefined,
  },
  engine: {
    type: 'string',
    describe:
      'what captures: native (libpcap, kernel time, exact counts of drops) or cap (npm cap) (default: native where it is built)',
    schema: z.optional(z.enum(['native', 'cap'], 'is native or cap')),
    default: undefined,
  },
  ring: {
    type: 'number',
    describe: 'MiB of the kernel’s ring for frames not yet read, an interface',
    schema: positive(2_047),
    default: CAPTURE_RING_OCTETS >> 20,
  },
  snaplen: {
    type: 'number',
    describe: 'octets kept of each frame',
    schema: positive(MAX_FRAME_LEN),
    default: SNAPLEN,
  },
  'capture-timeout': {
    type: 'number',
    describe:
      'milliseconds the kernel may hold a frame back to hand over several at once (native engine)',
    schema: positive(1_000),
    default: CAPTURE_TIMEOUT_MILLIS,
  },
  immediate: {
    type: 'boolean',
    describe:
      'have the kernel tell of each frame at once, at the cost of a ring slot of the greatest size for each',
    schema: z.boolean(),
    default: false,
  },
  fanout: {
    type: 'number',
    describe: 'capture processes an interface, among which the kernel deals out its flows',
    schema: positive(MAX_FANOUT),
    default: 1,
  },
  tunnels: {
    type: 'boolean',
    describe:
      'have the in-kernel filter pass all that is in tunnels: VXLAN, GENEVE, GRE, ERSPAN, GTP-U, IP in IP, MPLS, PPPoE and more (default: true)',
    schema: z.boolean(),
    default: true,
  },
  'tunnel-port': {
    type: 'list',
    describe:
      'UDP ports of tunnels besides the usual ones, as vxlan=7777 (vxlan, vxlan-gpe, geneve, gtpu, teredo, mpls, tzsp, hp-erm, capwap, l2tp, lisp, esp)',
    schema: z.array(
      z.string().check(
        z.refine((text) => tunnelPortOf(text) !== undefined, {
          error: `is KIND=PORT, KIND one of ${TUNNEL_KINDS.join(', ')}`,
        }),
      ),
    ),
    default: [],
  },
  'flow-limit': {
    type: 'number',
    describe:
      'octets the kernel passes of each TCP flow and direction, where it may (CAP_BPF, native engine), 0 for all',
    schema: z.int().check(
      z.refine((value) => value === 0 || (value >= 1_024 && value <= 1 << 30), {
        error: 'is 0, or from 1024 to 1073741824',
      }),
    ),
    default: FLOW_LIMIT_OCTETS,
  },
  'http-ports': {
    type: 'list',
    describe:
      'ports of plain HTTP servers, such as 80, whose requests teach User-Agents (default: none)',
    schema: z.array(
      z.coerce.number().check(z.refine(isPort, { error: 'is a port from 1 to 65535' })),
    ),
    default: [],
  },
  redis: {
    type: 'string',
    describe: 'Redis to keep sightings in (default: memory of this process)',
    schema: z.optional(redisUrl),
    default: undefined,
  },
  ttl: {
    type: 'number',
    describe: 'seconds a sighting is kept',
    schema: seconds(366 * 86_400),
    default: 86_400,
  },
  'as-of': {
    type: 'string',
    describe:
      'capture or now: whether sightings read into a store are kept from their own time on or from now on',
    schema: z.enum(['capture', 'now'], 'is capture or now'),
    default: 'capture',
  },
  dedupe: {
    type: 'boolean',
    describe: 'count each hello once in the store, however many sensors see it or captures hold it',
    schema: z.boolean(),
    default: false,
  },
  'store-size': {
    type: 'number',
    describe: 'MiB the store may hold (default: 256 in memory, 8192 in Redis)',
    schema: z.optional(positive(1 << 24)),
    default: undefined,
  },
  'per-ip': {
    type: 'number',
    describe: 'sightings kept per address',
    schema: positive(100_000),
    default: 100,
  },
  spool: {
    type: 'number',
    describe: 'sightings that may wait while Redis is away',
    schema: positive(10_000_000),
    default: 100_000,
  },
  host: {
    type: 'string',
    describe: 'address the API listens on',
    schema: z.string().check(
      z.refine((text) => isIP(text) !== 0 || text === 'localhost', {
        error: 'is an IP address or localhost',
      }),
    ),
    default: '127.0.0.1',
  },
  'http-port': {
    type: 'number',
    describe: 'port of the API over HTTP, 0 for none',
    schema: port(true),
    default: 8080,
  },
  'https-port': {
    type: 'number',
    describe: 'port of the API over HTTPS with its own certificate, 0 for none',
    schema: port(true),
    default: 8443,
  },
  'metrics-port': {
    type: 'number',
    describe: 'port where a sensor of its own tells /metrics and /healthz, 0 for none',
    schema: port(true),
    default: 0,
  },
  'trusted-proxy': {
    type: 'list',
    describe:
      'proxies whose X-Forwarded-For, X-Real-IP and X-Real-Port are believed (addresses, networks)',
    schema: z.array(addressOrNet),
    default: [],
  },
  'access-log': {
    type: 'string',
    describe:
      'ADDRESS:PORT where nginx sends its access log by syslog: it teaches whose User-Agent is whose',
    schema: z.optional(
      z.string().check(
        z.refine((text) => parseEndpoint(text) !== undefined, {
          error: 'is an address and a port such as 127.0.0.1:5514',
        }),
      ),
    ),
    default: undefined,
  },
  'data-dir': {
    type: 'string',
    describe: 'folder for the certificate made at first start (default: ~/.local/share/hellotap)',
    schema: z.optional(z.string().check(z.minLength(1, 'names a folder'))),
    default: undefined,
  },
  public: {
    type: 'boolean',
    describe:
      'answer /stats, /metrics and all of /healthz without a token although --host is not a loopback address',
    schema: z.boolean(),
    default: false,
  },
  socket: {
    type: 'string',
    describe:
      'Unix socket of the API for the user who runs it, with every right (default: api.sock in --data-dir)',
    schema: z.optional(z.string().check(z.minLength(1, 'names a file'))),
    default: undefined,
  },
  'token-file': {
    type: 'string',
    describe: 'file with the token to ask a hellotap on another machine with',
    schema: z.optional(z.string().check(z.minLength(1, 'names a file'))),
    default: undefined,
  },
  'request-rate': {
    type: 'number',
    describe: 'requests a second that an address may send while others ask as well, 0 for no limit',
    schema: z.int().check(
      z.refine((value) => value >= 0 && value <= 1_000_000, {
        error: 'is a whole number from 0 to 1000000',
      }),
    ),
    default: 50,
  },
  'privacy-address': {
    type: 'string',
    describe:
      'how client addresses are stored: full, truncated (/24, /48), or hmac (a keyed hash, another every day)',
    schema: z.enum(ADDRESS_MODES, `is one of ${ADDRESS_MODES.join(', ')}`),
    default: 'full',
  },
  'privacy-sni': {
    type: 'string',
    describe:
      'how server names are stored: on, domain (registrable domain), hashed (keyed), or off',
    schema: z.enum(SNI_MODES, `is one of ${SNI_MODES.join(', ')}`),
    default: 'on',
  },
  'privacy-key': {
    type: 'string',
    describe: 'file with the key of the hashes, 16 bytes or more',
    schema: z.optional(z.string().check(z.minLength(1, 'names a file'))),
    default: undefined,
  },
  retention: {
    type: 'number',
    describe: 'seconds after which nothing about a client is stored any more: bounds --ttl',
    schema: z.optional(seconds(366 * 86_400)),
    default: undefined,
  },
  'stats-floor': {
    type: 'number',
    describe: 'clients a row of /stats needs to stand alone; rows of fewer are summed up',
    schema: positive(1_000_000),
    default: 1,
  },
  sensor: {
    type: 'string',
    describe: 'name of this sensor in every sighting',
    schema: z.optional(
      z
        .string()
        .check(z.regex(/^[\w.:-]{1,64}$/, 'is up to 64 letters, digits, dots, colons, hyphens')),
    ),
    default: undefined,
  },
  fingerprints: {
    type: 'list',
    alias: 'f',
    describe: 'fingerprints to make (default: every one)',
    schema: z.optional(z.array(z.enum(FINGERPRINTS, `is one of ${FINGERPRINTS.join(', ')}`))),
    default: undefined,
  },
  server: {
    type: 'boolean',
    describe:
      'add what the server answered: ja3s, version, cipher, group, ALPN, resumption, and before TLS 1.3 its certificate',
    schema: z.boolean(),
    default: false,
  },
  hello: {
    type: 'boolean',
    describe: 'carry the hello itself, secrets zeroed, in base64',
    schema: z.boolean(),
    default: false,
  },
  identify: {
    type: 'boolean',
    describe: 'tell which TLS implementation made each hello',
    schema: z.boolean(),
    default: false,
  },
  knowledge: {
    type: 'string',
    describe: 'JSON lines that `learn` wrote (default: ~/.local/share/hellotap/knowledge.jsonl)',
    schema: z.optional(z.string().check(z.minLength(1, 'names a file'))),
    default: undefined,
  },
  follow: {
    type: 'boolean',
    alias: 'F',
    describe: 'go on with what is appended to the file, until a signal',
    schema: z.boolean(),
    default: false,
  },
  quiet: {
    type: 'boolean',
    alias: 'q',
    describe: 'say nothing on stderr but what is wrong',
    schema: z.boolean(),
    default: false,
  },
  'log-format': {
    type: 'string',
    describe: 'how events are logged on stderr: text, json, or auto, which is text on a terminal',
    schema: z.enum(['auto', 'text', 'json'], 'is auto, text or json'),
    default: 'auto',
  },
  'log-level': {
    type: 'string',
    describe: 'least level of what is logged: debug, info, warn or error',
    schema: z.enum(['debug', 'info', 'warn', 'error'], 'is debug, info, warn or error'),
    default: 'info',
  },
  jobs: {
    type: 'number',
    alias: 'j',
    describe: 'threads that read (default: one a core)',
    schema: z.optional(positive(64)),
    default: undefined,
  },
  format: {
    type: 'string',
    describe:
      'how sightings are printed: jsonl, table, csv, eve, ecs, zeek, or parquet into the folder of -o (default: table on a terminal, else jsonl)',
    schema: z.optional(z.enum(FORMATS, `is one of ${FORMATS.join(', ')}`)),
    default: undefined,
  },
  output: {
    type: 'list',
    alias: 'o',
    describe:
      '[FORMAT:]TARGET of sightings: a path, "-", unix:///path, tcp://host:port, syslog://host, syslog+udp://host, redis://host/0?stream=NAME (default: stdout)',
    schema: z.array(z.string().check(z.minLength(1, 'names a target'))),
    default: [],
  },
  'rotate-size': {
    type: 'number',
    describe: 'MiB after which an output file is renamed and another begun',
    schema: z.optional(positive(1 << 20)),
    default: undefined,
  },
  'rotate-every': {
    type: 'number',
    describe: 'seconds after which an output file is renamed and another begun',
    schema: z.optional(positive(31_536_000)),
    default: undefined,
  },
  'rotate-keep': {
    type: 'number',
    describe: 'renamed output files kept; the oldest are removed (default: all)',
    schema: z.optional(positive(100_000)),
    default: undefined,
  },
  history: {
    type: 'string',
    describe: 'folder of Parquet files by day and hour that sightings are written to',
    schema: z.optional(z.string().check(z.minLength(1, 'names a folder'))),
    default: undefined,
  },
  'history-days': {
    type: 'number',
    describe: 'days a sighting stays in the history (default: no limit)',
    schema: z.optional(positive(36_500)),
    default: undefined,
  },
  'history-size': {
    type: 'number',
    describe: 'MiB the history may take; the oldest hours are removed (default: no limit)',
    schema: z.optional(positive(1 << 30)),
    default: undefined,
  },
  append: {
    type: 'boolean',
    describe: 'add to a folder of Parquet files that is not empty',
    schema: z.boolean(),
    default: false,
  },
  link: {
    type: 'number',
    describe: 'LINKTYPE_ value to read all frames as, in place of what the captures say',
    schema: z.optional(
      z.int().check(
        z.refine((value) => value >= 0 && value <= 65_535, {
          error: 'is a LINKTYPE_ value from 0 to 65535 (1 is Ethernet, 101 raw IP)',
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

/** `HELLOTAP_HTTP_PORT` for `http-port`. */
export function environmentName(name: string): string {
  return `HELLOTAP_${name.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Reads a YAML or JSON file of options.
 * @throws ConfigError naming the file and what to do
 */
export function readConfigFile(path: string): RawConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`cannot read the configuration file ${path}: ${reason(cause)}`, { cause })
  }
  let value: unknown
  try {
    // Loaded where there is a file to read: 30 ms.
    const { parse } = createRequire(import.meta.url)('yaml') as typeof Yaml
    value = parse(text)
  } catch (cause) {
    throw new ConfigError(`${path} is neither YAML nor JSON: ${reason(cause)}`, { cause })
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ConfigError(
      `${path} must hold options as "name: value" lines, such as "http-port: 8080"`,
    )
  const unknown = Object.keys(value).filter((key) => !(key in OPTIONS))
  if (unknown.length > 0)
    throw new ConfigError(
      `${path}: unknown option ${unknown.join(', ')}. Known: ${Object.keys(OPTIONS).join(', ')}`,
    )
  return value as RawConfig
}

/** The options set in the environment, as text. */
export function environmentConfig(env: Readonly<Record<string, string | undefined>>): RawConfig {
  const raw: Record<string, unknown> = {}
  for (const name of Object.keys(OPTIONS)) {
    const text = env[environmentName(name)]
    if (text !== undefined && text !== '') raw[name] = text
  }
  return raw
}

/**
 * Lays flags over environment over file over defaults and validates the whole.
 * @throws ConfigError with a line for each mistake, naming where the value came from
 */
export function loadConfig(flags: RawConfig, env: RawConfig, file: RawConfig): Config {
  const config: Record<string, unknown> = {}
  const mistakes: string[] = []
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
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
  return `is ${PLAIN_TYPE[option.type]}`
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
