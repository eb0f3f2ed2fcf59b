import { FORMATS, LISTS, SOURCES } from '../knowledge/lists/names.js'
import type { Command } from './options.js'
import { PRIVACY, withOptions } from './options.js'

/** Commands on stored sightings and on the registries. */
export const LOOKUP_COMMANDS: readonly Command[] = [
  {
    words: 'search [query..]',
    purpose: 'search or count sightings of the history',
    options: (command) =>
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
    load: async () => (await import('./search-command.js')).search,
  },
  {
    words: 'lookup <value>',
    purpose: 'print the stored sightings of an address or a fingerprint',
    options: (command) =>
      withOptions(command, [
        ...(['socket', 'data-dir', 'redis', 'token-file', 'host', 'http-port'] as const),
        ...PRIVACY,
        'ttl',
      ])
        .positional('value', { type: 'string', demandOption: true })
        .example('$0 lookup 192.0.2.7', 'sightings of an address, newest first')
        .example('$0 lookup t13d1517h2_8daaf6152771_cb7bf5808d99', 'any fingerprint kind')
        .example('$0 lookup 192.0.2.7 --redis redis://127.0.0.1', 'directly from Redis'),
    load: async () => (await import('./lookup-command.js')).lookup,
  },
  {
    words: 'rarity <fingerprint>',
    purpose: 'print how many clients share a fingerprint and each part of its hello',
    options: (command) =>
      withOptions(command, [
        ...(['socket', 'data-dir', 'redis', 'token-file', 'host', 'http-port'] as const),
        ...PRIVACY,
        ...(['ttl', 'remember', 'lists'] as const),
      ])
        .positional('fingerprint', { type: 'string', demandOption: true })
        .option('ip', {
          requiresArg: true,
          describe: 'client address: print whether the fingerprint is new for this client [string]',
        })
        .example('$0 rarity t13d1517h2_8daaf6152771_cb7bf5808d99', 'any fingerprint kind')
        .example('$0 rarity FINGERPRINT --ip 192.0.2.7', 'also whether it is new for a client'),
    load: async () => (await import('./rarity-command.js')).rarity,
  },
  {
    words: 'knowledge <action> [what..]',
    purpose: 'import published fingerprint lists, or export fingerprints for other programs',
    options: (command) =>
      withOptions(command, ['lists', 'data-dir', 'knowledge'])
        .positional('action', { choices: ['import', 'export'] as const, demandOption: true })
        .positional('what', {
          type: 'string',
          array: true,
          describe: 'import: files; export: fingerprints',
        })
        .option('source', {
          choices: SOURCES,
          requiresArg: true,
          describe: 'import: what the file is',
          defaultDescription: 'from its contents',
        })
        .option('list', {
          choices: LISTS,
          requiresArg: true,
          describe: 'import: what the entries are',
          defaultDescription: 'warning for sslbl, else label',
        })
        .option('licence', {
          requiresArg: true,
          describe: 'import: licence of the file [string]',
          defaultDescription: "the source's",
        })
        .option('format', {
          choices: FORMATS,
          requiresArg: true,
          describe: 'export: format',
        })
        .example('$0 knowledge import ja3_fingerprints.csv', 'a list of abuse.ch SSLBL')
        .example('$0 knowledge import ours.txt --source plain --list watch', 'a watch list')
        .example('$0 knowledge export --format suricata FINGERPRINT', 'print rules'),
    load: async () => (await import('./knowledge-command.js')).knowledge,
  },
  {
    words: 'token <action> [name]',
    purpose: 'add, list or revoke API tokens',
    options: (command) =>
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
    load: async () => (await import('./token-command.js')).token,
  },
  {
    words: 'registry [name] [value]',
    purpose: 'print the IANA registries that name values',
    options: (command) =>
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
    load: async () => (await import('./registry-command.js')).registry,
  },
]
