import type { Command } from './options.js'
import { API, HISTORY, LOG, OUTPUT, PRIVACY, SENSOR, STORE, withOptions } from './options.js'

/** Commands of the live capture and of the API. */
export const SENSOR_COMMANDS: readonly Command[] = [
  {
    words: 'up',
    purpose: 'capture, store and serve on this machine',
    options: (command) =>
      withOptions(command, [...SENSOR, ...STORE, ...HISTORY, ...PRIVACY, ...API, ...LOG], {
        redis: 'memory of this process',
      })
        .example('$0 up', 'the default interface and loopback; page on http://127.0.0.1:8080')
        .example('$0 up -i eth1 --ports 443,993', 'a span port, HTTPS and IMAPS')
        .example('$0 up --redis redis://127.0.0.1:6379', 'sightings survive a restart'),
    load: async () => (await import('./up-command.js')).up,
  },
  {
    words: 'capture',
    purpose: 'run the sensor: capture hellos and write sightings to Redis, files or stdout',
    options: (command) =>
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
    load: async () => (await import('./capture-command.js')).capture,
  },
  {
    words: 'serve',
    purpose: 'run the API and the page on the sightings in Redis',
    options: (command) =>
      withOptions(command, [...STORE, 'history', ...PRIVACY, ...API, ...LOG], {
        redis: 'none, required',
      })
        .example('$0 serve --redis redis://127.0.0.1:6379', 'the sightings that `capture` wrote')
        .example('$0 serve --redis redis://10.0.0.5 --trusted-proxy 127.0.0.1', 'behind nginx'),
    load: async () => (await import('./serve-command.js')).serve,
  },
  {
    words: 'top',
    purpose: 'show live rates, frequent and new fingerprints, and gaps',
    options: (command) =>
      withOptions(command, ['socket', 'data-dir'])
        .option('once', { type: 'boolean', describe: 'print once and exit (default in a pipe)' })
        .example('$0 top', 'the hellotap that this user runs'),
    load: async () => (await import('./top-command.js')).top,
  },
  {
    words: 'interfaces',
    purpose: 'list the interfaces available for capture',
    options: (command) =>
      command.example('$0 interfaces', 'names, addresses, and which are the default'),
    load: async () => (await import('./interfaces-command.js')).interfaces,
  },
  {
    words: 'filter',
    purpose: 'print the in-kernel filter for tcpdump and other programs',
    options: (command) =>
      withOptions(command, ['ports', 'http-ports', 'tunnels', 'tunnel-port', 'server'])
        .example(
          'tcpdump -i eth1 -w hellos.pcap "$($0 filter)"',
          'capture the packets that the sensor captures',
        )
        .example('$0 filter --ports 443,993 --no-tunnels', 'for these ports, without tunnels'),
    load: async () => (await import('./filter-command.js')).filter,
  },
  {
    words: 'doctor',
    purpose:
      'diagnose a sensor that sees nothing: permission, interfaces, ports, store, a test hello',
    options: (command) =>
      withOptions(command, ['interface', 'ports', ...STORE])
        .option('seconds', {
          requiresArg: true,
          describe: 'seconds to listen on the interfaces [number]',
          defaultDescription: '3',
        })
        .option('json', { type: 'boolean', describe: 'print JSON' })
        .example('$0 doctor', 'the interfaces that `up` uses')
        .example('$0 doctor -i eth1 --redis redis://127.0.0.1 --seconds 30', 'a span port'),
    load: async () => (await import('./doctor-command.js')).doctor,
  },
]
