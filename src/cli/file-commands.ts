import type { Command } from './options.js'
import { READ, withOptions } from './options.js'

/** Commands on saved captures and on lines of sightings. */
export const FILE_COMMANDS: readonly Command[] = [
  {
    words: 'read <file..>',
    purpose: 'print one JSON line per hello of saved captures ("-" is stdin)',
    options: (command) =>
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
    load: async () => (await import('./read-command.js')).read,
  },
  {
    words: 'identify <what..>',
    purpose:
      'print which TLS implementation made a hello, from captures, fingerprints or sightings',
    options: (command) =>
      withOptions(command, ['knowledge'])
        .positional('what', { type: 'string', array: true, demandOption: true })
        .example('$0 identify capture.pcap', 'one JSON line per hello')
        .example('$0 identify t13d311000_e8f1e7e78f70_1f22a2ca17c4', 'any fingerprint kind')
        .example('zcat hellos.jsonl.gz | $0 identify -', 'lines of `read --hello`, or a capture'),
    load: async () => (await import('./identify-command.js')).identify,
  },
  {
    words: 'check <file>',
    purpose: 'compare User-Agent and hello: one JSON line per client address',
    options: (command) =>
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
    load: async () => (await import('./check-command.js')).check,
  },
  {
    words: 'diff <a> <b>',
    purpose: 'what hello A has or lacks beside hello B, a phrase a line',
    options: (command) =>
      withOptions(command, ['knowledge'])
        .positional('a', { type: 'string', demandOption: true, describe: 'capture or fingerprint' })
        .positional('b', { type: 'string', demandOption: true, describe: 'capture or fingerprint' })
        .example('$0 diff old.pcap new.pcap', 'by the most frequent hello of each')
        .example(
          '$0 diff capture.pcap t13d311000_e8f1e7e78f70_1f22a2ca17c4',
          'a known fingerprint',
        ),
    load: async () => (await import('./diff-command.js')).diff,
  },
  {
    words: 'learn <file>',
    purpose: 'add a capture of one client to your knowledge of implementations',
    options: (command) =>
      withOptions(command, ['knowledge'])
        .positional('file', { type: 'string', demandOption: true })
        .option('label', {
          array: true,
          demandOption: true,
          requiresArg: true,
          describe: 'library=, version=, application=, licence=, separated by commas [list]',
        })
        .example('$0 learn agent.pcap --label library=OpenSSL,version=3.4,application=agent', ''),
    load: async () => (await import('./learn-command.js')).learn,
  },
  {
    words: 'refingerprint [file..]',
    purpose: 'compute fingerprints of stored sightings again with this version',
    options: (command) =>
      withOptions(command, ['fingerprints'])
        .positional('file', {
          type: 'string',
          array: true,
          describe: 'JSON lines as `read --hello` and `capture --stdout` print them',
        })
        .example('$0 refingerprint old.jsonl > new.jsonl', 'lines without a hello stay unchanged')
        .example('zcat 2026-*.jsonl.gz | $0 refingerprint -', 'from another program'),
    load: async () => (await import('./refingerprint-command.js')).refingerprint,
  },
  {
    words: 'batch <action> [file..]',
    purpose: 'read many captures on several machines through a queue in Redis',
    options: (command) =>
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
    load: async () => (await import('./batch-command.js')).batch,
  },
]
