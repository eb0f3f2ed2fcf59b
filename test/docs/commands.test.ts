import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { FILE_COMMANDS } from '../../src/cli/file-commands.js'
import { LOOKUP_COMMANDS } from '../../src/cli/lookup-commands.js'
import { choose } from '../../src/cli/main.js'
import { SENSOR_COMMANDS } from '../../src/cli/sensor-commands.js'
import { capture as captureRight, needs, tools } from '../capability.js'
import { Daemon, HELLOTAP, finished, freePort, hellotap } from '../hellotap.js'
import { blocksOf, commandsOf, hellotapWords, linesOf } from './shell-commands.js'

const top = resolve(import.meta.dirname, '../..')
const COMMANDS = [...SENSOR_COMMANDS, ...FILE_COMMANDS, ...LOOKUP_COMMANDS]
const pages = ['README.md', ...readdirSync(join(top, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(top, name), 'utf8') }))

/** Commands that need no privilege, no daemon and no other machine. */
const RUN = [
  ...['read', 'identify', 'check', 'diff', 'learn', 'refingerprint'],
  ...['filter', 'interfaces', 'registry', 'token', 'search'],
]
/** Programs that a pipeline may hold besides, to be run here. */
const FILTERS = ['jq', 'sort', 'uniq', 'head', 'wc', 'hellotap']
/** Whether a line ends by itself, on this machine alone. */
function isRunnable(line: string): boolean {
  if (/--redis|--follow|--token-file|-o \/| -$/.test(line)) return false
  return commandsOf(line).every((command) => {
    const words = hellotapWords(command)
    return words === undefined
      ? FILTERS.includes(command[0] ?? '')
      : RUN.includes(words[0] ?? '') || words[0] === '--version'
  })
}

/** Examples of the help. */
function examplesOf(options: (command: Argv) => Argv): string[] {
  const examples: string[] = []
  const recorder: Argv = new Proxy({} as Argv, {
    get:
      (_, name) =>
      (...args: readonly unknown[]) => {
        if (name === 'example') examples.push(String(args[0]).replaceAll('$0', 'hellotap'))
        return recorder
      },
  })
  options(recorder)
  return examples
}

