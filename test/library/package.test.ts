import { expect } from 'chai'
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { IANA_SNAPSHOT } from '../../src/tls/registry.js'
import type { Sighting } from '../../src/model/sighting.js'
import { finished, sightingsIn } from '../hellotap.js'

const top = resolve(import.meta.dirname, '../..')
const capture = join(top, 'captures/headless-chromium138.pcap')

interface PackageJson {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}
interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

describe('the packed package', () => {
  const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as PackageJson
  let folder: string
  let files: string[]
  const node = (args: readonly string[]) => finished(spawn(process.execPath, args, { cwd: folder }))

  before(async function () {
    this.timeout(60_000)
    folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
    const pack = await finished(
      spawn('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
        cwd: top,
      }),
    )
    expect(pack.code, pack.stderr).to.equal(0)
    const [packed] = JSON.parse(pack.stdout) as Packed[]
    files = packed?.files.map(({ path }) => path) ?? []

    // As an installation lays it out, without asking a registry: the package unpacked, its dependencies beside it.
    const modules = join(folder, 'node_modules')
    mkdirSync(join(modules, 'hellotap'), { recursive: true })
    const tarball = join(folder, packed?.filename ?? '')
    const tar = ['-xzf', tarball, '-C', join(modules, 'hellotap'), '--strip-components=1']
    expect((await finished(spawn('tar', tar))).code).to.equal(0)
    for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types']) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(top, 'node_modules', name), join(modules, name))
    }
  })
  after(() => rmSync(folder, { recursive: true }))

  it('has what it needs', () => {
    expect(files).to.include.members([
      ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE', 'bin/hellotap'],
      'bin/package.json',
      ...[
        'dist/index.js',
        'dist/index.d.ts',
        'dist/cli/main.js',
        'dist/capture/live/capture-child.js',
      ],
      ...readdirSync(join(top, 'src/web/static')).map((name) => `dist/web/static/${name}`),
      ...readdirSync(join(top, 'systemd')).map((name) => `systemd/${name}`),
      ...readdirSync(join(top, 'prebuilds')).map((name) => `prebuilds/${name}/hellotap.node`),
      ...readdirSync(join(top, 'registry')).map((name) => `registry/${name}`),
    ])
  })

  it('has nothing else', () => {
    const others = files.filter(
      (path) =>
        !/^(dist|prebuilds|registry|systemd)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE|bin\/(hellotap|package\.json))$/.test(
          path,
        ),
    )
    expect(others).to.deep.equal([])
    expect(
      files.filter((path) =>
        /\.(pcap|pcapng|jsonl)$|\.stamp|\.test\.|\.tsx?$/.test(path.replace(/\.d\.ts$/, '')),
      ),
    ).to.deep.equal([])
  })

  it('is imported by a TypeScript program, strictly checked, and does what it says', async function () {
    this.timeout(60_000)
    copyFileSync(join(import.meta.dirname, 'consumer.ts'), join(folder, 'consumer.ts'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...{ target: 'es2023', module: 'nodenext', moduleResolution: 'nodenext', strict: true },
          ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
          ...{ skipLibCheck: false, types: ['node'] },
        },
        files: ['consumer.ts'],
      }),
    )
    const tsc = await node([join(top, 'node_modules/typescript-7/bin/tsc'), '-p', folder])
    expect(tsc.stdout + tsc.stderr).to.equal('')
    const { code, stdout, stderr } = await node(['consumer.js', capture])
    expect(stderr).to.equal('')
    expect(code).to.equal(0)

    const got = JSON.parse(stdout) as {
      readonly sightings: readonly Sighting[]
      readonly made: Partial<Sighting>
      readonly cipher: string
    }
    const golden = sightingsIn(readFileSync(capture.replace(/pcap$/, 'jsonl'), 'utf8'))
    expect(got.sightings.map((sighting) => ({ ...sighting, hello: '' }))).to.deep.equal(
      golden.map((sighting) => ({ ...sighting, file: capture, hello: '' })),
    )
    const [first] = golden
    expect(first).to.deep.include(got.made)
    expect(Object.keys(got.made)).to.include.members(['ja3', 'ja4', 'npf', 'tls_fp', 'iana'])
    expect(got.cipher).to.match(/^GREASE \(0x.a.a\)$/)
    expect(got).to.deep.include({
      streamed: golden.length,
      sni: first?.sni,
      none: 'none',
      value: first?.ja3n,
      refused: 'NOT_FOUND',
      typeError: 'TypeError: octets must be a Uint8Array',
      names: 12,
      snapshot: IANA_SNAPSHOT,
      version: manifest.version,
    })
  })

  it('is imported without the live engine, which is optional', async () => {
    expect(existsSync(join(folder, 'node_modules/cap'))).to.equal(false)
    const { stdout, stderr } = await node([
      ...['--input-type=module', '--eval'],
      'console.log(Object.keys(await import("hellotap")).join())',
    ])
    expect(stderr).to.equal('')
    expect(stdout).to.equal(
      'CaptureError,FINGERPRINTS,IANA_SNAPSHOT,describe,fingerprint,readCapture\n',
    )
  })

  it('has the program, which runs', async () => {
    const bin = join('node_modules/hellotap/bin/hellotap')
    const read = await node([bin, 'read', '-f', 'ja3', capture])
    expect(read.stderr).to.match(/^1 file, /m)
    expect(sightingsIn(read.stdout)).to.have.length.above(0)
    const check = await node([bin, 'registry', '--check'])
    expect(check.stdout).to.match(/as in the tables/)
    expect(check.code).to.equal(0)
  })
})
