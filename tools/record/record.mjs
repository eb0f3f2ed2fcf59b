// Records TLS clients: runs each recipe's command against servers in a namespace of its own, and writes the capture and
// its label. See README.md.

import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { trim } from './trim.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: resolve(import.meta.dirname, '../../captures/clients') },
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
})
const HOME = process.env.RECORD_HOME ?? join(homedir(), '.cache/hellotap-record')
const HELLOTAP = process.env.HELLOTAP ?? resolve(import.meta.dirname, '../../bin/hellotap')
const MAX_CONNECTIONS = 5
const DEFAULT_SECONDS = 30

function run(command, args, more = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...more })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

/** A certificate authority, certificates for the servers, and a folder that trusts it as /etc/ssl/certs does. */
function makeCertificates() {
  const ca = join(HOME, 'ca')
  if (existsSync(join(ca, 'ca.p12'))) return
  mkdirSync(join(ca, 'certs/java'), { recursive: true })
  run('bash', [join(import.meta.dirname, 'certificates.sh')], { cwd: ca })
}

/** The shell of a root: this system's, or that of a Debian root beneath $RECORD_HOME/roots. */
function shellOf(root, command) {
  const shell = ['/bin/bash', '-c', command]
  const args = root === '' ? shell : ['chroot', join(HOME, 'roots', root), ...shell]
  const env = {
    PATH: process.env.PATH,
    HOME: '/root',
    NPM: join(HOME, 'npm'),
    BUILD: join(HOME, 'build'),
    LANG: 'C.UTF-8',
  }
  return spawnSync(args[0], args.slice(1), { encoding: 'utf8', env, timeout: 20_000 })
}

/**
 * A recipe's version: as it stands, with `deb:PACKAGE` or `run:COMMAND` what that prints, with `agent:REGEXP` what the
 * first group matches in the User-Agent.
 */
function version(root, text, userAgent) {
  const [, kind, rest = ''] = /^(deb|run|agent):(.*)$/s.exec(text) ?? []
  if (kind === undefined) return text
  if (kind === 'agent') return new RegExp(rest).exec(userAgent ?? '')?.[1] ?? ''
  const command = kind === 'deb' ? `dpkg-query -W -f '\${Version}' ${rest}` : rest
  const { stdout, stderr } = shellOf(root, command)
  return (kind === 'deb' ? stdout : stdout || stderr).trim().split('\n')[0].trim()
}

function systemOf(root) {
  const release = readFileSync(
    join(root === '' ? '/' : join(HOME, 'roots', root), 'etc/os-release'),
    'utf8',
  )
  const name = /PRETTY_NAME="([^"]*)"/.exec(release)?.[1] ?? 'Linux'
  return `${name.replace(/GNU\/Linux /, '')} x86_64`
}

function count(list) {
  const counts = {}
  for (const each of list) counts[each] = (counts[each] ?? 0) + 1
  return counts
}

