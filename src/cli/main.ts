// The command line. Exit codes: 0 done, 1 failed, 2 bad usage. A command a file, loaded when it is called:
// the bulk reader must not pay for the API's packages.

import yargs from 'yargs'
import type { Argv } from 'yargs'
import { explain } from './explain.js'
import { OPTIONS } from '../config/options.js'
import { unknownName } from '../base/nearest.js'
import { HISTORY, OUTPUT, PARSER_CONFIGURATION, READ, withOptions } from './options.js'
import { log } from '../telemetry/log.js'
import { STDIN_WORD } from './stdin-word.js'
import { version } from '../telemetry/version.js'

/** The command the words chose, with its arguments: thrown out of yargs. */
class Chosen extends Error {
  readonly run: () => Promise<number>

  constructor(run: () => Promise<number>) {
    super()
    this.run = run
  }
}

/**
 * Has a command run once yargs is left. From a handler that returns, yargs goes on to compose the command's help, shown
 * or not: 35 ms.
 */
function run(command: () => Promise<number>): never {
  throw new Chosen(command)
}

const STORE = ['redis', 'ttl', 'per-ip', 'spool', 'store-size', 'dedupe', 'retention'] as const
const PRIVACY = ['privacy-address', 'privacy-sni', 'privacy-key'] as const
const CAPTURE = [
  'engine',
  'ring',
  'snaplen',
  'capture-timeout',
  'immediate',
  'fanout',
  'flow-limit',
] as const
const SENSOR = [
  'interface',
  'ports',
  'http-ports',
  'tunnels',
  'tunnel-port',
  'sensor',
  'fingerprints',
  'server',
  ...CAPTURE,
] as const
const LOG = ['log-format', 'log-level'] as const
const API = [
  'host',
  'http-port',
  'https-port',
  'public',
  'socket',
  'trusted-proxy',
  'access-log',
  'data-dir',
  'request-rate',
  'stats-floor',
] as const

// yargs loses a "-" among several positional words; it goes through as a name no file can have
const words = process.argv.slice(2).map((word) => (word === '-' ? STDIN_WORD : word))

const ALIASES: Readonly<Record<string, string>> = {
  help: 'h',
  ...Object.fromEntries(
    Object.entries(OPTIONS).flatMap(([name, option]) =>
      'alias' in option ? [[name, option.alias]] : [],
    ),
  ),
}

/** Every command, for the help of an unknown one. */
const COMMANDS = [
  ...['up', 'capture', 'serve', 'read', 'identify', 'learn', 'top', 'batch', 'search'],
  ...[
    'interfaces',
    'filter',
    'doctor',
    'lookup',
    'token',
    'check',
    'diff',
    'refingerprint',
    'registry',
  ],
]

