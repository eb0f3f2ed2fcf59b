// The package as users install it: packed by npm, installed from its tarball into a folder of its own. Every test that runs
// the program or imports the library uses this one. TEST_PACKAGE names another installation to test.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const top = resolve(import.meta.dirname, '..')
/** Milliseconds after which an installation that no test used is removed: each takes a hundred megabytes. */
const UNUSED_MILLIS = 3 * 3600_000

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** The installed package's folder. */
export const PACKAGE = process.env['TEST_PACKAGE'] ?? install()

/** The program as users run it. */
export const HELLOTAP = join(PACKAGE, 'bin/hellotap')

/** Packs the checkout and installs the tarball, unless the same contents are installed already. @returns the folder */
function install(): string {
  if (!existsSync(join(top, 'dist/cli/start.js')))
    throw new Error('dist/ is missing: run `npm run build` before the tests')
  const root = join(tmpdir(), `hellotap-installed-${process.getuid?.() ?? 0}`)
  const home = join(root, contentHash())
  const folder = join(home, 'node_modules/hellotap')
  if (existsSync(folder)) {
    utimesSync(home, new Date(), new Date())
    return folder
  }
  mkdirSync(root, { recursive: true })
  removeUnused(root)
  const scratch = mkdtempSync(join(root, 'new-'))
  // tests run it as other users too
  chmodSync(scratch, 0o755)
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { cwd: top, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const [packed] = JSON.parse(
    npm('pack', '--ignore-scripts', '--json', '--pack-destination', scratch),
  ) as Packed[]
  if (packed === undefined) throw new Error('npm pack printed no package')
  writeFileSync(join(scratch, 'package.json'), '{"private":true,"type":"module"}')
  npm('install', '--prefix', scratch, '--no-audit', '--no-fund', join(scratch, packed.filename))
  try {
    renameSync(scratch, home)
  } catch (error) {
    // another test process was first
    if (!existsSync(folder)) throw error
    rmSync(scratch, { recursive: true })
  }
  return folder
}

/** Removes installations that no test began with for hours. */
function removeUnused(root: string): void {
  for (const name of readdirSync(root)) {
    const home = join(root, name)
    const used = statSync(home, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - used > UNUSED_MILLIS) rmSync(home, { recursive: true, force: true })
  }
}

/** Hash over what decides the installation: the files of the package, its manifest, and the version of Node. */
function contentHash(): string {
  const manifest = readFileSync(join(top, 'package.json'), 'utf8')
  const { files } = JSON.parse(manifest) as { files: string[] }
  const hash = createHash('sha256').update(process.version).update(manifest)
  for (const name of files.filter((each) => existsSync(join(top, each)))) {
    const path = join(top, name)
    const paths = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path]
    for (const each of paths) hash.update(`${each}\0`).update(readFileSync(each))
  }
  return hash.digest('hex').slice(0, 16)
}
