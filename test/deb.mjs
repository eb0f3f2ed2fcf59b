// Installs the Debian package in a root of Debian 13, upgrades and purges it there. Needs root, debootstrap and a mirror.
//
//   npm run test:deb [-- ROOT [FILE]]   ROOT is a Debian 13 root that is copied, else debootstrap makes one; FILE is the
//                                       package, else `npm run deb` makes it

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../', import.meta.url))
const MIRROR = 'http://deb.debian.org/debian'
const [given, made] = process.argv.slice(2)

const run = (command, ...args) =>
  execFileSync(command, args, { cwd: top, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const folder = mkdtempSync(join(tmpdir(), 'hellotap-deb-test-'))
const root = join(folder, 'root')
const inside = (...words) =>
  run('chroot', root, '/usr/bin/env', 'DEBIAN_FRONTEND=noninteractive', ...words)
const say = (text) => console.log(`deb: ${text}`)

try {
  const file = made ?? run('npm', 'run', '--silent', 'deb').trim().split('\n').at(-1)
  if (given === undefined) run('debootstrap', '--variant=minbase', 'trixie', root, MIRROR)
  else run('cp', '-a', '--reflink=auto', given, root)
  const copy = join('/root', basename(file))
  cpSync(file, join(root, copy))
  const install = () =>
    inside('apt-get', 'install', '-qq', '-y', '--no-install-recommends', '--reinstall', copy)
  inside('apt-get', '-qq', 'update')
  inside('apt-get', 'install', '-qq', '-y', '--no-install-recommends', 'systemd')
  const before = filesOf(root)
  install()
  say(`installed; node ${inside('node', '--version').trim()}`)

  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
  assert.equal(inside('hellotap', '--version'), `${version}\n`)
  for (const unit of ['hellotap-sensor', 'hellotap-api']) {
    const path = `/usr/lib/systemd/system/${unit}.service`
    const [, command] = /^ExecStart=(.*)$/m.exec(readFileSync(join(root, path), 'utf8')) ?? []
    assert.match(inside(...command.split(' '), '--help'), /^hellotap (capture|serve)/)
    inside('systemd-analyze', 'verify', path)
    say(`${unit}: ExecStart runs, systemd-analyze verify accepts the unit`)
  }
  const addon = '/usr/lib/hellotap/prebuilds/linux-x64/hellotap.node'
  inside('node', '-e', `require('${addon}')`)
  say('the capture engine loads')
  inside('bash', '-n', '/usr/share/bash-completion/completions/hellotap')
  assert.ok(existsSync(join(root, 'usr/share/bash-completion/completions/hellotap')))

  appendFileSync(join(root, 'etc/hellotap.yaml'), '# changed by hand\n')
  install()
  assert.match(readFileSync(join(root, 'etc/hellotap.yaml'), 'utf8'), /# changed by hand/)
  say('installing again keeps the configuration')

  inside('dpkg', '--purge', 'hellotap')
  const left = filesOf(root).filter((path) => /hellotap/.test(path) && !before.includes(path))
  assert.deepEqual(left, [])
  say('purge leaves nothing')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Everything under /etc, /usr and /var of a root. */
function filesOf(path) {
  return ['etc', 'usr', 'var/lib'].flatMap((part) =>
    readdirSync(join(path, part), { recursive: true })
      .filter((name) => !/^(dpkg|apt)\b/.test(name))
      .map((name) => join(part, name)),
  )
}