const parser: Argv = yargs(words)
  .scriptName('hellotap')
  .usage(
    '$0 <command>\n\nFingerprints every TLS ClientHello on the wire and identifies its client.',
  )
  .parserConfiguration(PARSER_CONFIGURATION)
  .command(
    'up',
    'capture, store and serve on this machine',
    (command) =>
      withOptions(command, [...SENSOR, ...STORE, ...HISTORY, ...PRIVACY, ...API, ...LOG], {
        redis: 'memory of this process',
      })
        .example('$0 up', 'the default interface and loopback; page on http://127.0.0.1:8080')
        .example('$0 up -i eth1 --ports 443,993', 'a span port, HTTPS and IMAPS')
        .example('$0 up --redis redis://127.0.0.1:6379', 'sightings survive a restart'),
    (args) => run(async () => (await import('./up-command.js')).up(args)),
  )
  .command(
    'capture',
    'run the sensor: capture hellos and write sightings to Redis, files or stdout',
    (command) =>
      withOptions(command, [
        ...SENSOR,
        ...STORE,
        ...PRIVACY,
        ...OUTPUT,
        'host',
        'metrics-port',
        'public',
        'data-dir',
        ...LOG,
      ])
        .option('stdout', {
          type: 'boolean',
          describe: 'print sightings as JSON lines instead of storing them',
        })
        // for the process that `up` starts
        .option('rows', { type: 'boolean', hidden: true })
        .example('$0 capture -i eth1 --redis redis://127.0.0.1:6379', 'supplies the API of `serve`')
        .example(
          '$0 capture -i eth0 lo --stdout | jq -r .ja4',
          'live fingerprints for other tools',
        ),
    (args) => run(async () => (await import('./capture-command.js')).capture(args)),
  )
  .command(
    'serve',
    'run the API and the page on the sightings in Redis',
    (command) =>
      withOptions(command, [...STORE, 'history', ...PRIVACY, ...API, ...LOG], {
        redis: 'none, required',
      })
        .example('$0 serve --redis redis://127.0.0.1:6379', 'the sightings that `capture` wrote')
        .example('$0 serve --redis redis://10.0.0.5 --trusted-proxy 127.0.0.1', 'behind nginx'),
    (args) => run(async () => (await import('./serve-command.js')).serve(args)),
  )
  .command(
    'read <file..>',
    'print one JSON line per hello of saved captures ("-" is stdin)',
    (command) =>
      withOptions(command, READ)
        .positional('file', { type: 'string', array: true, demandOption: true })
        .example('$0 read capture.pcapng', 'pcap, pcapng and others, plain or compressed')
        .example(
          '$0 read -f ja3,ja4 *.pcap | jq -r .ja4 | sort | uniq -c',
          'count the JA4s of a folder',
        )
        .example('$0 read --format csv -o hellos.csv *.pcap', 'or eve, ecs, zeek, parquet')
        .example('tcpdump -w - | $0 read -', 'from another capture program')
        .example('$0 read --follow ring.pcap', 'a capture that another program still writes'),
    (args) => run(async () => (await import('./read-command.js')).read(args)),
  )
  .command(
    'identify <what..>',
    'print which TLS implementation made a hello, from captures, fingerprints or sightings',
    (command) =>
      withOptions(command, ['knowledge'])
        .positional('what', { type: 'string', array: true, demandOption: true })
        .example('$0 identify capture.pcap', 'one JSON line per hello')
        .example('$0 identify t13d311000_e8f1e7e78f70_1f22a2ca17c4', 'any fingerprint kind')
        .example('zcat hellos.jsonl.gz | $0 identify -', 'lines of `read --hello`, or a capture'),
    (args) => run(async () => (await import('./identify-command.js')).identify(args)),
  )
  .command(
    'diff <a> <b>',
    'what hello A has or lacks beside hello B, a phrase a line',
    (command) =>
      withOptions(command, ['knowledge'])
        .positional('a', { type: 'string', demandOption: true, describe: 'capture or fingerprint' })
        .positional('b', { type: 'string', demandOption: true, describe: 'capture or fingerprint' })
        .example('$0 diff old.pcap new.pcap', 'by the most frequent hello of each')
        .example(
          '$0 diff capture.pcap t13d311000_e8f1e7e78f70_1f22a2ca17c4',
          'a known fingerprint',
        ),
    (args) => run(async () => (await import('./diff-command.js')).diff(args)),
  )
  .command(
    'learn <file>',
    'add a capture of one client to your knowledge of implementations',
    (command) =>
      withOptions(command, ['knowledge'])
        .positional('file', { type: 'string', demandOption: true })
        .option('label', {
          array: true,
          demandOption: true,
          requiresArg: true,
          describe: 'library=, version=, application=, licence=, separated by commas [list]',
        })
        .example('$0 learn agent.pcap --label library=OpenSSL,version=3.4,application=agent', ''),
    (args) => run(async () => (await import('./learn-command.js')).learn(args)),
  )
  .command(
    'top',
    'show live rates, frequent and new fingerprints, and gaps',
    (command) =>
      withOptions(command, ['socket', 'data-dir'])
        .option('once', { type: 'boolean', describe: 'print once and exit (default in a pipe)' })
        .example('$0 top', 'the hellotap that this user runs'),
    (args) => run(async () => (await import('./top-command.js')).top(args)),
  )
  .command(
    'batch <action> [file..]',
    'read many captures on several machines through a queue in Redis',
    (command) =>
      withOptions(command, [
        ...(['redis', 'output', 'history', 'jobs', 'ports', 'sensor', 'fingerprints'] as const),
        ...(['server', 'hello', 'link'] as const),
      ])
        .positional('action', {
          choices: ['add', 'work', 'status', 'retry'] as const,
          demandOption: true,
        })
        .positional('file', {
          type: 'string',
          array: true,
          describe: 'add: folders, files or globs',
        })
        .option('again', {
          type: 'boolean',
          describe: 'add: queue captures again that are already done',
        })
        .option('drain', { type: 'boolean', describe: 'work: exit when the queue is empty' })
        .option('json', { type: 'boolean', describe: 'status: print JSON' })
        .example(
          '$0 batch add --redis redis://queue -o /shared/out /shared/pcaps',
          'queue a folder',
        )
        .example('$0 batch work --redis redis://queue', 'on each machine')
        .example('$0 batch status --redis redis://queue', 'counts of done and failed captures'),
    (args) => run(async () => (await import('./batch-command.js')).batch(args)),
  )
  .command(
    'search [query..]',
    'search or count sightings of the history',
    (command) =>
      withOptions(command, ['history', 'format'])
        .positional('query', {
          type: 'string',
          array: true,
          describe: 'filter; without one, every sighting',
        })
        .option('by', {
          requiresArg: true,
          describe: 'count by these fields, separated by commas, such as src,ja4,sni [list]',
        })
        .option('limit', {
          requiresArg: true,
          describe: 'maximum rows; the newest sightings are printed [number]',
          defaultDescription: 'all',
        })
        .option('rare', {
          requiresArg: true,
          describe: 'with --by: print only values of at most this many clients [number]',
        })
        .option('changes', {
          type: 'boolean',
          describe: 'print when each client changed its fingerprint',
        })
        .example(
          "$0 search --history DIR 'src in 10.1.2.0/24 and time>-24h'",
          'sightings of a network',
        )
        .example(
          "$0 search --history DIR 'ja4~t13d1516h2_*' --by src --limit 50",
          'the clients that used a fingerprint',
        )
        .example(
          '$0 search --history DIR new_since=today --by ja4',
          'fingerprints first seen today',
        ),
    (args) => run(async () => (await import('./search-command.js')).search(args)),
  )
  .command(
    'interfaces',
    'list the interfaces available for capture',
    (command) => command.example('$0 interfaces', 'names, addresses, and which are the default'),
    () => run(async () => (await import('./interfaces-command.js')).interfaces()),
  )
  .command(
    'filter',
    'print the in-kernel filter for tcpdump and other programs',
    (command) =>
      withOptions(command, ['ports', 'http-ports', 'tunnels', 'tunnel-port', 'server'])
        .example(
          'tcpdump -i eth1 -w hellos.pcap "$($0 filter)"',
          'capture the packets that the sensor captures',
        )
        .example('$0 filter --ports 443,993 --no-tunnels', 'for these ports, without tunnels'),
    (args) => run(async () => (await import('./filter-command.js')).filter(args)),
  )
  .command(
    'doctor',
    'diagnose a sensor that sees nothing: permission, interfaces, ports, store, a test hello',
    (command) =>
      withOptions(command, ['interface', 'ports', ...STORE])
        .option('seconds', {
          requiresArg: true,
          describe: 'seconds to listen on the interfaces [number]',
          defaultDescription: '3',
        })
        .option('json', { type: 'boolean', describe: 'print JSON' })
        .example('$0 doctor', 'the interfaces that `up` uses')
        .example('$0 doctor -i eth1 --redis redis://127.0.0.1 --seconds 30', 'a span port'),
    (args) => run(async () => (await import('./doctor-command.js')).doctor(args)),
  )
  .command(
    'lookup <value>',
    'print the stored sightings of an address or a fingerprint',
    (command) =>
      withOptions(command, [
        ...(['socket', 'data-dir', 'redis', 'token-file', 'host', 'http-port'] as const),
        ...PRIVACY,
        'ttl',
      ])
        .positional('value', { type: 'string', demandOption: true })
        .example('$0 lookup 192.0.2.7', 'sightings of an address, newest first')
        .example('$0 lookup t13d1517h2_8daaf6152771_cb7bf5808d99', 'any fingerprint kind')
        .example('$0 lookup 192.0.2.7 --redis redis://127.0.0.1', 'directly from Redis'),
    (args) => run(async () => (await import('./lookup-command.js')).lookup(args)),
  )
  .command(
    'token <action> [name]',
    'add, list or revoke API tokens',
    (command) =>
      withOptions(command, ['data-dir', 'redis'])
        .positional('action', { choices: ['add', 'list', 'revoke'] as const, demandOption: true })
        .positional('name', { type: 'string', describe: 'name of the token' })
        .option('role', {
          requiresArg: true,
          describe:
            'reader (statistics, metrics), analyst (also lookups of others) or admin (also deletion) [string]',
        })
        .option('expires', {
          requiresArg: true,
          describe: 'lifetime of the token, such as 12h, 90d or 2w [string]',
          defaultDescription: 'never',
        })
        .example('$0 token add grafana --role reader', 'print the token once')
        .example('$0 token add nginx --role analyst --expires 90d', 'for auth_request')
        .example('$0 token list --redis redis://127.0.0.1', 'names, roles and expiry times'),
    (args) => run(async () => (await import('./token-command.js')).token(args)),
  )
  .command(
    'check <file>',
    'compare User-Agent and hello: one JSON line per client address',
    (command) =>
      withOptions(command, ['ports', 'http-ports'])
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'capture, or JSON lines of `read --hello`; "-" is stdin',
        })
        .option('user-agent', {
          requiresArg: true,
          describe: 'User-Agent that the clients claim [string]',
          defaultDescription: 'from plain HTTP in the capture',
        })
        .option('behind-proxy', {
          type: 'boolean',
          describe: 'ignore operating systems, since a proxy sends the SYNs',
        })
        .example('$0 check capture.pcap --user-agent "$UA"', 'a verdict with its reasons')
        .example('$0 check capture.pcap', 'User-Agents from requests to ports 80 and 8080'),
    (args) => run(async () => (await import('./check-command.js')).check(args)),
  )
  .command(
    'refingerprint [file..]',
    'compute fingerprints of stored sightings again with this version',
    (command) =>
      withOptions(command, ['fingerprints'])
        .positional('file', {
          type: 'string',
          array: true,
          describe: 'JSON lines as `read --hello` and `capture --stdout` print them',
        })
        .example('$0 refingerprint old.jsonl > new.jsonl', 'lines without a hello stay unchanged')
        .example('zcat 2026-*.jsonl.gz | $0 refingerprint -', 'from another program'),
    (args) => run(async () => (await import('./refingerprint-command.js')).refingerprint(args)),
  )
  .command(
    'registry [name] [value]',
    'print the IANA registries that name values',
    (command) =>
      command
        .positional('name', {
          type: 'string',
          describe: 'registry to print; without one, the list of registries',
        })
        .positional('value', { type: 'string', describe: 'value or name to look up' })
        .option('json', { type: 'boolean', describe: 'print JSON' })
        .option('check', {
          type: 'boolean',
          describe: 'compare with the source tables; exit 1 on a difference',
        })
        .example('$0 registry', 'names, date of the snapshot, rows')
        .example('$0 registry extensions', 'a registry: value, name, status, reference')
        .example('$0 registry cipher-suites 0x1301', 'one value, in hex or decimal'),
    (args) => run(async () => (await import('./registry-command.js')).registry(args)),
  )
  .strict()
  .version(version)
  .describe('version', 'print the version')
  .help()
  .describe('help', 'print this help')
  .alias('h', 'help')
  .wrap(Math.min(100, process.stdout.columns || 100))
  .epilogue(
    'Each option can also be set as HELLOTAP_NAME in the environment, or as "name: value" in the file of --config. A flag overrides the environment, and the environment overrides the file.\nExit codes: 0 done, 1 failed, 2 bad usage.',
  )
  .exitProcess(false)
  .fail((message: string | null, error: Error | undefined, usage) => {
    if (error !== undefined && message === null) throw error
    // a flag that is unknown takes the next word with it, so it explains more than the missing word does
    const unknown = unknownFlags(Object.keys((usage as unknown as Usage).getDescriptions()))
    usageFault(unknown.length > 0 ? unknown : [message ?? 'bad usage'])
    throw new UsageError()
  })

