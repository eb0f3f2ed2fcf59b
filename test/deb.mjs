// Installs the Debian package in a root of Debian 13, boots systemd there, starts both units, upgrades and purges.
// Needs root, debootstrap and a mirror.
//
//   npm run test:deb [-- ROOT [FILE]]   ROOT is a Debian 13 root that is copied, else debootstrap makes one; FILE is the
//                                       package, else `npm run deb` makes it

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { boot } from './booted-root.mjs'

const top = fileURLToPath(new URL('../', import.meta.url))
const MIRROR = 'http://deb.debian.org/debian'
const UNITS = ['hellotap-sensor', 'hellotap-api']
/** Version of the package that is upgraded: the same files, another version and another configuration file. */
const EARLIER = '0.0.1'
const [given, made] = process.argv.slice(2)

const run = (command, ...args) =>
  execFileSync(command, args, { cwd: top, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const folder = mkdtempSync(join(tmpdir(), 'hellotap-deb-test-'))
const root = join(folder, 'root')
const chroot = (...words) =>
  run('chroot', root, '/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...words)
const aptInstall = (...packages) =>
  chroot(
    ...['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-qq', '-y'],
    ...['--no-install-recommends', ...packages],
  )
const read = (path) => readFileSync(join(root, path), 'utf8')
const say = (text) => console.log(`deb: ${text}`)

let booted
try {
  const file = made ?? run('npm', 'run', '--silent', 'deb').trim().split('\n').at(-1)
  if (given === undefined) run('debootstrap', '--variant=minbase', 'trixie', root, MIRROR)
  else run('cp', '-a', '--reflink=auto', given, root)
  cpSync(file, join(root, 'root/new.deb'))
  makeEarlier(file, join(root, 'root/earlier.deb'))
  cpSync(join(top, 'test/one-hello.mjs'), join(root, 'root/one-hello.mjs'))
  chroot('apt-get', '-qq', 'update')
  aptInstall('systemd', 'redis-server')
  const before = filesOf(root)
  aptInstall('/root/earlier.deb')
  say(`installed; node ${chroot('node', '--version').trim()}`)
  assert.equal(chroot('hellotap', '--version'), `${manifest().version}\n`)
  const addon = '/usr/lib/hellotap/prebuilds/linux-x64/hellotap.node'
  chroot('node', '-e', `require('${addon}')`)
  say('the capture engine loads')
  chroot('bash', '-n', '/usr/share/bash-completion/completions/hellotap')

  booted = await boot(root)
  const { inside } = booted
  for (const unit of UNITS) {
    inside('systemd-analyze', 'verify', `/usr/lib/systemd/system/${unit}.service`)
    const exposure = inside('systemd-analyze', 'security', '--no-pager', unit).trim().split('\n')
    say(`${unit}: systemd-analyze verify accepts the unit; ${exposure.at(-1).replace('→ ', '')}`)
  }
  const configuration = 'etc/hellotap.yaml'
  const edited = read(configuration).replace(/^interface:.*$/m, 'interface: [lo]')
  writeFileSync(join(root, configuration), edited)
  inside('systemctl', 'start', 'redis-server')
  inside('systemctl', '--quiet', 'enable', '--now', ...UNITS)
  say(`both units have started: ${statusOf(inside).join(', ')}`)
  await sightingIn(inside, 'first.test')
  say('the sensor keeps the fingerprint of a hello, and lookup finds it')

  const pids = mainPids(inside)
  inside('dpkg', '--force-confold', '--install', '/root/new.deb')
  assert.equal(read(configuration), edited)
  for (const [i, pid] of mainPids(inside).entries()) assert.notEqual(pid, pids[i])
  await sightingIn(inside, 'second.test')
  say('an upgrade keeps the configuration and restarts the units')

  inside('dpkg', '--purge', 'hellotap')
  const left = filesOf(root).filter((path) => /hellotap/.test(path) && !before.includes(path))
  assert.deepEqual(left, [])
  const units = inside('systemctl', 'list-units', '--all', '--no-legend', 'hellotap*')
  assert.equal(units, '')
  say('purge stops the units and leaves nothing')
} finally {
  await booted?.stop()
  rmSync(folder, { recursive: true, force: true })
}

function manifest() {
  return JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
}

function makeEarlier(file, to) {
  const stage = join(folder, 'earlier')
  run('dpkg-deb', '--raw-extract', file, stage)
  const control = join(stage, 'DEBIAN/control')
  const text = readFileSync(control, 'utf8').replace(/^Version:.*$/m, `Version: ${EARLIER}`)
  writeFileSync(control, text)
  appendFileSync(join(stage, 'etc/hellotap.yaml'), `# of version ${EARLIER}\n`)
  run('dpkg-deb', '--root-owner-group', '-Zgzip', '-z1', '--build', stage, to)
  rmSync(stage, { recursive: true })
}

function statusOf(inside) {
  return UNITS.map((unit) => {
    assert.equal(inside('systemctl', 'is-active', unit), 'active\n')
    return inside('systemctl', 'show', '--property=StatusText', '--value', unit).trim()
  })
}

function mainPids(inside) {
  return UNITS.map((unit) =>
    inside('systemctl', 'show', '--property=MainPID', '--value', unit).trim(),
  )
}

/** Sends a hello for a server of this name and waits until the store has it. */
async function sightingIn(inside, name) {
  const lookup = 'hellotap lookup 127.0.0.1 --redis redis://127.0.0.1:6379 2>/dev/null || true'
  inside('node', '/root/one-hello.mjs', name)
  for (const deadline = Date.now() + 60_000; ; await sleep(500)) {
    if (inside('sh', '-c', lookup).includes(`"${name}"`)) return
    if (Date.now() > deadline) assert.fail(`no sighting of ${name} within 60 s`)
  }
}

/** Everything under /etc, /usr and /var of a root. */
function filesOf(path) {
  return ['etc', 'usr', 'var/lib'].flatMap((part) =>
    readdirSync(join(path, part), { recursive: true })
      .filter((name) => !/^(dpkg|apt)\b/.test(name))
      .map((name) => join(part, name)),
  )
}
