// Makes hellotap_VERSION_ARCH.deb in the checkout: the packed package under /usr/lib/hellotap with the packages it needs at
// run time as package-lock.json has them, the units, /etc/hellotap.yaml, man page and bash completion.
//
//   npm run deb

import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { bashCompletion, helpOf, manPage } from './deb/help-pages.mjs'

const top = fileURLToPath(new URL('../', import.meta.url))
const { version, description, license } = JSON.parse(
  readFileSync(join(top, 'package.json'), 'utf8'),
)
const scripts = join(top, 'tools/deb')
/** Where the units of the repository have the program, and where the package has it. */
const [IN_UNITS, INSTALLED] = ['/opt/hellotap/', '/usr/lib/hellotap/']
/** The engine of npm's `cap` is compiled on the machine that installs it; the package has our own engine. */
const LEFT_OUT = ['node_modules/cap']

const run = (command, ...args) =>
  execFileSync(command, args, { cwd: top, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

const engine = `prebuilds/${process.platform}-${process.arch}/hellotap.node`
run('npm', 'run', '--silent', 'build')
if (!existsSync(join(top, engine))) {
  console.error('deb: no capture engine was built: apt-get install g++ libpcap-dev')
  process.exit(1)
}
const stage = mkdtempSync(join(tmpdir(), 'hellotap-deb-'))
try {
  const file = join(top, `hellotap_${version}_${architecture()}.deb`)
  fill()
  run('chmod', '-R', 'u+rwX,go+rX,go-w', stage)
  run('dpkg-deb', '--root-owner-group', '-Zxz', '--build', stage, file)
  console.log(file)
} finally {
  rmSync(stage, { recursive: true })
}

function architecture() {
  return run('dpkg', '--print-architecture').trim()
}

/** Writes one file of the package. */
function put(path, contents, mode = 0o644) {
  mkdirSync(dirname(join(stage, path)), { recursive: true })
  writeFileSync(join(stage, path), contents, { mode })
}

function fill() {
  const home = join(stage, INSTALLED)
  const [{ filename }] = JSON.parse(
    run('npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', stage),
  )
  run('tar', '-xzf', join(stage, filename), '-C', stage)
  rmSync(join(stage, filename))
  mkdirSync(dirname(home), { recursive: true })
  renameSync(join(stage, 'package'), home)
  cpSync(join(top, 'package-lock.json'), join(home, 'package-lock.json'))
  run('npm', 'ci', '--prefix', home, '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund')
  for (const path of ['package-lock.json', 'systemd', ...LEFT_OUT])
    rmSync(join(home, path), { recursive: true, force: true })
  chmodSync(join(home, 'bin/hellotap'), 0o755)
  mkdirSync(join(stage, 'usr/bin'), { recursive: true })
  symlinkSync('../lib/hellotap/bin/hellotap', join(stage, 'usr/bin/hellotap'))

  for (const name of readdirSync(join(top, 'systemd')).filter((each) => each.endsWith('.service')))
    put(
      `usr/lib/systemd/system/${name}`,
      readFileSync(join(top, 'systemd', name), 'utf8').replaceAll(IN_UNITS, INSTALLED),
    )
  put('etc/hellotap.yaml', readFileSync(join(top, 'systemd/hellotap.yaml')))
  const documents = 'usr/share/doc/hellotap'
  put(`${documents}/examples/nginx.conf`, readFileSync(join(top, 'systemd/nginx-hellotap.conf')))
  put(`${documents}/changelog.gz`, gzipSync(readFileSync(join(top, 'CHANGELOG.md')), { level: 9 }))
  put(`${documents}/copyright`, `hellotap ${version}, ${license}\n\n${licences(home)}`)
  const help = helpOf(join(home, 'bin/hellotap'))
  put('usr/share/man/man1/hellotap.1.gz', gzipSync(manPage(help, version), { level: 9 }))
  put('usr/share/bash-completion/completions/hellotap', bashCompletion(help))

  put('DEBIAN/conffiles', '/etc/hellotap.yaml\n')
  for (const name of ['postinst', 'prerm', 'postrm'])
    put(`DEBIAN/${name}`, readFileSync(join(scripts, name)), 0o755)
  put('DEBIAN/control', control())
}

/** The licence, and where those of the packages inside are. */
function licences(home) {
  const notice = readFileSync(join(home, 'NOTICE'), 'utf8').trim()
  return `${notice}

The text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.
${INSTALLED}dist/LICENCES.txt and each package of ${INSTALLED}node_modules have the licences of what is included.
`
}

function control() {
  const kilobytes = run('du', '-sk', '--exclude=DEBIAN', stage).split('\t')[0]
  return `Package: hellotap
Version: ${version}
Architecture: ${architecture()}
Maintainer: hellotap contributors <hellotap@localhost>
Installed-Size: ${kilobytes}
Depends: nodejs (>= 20.19), libpcap0.8t64 | libpcap0.8, libc6 (>= 2.36)
Recommends: redis-server
Section: net
Priority: optional
Description: ${description.replace(/:.*/, '')}
 ${description}.
 A sensor captures on interfaces, an API and a page answer from Redis, and the
 command reads saved captures.
`
}