/** What `fail` gives in truth; yargs' types name the parser. */
interface Usage {
  getDescriptions(): Readonly<Record<string, unknown>>
}

/** A sentence for each flag of the command line that is neither among `names` nor short for one. */
function unknownFlags(names: readonly string[]): string[] {
  const known = names.flatMap((name) => [name, ALIASES[name] ?? name])
  const end = words.indexOf('--')
  const flags = words.slice(0, end < 0 ? words.length : end).flatMap((word) => {
    const [, name = word[1] ?? ''] = /^--([^=]+)/.exec(word) ?? []
    return /^-[^\d-]|^--[^=]/.test(word) ? [name] : []
  })
  const isKnown = (name: string) => known.includes(name.replace(/^no-/, '')) || known.includes(name)
  const long = known.filter((name) => name.length > 1)
  const flagNames = long.flatMap((name) => [`--${name}`, `--no-${name}`])
  return [...new Set(flags)]
    .filter((name) => !isKnown(name))
    .map((name) =>
      name.length === 1 ? `unknown option -${name}` : unknownName('option', `--${name}`, flagNames),
    )
}

function usageFault(sentences: readonly string[]): void {
  const command = words[0]
  const help = COMMANDS.includes(command ?? '') ? `hellotap ${command} --help` : 'hellotap --help'
  for (const sentence of sentences) log(`hellotap: ${sentence}`)
  log(`Try: ${help}`)
  process.exitCode = 2
}

class UsageError extends Error {}

/** @returns the command to run; undefined if help, the version or a mistake was printed */
async function choose(): Promise<Chosen | undefined> {
  const [first] = words
  if (first === undefined) {
    log(await parser.getHelp())
    log('\nhellotap: a command is missing; `hellotap up` is the usual one')
    process.exitCode = 2
    return undefined
  }
  if (!first.startsWith('-') && !COMMANDS.includes(first)) {
    usageFault([unknownName('command', first, COMMANDS), `commands: ${COMMANDS.join(', ')}`])
    return undefined
  }
  try {
    await parser.parseAsync()
  } catch (error) {
    if (error instanceof Chosen) return error
    if (!(error instanceof UsageError)) throw error
  }
  return undefined
}

async function main(): Promise<void> {
  try {
    const chosen = await choose()
    if (chosen !== undefined) process.exitCode = await chosen.run()
  } catch (error) {
    process.exitCode = explain(error)
  }
}

void main()
