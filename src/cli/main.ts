// The command line. Exit codes: 0 done, 1 failed, 2 bad usage. A command a file, loaded when it is called:
// the bulk reader must not pay for the API's packages.

import yargs from 'yargs'
import type { Argv } from 'yargs'
import { explain } from './explain.js'
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

const parser: Argv = yargs(words)
  .scriptName('hellotap')
  .usage('$0 <command>\n\nSees every TLS ClientHello on the wire and says whose it is.')
  .parserConfiguration(PARSER_CONFIGURATION)
  .command(
    'up',
    'capture, keep and answer, all on this machine',
    (command) =>
      withOptions(command, [...SENSOR, ...STORE, ...HISTORY, ...PRIVACY, ...API, ...LOG])
        .example('$0 up', 'the default interface and loopback; page on http://127.0.0.1:8080')
        .example('$0 up -i eth1 --ports 443,993', 'a span port, HTTPS and IMAPS')
        .example('$0 up --redis redis://127.0.0.1:6379', 'sightings outlive the process'),
    (args) => run(async () => (await import('./up-command.js')).up(args)),
  )
  .command(
    'capture',
    'the sensor: hellos on an interface become sightings in Redis',
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
          describe: 'print sightings as JSON lines instead of keeping them',
        })
        // for the process that `up` starts
        .option('rows', { type: 'boolean', hidden: true })
        .example('$0 capture -i eth1 --redis redis://127.0.0.1:6379', 'feeds the API of `serve`')
        .example(
          '$0 capture -i eth0 lo --stdout | jq -r .ja4',
          'live fingerprints for other tools',
        ),
    (args) => run(async () => (await import('./capture-command.js')).capture(args)),
  )
  .command(
    'serve',
    'the API and the page, answering from Redis',
    (command) =>
      withOptions(command, [...STORE, 'history', ...PRIVACY, ...API, ...LOG])
        .example('$0 serve --redis redis://127.0.0.1:6379', 'what `capture` wrote there')
        .example('$0 serve --redis redis://10.0.0.5 --trusted-proxy 127.0.0.1', 'behind nginx'),
    (args) => run(async () => (await import('./serve-command.js')).serve(args)),
  )
  .command(
    'read <file..>',
    'saved captures to one JSON line per hello ("-" is stdin)',
    (command) =>
      withOptions(command, READ)
        .positional('file', { type: 'string', array: true, demandOption: true })
        .example('$0 read capture.pcapng', 'pcap or pcapng, gzip and zstd around either')
        .example('$0 read -f ja3,ja4 *.pcap | jq -r .ja4 | sort | uniq -c', 'the JA4s of a folder')
        .example('$0 read --format csv -o hellos.csv *.pcap', 'or eve, ecs, zeek, parquet')
        .example('tcpdump -w - | $0 read -', 'from another capture program')
        .example('$0 read --follow ring.pcap', 'a capture that is still being written'),
    (args) => run(async () => (await import('./read-command.js')).read(args)),
  )
  .command(
    'identify <what..>',
    'which TLS implementation made a hello: of captures, of fingerprints, of sightings on stdin',
    (command) =>
      withOptions(command, ['knowledge'])
        .positional('what', { type: 'string', array: true, demandOption: true })
        .example('$0 identify capture.pcap', 'one JSON line per hello')
        .example('$0 identify t13d311000_e8f1e7e78f70_1f22a2ca17c4', 'any fingerprint kind')
        .example('zcat hellos.jsonl.gz | $0 identify -', 'lines of `read --hello`, or a capture'),
    (args) => run(async () => (await import('./identify-command.js')).identify(args)),
  )
  .command(
    'learn <file>',
    'add a capture of one client to your knowledge of implementations',
    (command) =>
      withOptions(command, ['knowledge'])
        .positional('file', { type: 'string', demandOption: true })
        .option('label', {
          type: 'string',
          array: true,
          demandOption: true,
          requiresArg: true,
          describe: 'library=, version=, application=, licence=, with commas between',
        })
        .example('$0 learn agent.pcap --label library=OpenSSL,version=3.4,application=agent', ''),
    (args) => run(async () => (await import('./learn-command.js')).learn(args)),
  )
  .command(
    'top',
    'live rates, the most frequent fingerprints, new ones, gaps',
    (command) =>
      withOptions(command, ['socket', 'data-dir'])
        .option('once', { type: 'boolean', describe: 'print once; so it is in a pipe' })
        .example('$0 top', 'of the hellotap of this user'),
    (args) => run(async () => (await import('./top-command.js')).top(args)),
  )
  .command(
    'batch <action> [file..]',
    'read many captures on any number of machines, by a queue in Redis',
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
          describe: 'of add: folders, files, globs',
        })
        .option('again', { type: 'boolean', describe: 'add: also captures that are done already' })
        .option('drain', { type: 'boolean', describe: 'work: end when the queue is empty' })
        .option('json', { type: 'boolean', describe: 'status: print JSON' })
        .example(
          '$0 batch add --redis redis://queue -o /shared/out /shared/pcaps',
          'queue a folder',
        )
        .example('$0 batch work --redis redis://queue', 'on each machine')
        .example('$0 batch status --redis redis://queue', 'what is done and what failed'),
    (args) => run(async () => (await import('./batch-command.js')).batch(args)),
  )
  .command(
    'search [query..]',
    'sightings of the history, or counts of them',
    (command) =>
      withOptions(command, ['history', 'format'])
        .positional('query', { type: 'string', array: true, describe: 'none: every sighting' })
        .option('by', {
          type: 'string',
          requiresArg: true,
          describe: 'count by these fields, joined by commas: src, ja4, sni …',
        })
        .option('limit', {
          type: 'string',
          requiresArg: true,
          describe: 'rows at most; of sightings the newest (default: all)',
        })
        .option('rare', {
          type: 'string',
          requiresArg: true,
          describe: 'with --by: values that no more clients than this have',
        })
        .option('changes', {
          type: 'boolean',
          describe: 'when each client changed its fingerprint',
        })
        .example("$0 search --history DIR 'src in 10.1.2.0/24 and time>-24h'", 'what a network did')
        .example("$0 search --history DIR 'ja4~t13d1516h2_*' --by src --limit 50", 'who used it')
        .example('$0 search --history DIR new_since=today --by ja4', 'what is new since midnight'),
    (args) => run(async () => (await import('./search-command.js')).search(args)),
  )
  .command(
    'interfaces',
    'what can be captured on',
    (command) => command.example('$0 interfaces', 'names, addresses, which are taken by default'),
    () => run(async () => (await import('./interfaces-command.js')).interfaces()),
  )
  .command(
    'filter',
    'the in-kernel filter, for tcpdump and others',
    (command) =>
      withOptions(command, ['ports', 'http-ports', 'tunnels', 'tunnel-port', 'server'])
        .example('tcpdump -i eth1 -w hellos.pcap "$($0 filter)"', 'captures what the sensor would')
        .example(
          '$0 filter --ports 443,993 --tunnels false',
          'for these ports, outside of tunnels',
        ),
    (args) => run(async () => (await import('./filter-command.js')).filter(args)),
  )
  .command(
    'doctor',
    'why nothing is seen: permission, interfaces, ports, store; tries a hello of its own',
    (command) =>
      withOptions(command, ['interface', 'ports', ...STORE])
        .option('seconds', {
          type: 'string',
          requiresArg: true,
          describe: 'seconds to listen to the interfaces',
          defaultDescription: '3',
        })
        .option('json', { type: 'boolean', describe: 'print JSON' })
        .example('$0 doctor', 'the interfaces `up` would take')
        .example('$0 doctor -i eth1 --redis redis://127.0.0.1 --seconds 30', 'a span port'),
    (args) => run(async () => (await import('./doctor-command.js')).doctor(args)),
  )
  .command(
    'lookup <value>',
    'what is held about an address or a fingerprint',
    (command) =>
      withOptions(command, [
        ...(['socket', 'data-dir', 'redis', 'token-file', 'host', 'http-port'] as const),
        ...PRIVACY,
        'ttl',
      ])
        .positional('value', { type: 'string', demandOption: true })
        .example('$0 lookup 192.0.2.7', 'sightings of an address, newest first')
        .example('$0 lookup t13d1517h2_8daaf6152771_cb7bf5808d99', 'any fingerprint kind')
        .example('$0 lookup 192.0.2.7 --redis redis://127.0.0.1', 'straight from Redis'),
    (args) => run(async () => (await import('./lookup-command.js')).lookup(args)),
  )
  .command(
    'token <action> [name]',
    'tokens that give rights over the API: add, list, revoke',
    (command) =>
      withOptions(command, ['data-dir', 'redis'])
        .positional('action', { choices: ['add', 'list', 'revoke'] as const, demandOption: true })
        .positional('name', { type: 'string', describe: 'name of the token' })
        .option('role', {
          type: 'string',
          requiresArg: true,
          describe:
            'reader (statistics, metrics), analyst (and lookups of others), admin (and deletion)',
        })
        .option('expires', {
          type: 'string',
          requiresArg: true,
          describe: 'time after which it is refused, such as 12h, 90d or 2w',
          defaultDescription: 'never',
        })
        .example('$0 token add grafana --role reader', 'prints the token, once')
        .example('$0 token add nginx --role analyst --expires 90d', 'for auth_request')
        .example('$0 token list --redis redis://127.0.0.1', 'names, roles and ends'),
    (args) => run(async () => (await import('./token-command.js')).token(args)),
  )
  .command(
    'check <file>',
    'does the User-Agent fit the hello: one JSON line per client address',
    (command) =>
      withOptions(command, ['ports', 'http-ports'])
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'capture, or JSON lines of `read --hello`; "-" is stdin',
        })
        .option('user-agent', {
          type: 'string',
          requiresArg: true,
          describe: 'User-Agent that the clients claim',
          defaultDescription: 'those of plain HTTP in the capture',
        })
        .option('behind-proxy', {
          type: 'boolean',
          describe: 'do not judge operating systems: a proxy sends the SYNs',
        })
        .example('$0 check capture.pcap --user-agent "$UA"', 'a verdict with its reasons')
        .example('$0 check capture.pcap', 'User-Agents learnt from ports 80 and 8080'),
    (args) => run(async () => (await import('./check-command.js')).check(args)),
  )
  .command(
    'refingerprint [file..]',
    'fingerprints of kept sightings again, by the methods and the registry of today',
    (command) =>
      withOptions(command, ['fingerprints'])
        .positional('file', {
          type: 'string',
          array: true,
          describe: 'JSON lines as `read --hello` and `capture --stdout` print them',
        })
        .example('$0 refingerprint old.jsonl > new.jsonl', 'lines without a hello stay as they are')
        .example('zcat 2026-*.jsonl.gz | $0 refingerprint -', 'from another program'),
    (args) => run(async () => (await import('./refingerprint-command.js')).refingerprint(args)),
  )
  .command(
    'registry [name] [value]',
    'the IANA registries values are named by',
    (command) =>
      command
        .positional('name', { type: 'string', describe: 'registry to print; none lists them' })
        .positional('value', { type: 'string', describe: 'value or name to look up' })
        .option('json', { type: 'boolean', describe: 'print JSON' })
        .option('check', {
          type: 'boolean',
          describe: 'compare with the tables they were made from; exit 1 where they differ',
        })
        .example('$0 registry', 'names, date of the snapshot, rows')
        .example('$0 registry extensions', 'all of one: value, name, status, reference')
        .example('$0 registry cipher-suites 0x1301', 'one value, in hex or decimal'),
    (args) => run(async () => (await import('./registry-command.js')).registry(args)),
  )
  .demandCommand(1, 'a command is missing; `hellotap up` is the usual one')
  .recommendCommands()
  .strict()
  .version(version)
  .help()
  .alias('h', 'help')
  .wrap(Math.min(100, process.stdout.columns || 100))
  .epilogue(
    'Every option is also HELLOTAP_NAME in the environment and "name: value" in the file of --config.\nExit codes: 0 done, 1 failed, 2 bad usage.',
  )
  .exitProcess(false)
  .fail((message: string | null, error: Error | undefined) => {
    if (error !== undefined && message === null) throw error
    log(`hellotap: ${message ?? 'bad usage'}\nTry: hellotap --help`)
    process.exitCode = 2
    throw new UsageError()
  })

class UsageError extends Error {}

/** @returns the command to run; undefined where help, the version or a mistake was said */
async function choose(): Promise<Chosen | undefined> {
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