describe('the commands of the documentation', () => {
  const sources = [
    ...pages.map(({ name, text }) => ({
      name,
      lines: [
        ...blocksOf(text, 'sh', 'bash').flatMap(linesOf),
        ...blocksOf(text, 'console')
          .flatMap(dialogue)
          .map(({ line }) => line),
      ],
    })),
    ...COMMANDS.map(({ words, options }) => ({
      name: `help of ${words}`,
      lines: examplesOf(options),
    })),
  ].filter(({ lines }) => lines.some((line) => line.includes('hellotap')))

  it('are found', () => {
    expect(sources.map(({ name }) => name)).to.include.members([
      ...[
        'README.md',
        'docs/analyst.md',
        'docs/outputs.md',
        'docs/nginx.md',
        'help of read <file..>',
      ],
    ])
  })

  for (const { name, lines } of sources)
    it(`have known commands and options: ${name}`, async () => {
      for (const line of lines)
        for (const command of commandsOf(line)) {
          const words = hellotapWords(command)
          if (words === undefined || words[0] === '--version') continue
          // a fault is a number, the exit code
          expect(typeof (await choose(words)), line).to.equal('function')
        }
    })

  it('are known where a sentence names one', () => {
    const cli = readFileSync(join(top, 'docs/cli.md'), 'utf8')
    const unknown: string[] = []
    for (const { name, text } of pages)
      for (const [, command = '', rest = ''] of text.matchAll(/`hellotap ([a-z]+)([^`\n]*)`/g)) {
        const help = new RegExp(`^### ${command}$[^]*?(?=^###|(?![^]))`, 'm').exec(cli)?.[0]
        if (help === undefined) unknown.push(`${name}: hellotap ${command}`)
        else
          for (const [flag] of rest.matchAll(/--[a-z-]+/g))
            if (!help.includes(flag.replace('--no-', '--')))
              unknown.push(`${name}: hellotap ${command} ${flag}`)
      }
    expect(unknown).to.deep.equal([])
  })

  describe('that can run here', () => {
    let home: string
    let folder: string
    let fingerprint: string

    before(async function () {
      this.timeout(120_000)
      home = mkdtempSync(join(tmpdir(), 'hellotap-docs-'))
      needs(this, tools('jq', 'bash'))
      mkdirSync(join(home, 'bin'))
      symlinkSync(HELLOTAP, join(home, 'bin/hellotap'))
      const read = ['read', '-q', capture('curl-openssl3.0')]
      await hellotap([...read, '--format', 'parquet', '-o', join(home, 'kept')])
      const { stdout } = await hellotap([...read, '--hello'])
      writeFileSync(join(home, 'hellos.jsonl'), stdout)
      fingerprint = (JSON.parse(stdout.split('\n')[0] ?? '') as { ja4: string }).ja4
    })
    after(() => rmSync(home, { recursive: true }))
    beforeEach(() => {
      folder = mkdtempSync(join(home, 'run-'))
      symlinkSync(join(top, 'captures'), join(folder, 'captures'))
      symlinkSync(join(top, 'bin'), join(folder, 'bin'))
      symlinkSync(join(home, 'kept'), join(folder, 'DIR'))
      for (const name of ['capture.pcap', 'capture.pcapng', 'old.pcap', 'agent.pcap'])
        copyFileSync(capture('curl-openssl3.0'), join(folder, name))
      copyFileSync(capture('curl-nss'), join(folder, 'new.pcap'))
      copyFileSync(join(home, 'hellos.jsonl'), join(folder, 'old.jsonl'))
    })

    /** Runs a line as a reader does who has `hellotap` on the PATH. */
    const run = (line: string) =>
      finished(
        spawn('bash', ['-o', 'pipefail', '-c', line.replaceAll('FINGERPRINT', fingerprint)], {
          cwd: folder,
          env: {
            ...process.env,
            PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`,
            HOME: folder,
            XDG_DATA_HOME: folder,
            HELLOTAP_HISTORY: /hellotap search(?!.*--history)/.test(line) ? join(home, 'kept') : '',
            UA: 'curl/7.88.1',
          },
        }),
      )

    for (const { name, lines } of sources) {
      const runnable = lines.filter(isRunnable)
      if (runnable.length > 0)
        it(`do what they say: ${name}`, async function () {
          this.timeout(120_000)
          for (const line of runnable) {
            const { code, stderr } = await run(line)
            expect(code, `${line}\n${stderr}`).to.equal(0)
          }
        })
    }

    for (const { name, text } of pages) {
      const blocks = blocksOf(text, 'console')
      if (blocks.length > 0)
        it(`print what is shown: ${name}`, async function () {
          this.timeout(120_000)
          for (const { line, shown } of blocks.flatMap(dialogue)) {
            const { stdout } = await run(line)
            expect(stdout, line).to.match(patternOf(shown))
          }
        })
    }
  })

  it('print the greeting and the answer that README.md shows', async function () {
    this.timeout(60_000)
    needs(this, captureRight)
    const { text } = pages.find(({ name }) => name === 'README.md') ?? { text: '' }
    const [greeting = '', answer = ''] = blocksOf(text, 'text')
    const ports = { http: await freePort(), https: await freePort() }
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-readme-'))
    const program = new Daemon(process.execPath, [
      ...[HELLOTAP, 'up', '-i', 'lo', '--data-dir', folder, '--log-format', 'text'],
      ...['--ports', String(ports.https), '--http-port', String(ports.http)],
      ...['--https-port', String(ports.https)],
    ])
    try {
      await program.says(/try +curl/)
      const shown = greeting
        .replace('eth0, lo', 'lo')
        .replace('443, 8443', String(ports.https))
        .replaceAll(':8080', `:${ports.http}`)
        .replaceAll(':8443', `:${ports.https}`)
      expect(program.output).to.contain(shown.trimEnd())
      const url = `https://127.0.0.1:${ports.https}/fps`
      const said = execFileSync('curl', ['-sk', '-A', 'curl/7.88.1', url], { encoding: 'utf8' })
      const document = JSON.parse(said) as Record<string, Record<string, unknown>>
      const outer = [...answer.matchAll(/^ {2}"([^"]+)":/gm)].map(([, key]) => key ?? '')
      expect(outer).to.include('tls_fp')
      expect(document).to.include.keys(...outer)
      const inner = [...answer.matchAll(/[{,] "([^"]+)":/g)].map(([, key]) => key ?? '')
      expect(inner).to.not.equal([])
      expect(document['tls_fp']).to.include.keys(...inner)
      expect(document).to.include({ matched_by: 'connection', 'user-agent': 'curl/7.88.1' })
    } finally {
      await program.stop()
      rmSync(folder, { recursive: true })
    }
  })
})

function capture(name: string): string {
  return join(top, 'captures', `${name}.pcap`)
}

/** The commands of a console block, each with what is shown below it. */
function dialogue(block: string): { readonly line: string; readonly shown: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [line = '', ...shown] = part.split('\n')
      return { line, shown: shown.join('\n') }
    })
}

/** What is shown, with `…` for anything. */
function patternOf(shown: string): RegExp {
  const literal = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(`^${shown.trimEnd().split('…').map(literal).join('[^]*')}\\n?$`)
}
