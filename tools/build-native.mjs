// Builds the capture engine, src/native, into prebuilds/PLATFORM-ARCH/hellotap.node, which the package carries. Where there
// is no compiler, no libpcap header, or no Linux, it says so in one line and succeeds: npm cap captures in its place.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(top, 'src/native')
const built = join(top, 'prebuilds', `${process.platform}-${process.arch}`, 'hellotap.node')
const compiler = process.env.CXX ?? 'c++'

function skip(reason) {
  process.stderr.write(
    `native: the capture engine is not built (${reason}); live capture uses npm cap\n`,
  )
}

function build() {
  if (process.platform !== 'linux') return skip('it is for Linux')
  const sources = readdirSync(folder).map((name) => join(folder, name))
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs))
  if (existsSync(built) && statSync(built).mtimeMs > newest) return
  if (!existsSync('/usr/include/pcap/pcap.h'))
    return skip('libpcap’s headers are missing: apt-get install libpcap-dev')
  let headers
  try {
    headers = createRequire(import.meta.url)('node-api-headers').include_dir
  } catch {
    return skip('the npm package node-api-headers is missing: npm ci')
  }
  rmSync(built, { force: true })
  mkdirSync(dirname(built), { recursive: true })
  const { error, status, stderr } = spawnSync(
    compiler,
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', '-pthread', '-fvisibility=hidden'],
      // what it needs of the C++ library is within, so that it loads wherever this Node runs
      ...['-static-libstdc++', '-static-libgcc', '-fno-exceptions', '-fno-rtti'],
      ...['-Wall', '-Wextra', '-Wl,-s', '-DNAPI_VERSION=8', `-I${headers}`],
      ...sources.filter((path) => path.endsWith('.cc')),
      ...['-o', built, '-ldl'],
    ],
    { encoding: 'utf8' },
  )
  if (error !== undefined) return skip(`no C++ compiler: apt-get install g++`)
  process.stderr.write(stderr)
  if (status !== 0) return skip(`${compiler} failed`)
  process.stderr.write(`native: built ${relative(top, built)}\n`)
}

build()