/** Records `recipe`, and returns its label; throws where the capture is not what it should be. */
function record(recipe) {
  const { label, root = '', seconds = DEFAULT_SECONDS, transport = 'tcp' } = recipe
  const work = join(HOME, 'work', label)
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const job = {
    root: root && join(HOME, 'roots', root),
    cmd: recipe.cmd,
    seconds,
    work,
    home: HOME,
    env: recipe.env,
  }
  writeFileSync(join(work, 'job.json'), JSON.stringify(job))
  const began = new Date()
  const spaces = [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--propagation',
    'private',
  ]
  const inside = [process.execPath, join(import.meta.dirname, 'inside.mjs'), join(work, 'job.json')]
  run('unshare', [...spaces, ...inside], { timeout: (seconds + 20) * 1000 })

  const log = readFileSync(join(work, 'server.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  const trimmed = trim(
    readFileSync(join(work, 'raw.pcap')),
    recipe.connections ?? MAX_CONNECTIONS,
    transport,
  )
  const file = join(values.out, `${label}.pcap`)
  const trimmedFile = join(work, 'trimmed.pcap')
  writeFileSync(trimmedFile, trimmed.pcap)
  const sightings = run(HELLOTAP, ['read', '-f', 'ja3,ja4', '--hello', trimmedFile])
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  if (sightings.length === 0) throw new Error('no hello was captured')

  // The namespace held this client alone; that its hellos reached our servers is checked by port.
  const ports = new Set(log.map(({ remotePort }) => remotePort))
  for (const { srcport } of sightings)
    if (!ports.has(srcport)) throw new Error(`no server saw a connection from port ${srcport}`)
  const hellos = trimmed.connections.reduce((sum, connection) => sum + connection.hellos, 0)
  if (transport === 'tcp' && hellos !== sightings.length)
    throw new Error(`${hellos} hellos were counted, and hellotap reads ${sightings.length}`)

  const keptPorts = new Set(sightings.map(({ srcport }) => srcport))
  const of = (event) => log.filter((line) => line.event === event && keptPorts.has(line.remotePort))
  const handshakes = of('handshake')
  const agents = log.filter(({ event }) => event === 'request').map(({ userAgent }) => userAgent)
  const known = [...new Set(agents.filter((agent) => agent !== null))]
  const ja3 = run('tshark', [
    '-r',
    trimmedFile,
    '-Y',
    'tls.handshake.ja3',
    '-T',
    'fields',
    '-e',
    'tls.handshake.ja3',
  ])
  const row = {
    file: `${label}.pcap`,
    label,
    library: recipe.library,
    library_version: version(root, recipe.libraryVersion, known.at(-1)),
    client: recipe.client,
    client_version: version(root, recipe.clientVersion, known.at(-1)),
    ...(recipe.impersonates === undefined ? {} : { impersonates: recipe.impersonates }),
    configuration: recipe.configuration ?? '',
    notes: recipe.notes ?? '',
    os: recipe.os ?? systemOf(root),
    user_agent: known.at(-1) ?? null,
    ...(known.length > 1
      ? { all_user_agents: count(agents.filter((agent) => agent !== null)) }
      : {}),
    alpn: handshakes[0]?.alpn ?? '',
    n_client_hello: sightings.length,
    n_resumed: handshakes.filter(({ resumed }) => resumed).length,
    n_ok: handshakes.length,
    n_err: of('failure').length,
    versions: [...new Set(handshakes.map((each) => each.version))],
    ja3: count(ja3.split(/[\s,]+/).filter((value) => value !== '')),
    ja4: count(sightings.map(({ ja4 }) => ja4)),
    cmd: recipe.cmd,
    recorded: began.toISOString().replace(/\.\d+/, ''),
    transport,
  }
  for (const field of ['library_version', 'client_version'])
    if (row[field] === '') throw new Error(`${field} could not be found out`)
  if (recipe.expectUserAgent && !new RegExp(recipe.expectUserAgent).test(row.user_agent ?? ''))
    throw new Error(`the User-Agent is ${row.user_agent}`)
  writeFileSync(file, trimmed.pcap)
  return row
}

makeCertificates()
const labelsFile = join(values.out, 'labels.jsonl')
mkdirSync(values.out, { recursive: true })
const labels = () =>
  existsSync(labelsFile)
    ? readFileSync(labelsFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : []
const modules = await Promise.all(positionals.map((path) => import(resolve(path))))
const recipes = modules
  .flatMap((module) => module.default)
  .filter(({ label }) => new RegExp(values.only).test(label))
let recorded = 0
let failed = 0
for (const recipe of recipes) {
  const isThere = labels().some(({ label }) => label === recipe.label)
  if (isThere && !values.again) continue
  if (values.dry) {
    console.log(recipe.label)
    continue
  }
  // what the root does not have cannot be recorded
  if (recipe.needs && shellOf(recipe.root ?? '', recipe.needs).status !== 0) {
    console.log(`${recipe.label}: left out, it needs ${recipe.needs}`)
    continue
  }
  try {
    const row = record(recipe)
    if (isThere) {
      const others = labels().filter(({ label }) => label !== recipe.label)
      writeFileSync(labelsFile, others.map((other) => `${JSON.stringify(other)}\n`).join(''))
    }
    appendFileSync(labelsFile, `${JSON.stringify(row)}\n`)
    recorded++
    console.log(
      `${row.label}: ${row.n_client_hello} hellos, ${row.n_resumed} resumed, ${row.n_ok} done, ${row.library_version}; ${row.user_agent}`,
    )
  } catch (error) {
    failed++
    console.log(`${recipe.label}: FAILED, ${error.message.slice(0, 300)}`)
  }
}
console.log(`${recorded} recorded, ${failed} failed`)
