// Sets up what `npm start` and `npm test` need, and does nothing where it is already there:
// Debian packages (by apt-get, as root), node_modules (by `npm ci`), dist (by the TypeScript compiler).
// Plain JavaScript on Node alone: it runs before anything is installed.
//
//   node bin/setup.mjs start|test

import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = dirname(dirname(fileURLToPath(import.meta.url)))
const purpose = process.argv[2] === 'test' ? 'test' : 'start'
const say = (text) => process.stderr.write(`setup: ${text}\n`)

/** Our own capture engine, as tools/build-native.mjs builds it. */
const ENGINE = `prebuilds/${process.platform}-${process.arch}/hellotap.node`
/** Debian package → what shows that it is there: a command on PATH, or a file. */
const TO_BUILD = {
  'libpcap-dev': '/usr/include/pcap.h',
  'g++': 'g++',
  make: 'make',
  python3: 'python3',
}
const TO_TEST = {
  'redis-server': 'redis-server',
  'nginx-light': 'nginx',
  tshark: 'tshark',
  tcpdump: 'tcpdump',
  chromium: 'chromium',
  curl: 'curl',
  openssl: 'openssl',
  iproute2: 'ip',
  'iputils-ping': 'ping',
  'util-linux': 'setpriv',
  'libcap2-bin': 'capsh',
  systemd: 'systemd-analyze',
  procps: 'pgrep',
  ethtool: 'ethtool',
  prometheus: 'promtool',
  git: 'git',
  jq: 'jq',
  kcat: 'kcat',
}

function present(mark) {
  if (mark.startsWith('/')) return existsSync(mark)
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, mark), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Installs the packages that are missing; says the command where it may not. Returns whether all are there. */
function installPackages(packages) {
  const missing = Object.keys(packages).filter((name) => !present(packages[name]))
  if (missing.length === 0) return true
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!present('apt-get') || process.getuid?.() !== 0) {
    say(`missing: ${missing.join(', ')}. As root: ${command}`)
    return false
  }
  say(command)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const restore = forbidServices()
  try {
    const apt = (...args) =>
      spawnSync('apt-get', args, { env, stdio: ['ignore', 2, 2] }).status === 0
    const update = apt('-qq', 'update')
    if (!apt('-qq', 'install', '-y', '--no-install-recommends', ...missing)) {
      say(
        `apt-get failed${update ? '' : ' (and could not refresh its lists)'}; by hand: ${command}`,
      )
      return false
    }
  } finally {
    restore()
  }
  return true
}

/**
 * Keeps Debian from starting the services that it installs, by /usr/sbin/policy-rc.d, unless that file is somebody else's.
 * A file of ours that a killed run left behind is removed: with it no service of the machine would start any more.
 * @returns what takes the file away; it is called under every exit but SIGKILL
 */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d'
  const mark = '# hellotap wrote this file while apt-get runs; it can be deleted. Process:'
  const isOurs = () => existsSync(policy) && readFileSync(policy, 'utf8').includes(mark)
  if (isOurs()) rmSync(policy)
  if (existsSync(policy)) return () => undefined
  writeFileSync(policy, `#!/bin/sh\n${mark} ${process.pid}\nexit 101\n`, { mode: 0o755 })
  // With a handler of its own the process outlives a Ctrl-C, which ends apt-get, long enough to clean up.
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
  const handlers = Object.entries(signals).map(([name, code]) => {
    const onSignal = () => {
      restore()
      process.exit(code)
    }
    process.on(name, onSignal)
    return [name, onSignal]
  })
  function restore() {
    if (isOurs()) rmSync(policy, { force: true })
    for (const [name, onSignal] of handlers) process.off(name, onSignal)
  }
  return restore
}

/** SHA-256 over names and contents of files, folders walked in order. */
function fingerprintOf(paths) {
  const hash = createHash('sha256').update(process.version)
  const add = (path) => {
    if (!existsSync(path)) return
    let entries
    try {
      entries = readdirSync(path).sort()
    } catch {
      hash.update(`${relative(top, path)}\0`).update(readFileSync(path))
      return
    }
    for (const entry of entries) add(join(path, entry))
  }
  for (const path of paths) add(join(top, path))
  return hash.digest('hex')
}

/** Runs `work` unless `stampFile` says it was done for the same inputs. */
function once(stampFile, inputs, work) {
  const stamp = fingerprintOf(inputs)
  const path = join(top, stampFile)
  if (existsSync(path) && readFileSync(path, 'utf8') === stamp) return
  work()
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, stamp)
}

function run(command, args, env = process.env) {
  say([command, ...args].join(' '))
  execFileSync(command, args, { cwd: top, env, stdio: ['ignore', 2, 2] })
}

/** node-gyp would download Node's headers; where this Node brought its own, it is told so. */
function npmEnvironment() {
  const prefix = dirname(dirname(process.execPath))
  const env = { ...process.env }
  if (existsSync(join(prefix, 'include/node/node.h'))) env.npm_config_nodedir = prefix
  return env
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  say(`Node ${process.versions.node} is too old: hellotap needs 20.19 or newer`)
  process.exit(1)
}

const complete = installPackages(purpose === 'test' ? { ...TO_BUILD, ...TO_TEST } : TO_BUILD)
try {
  once('node_modules/.hellotap-stamp', ['package-lock.json'], () => {
    run('npm', ['ci', '--no-audit', '--no-fund'], npmEnvironment())
  })
  if (!existsSync(join(top, ENGINE))) run('node', ['tools/build-native.mjs'])
  const engines = ['node_modules/cap/build/Release/cap.node', ENGINE]
  if (!engines.some((path) => existsSync(join(top, path))))
    say('no capture engine was built: reading files works, live capture does not')
  once(
    'dist/.stamp',
    ['src', 'tools/build.mjs', 'tools/build-native.mjs', 'tsconfig.json', 'package.json'],
    () => {
      rmSync(join(top, 'dist'), { recursive: true, force: true })
      run('npm', ['run', '--silent', 'build'])
    },
  )
} catch (error) {
  say(`stopped: ${error.message}`)
  process.exit(1)
}
if (!complete && purpose === 'test') process.exit(1)
