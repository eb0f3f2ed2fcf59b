import { expect } from 'chai'
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { IANA_SNAPSHOT } from '../../src/tls/registry.js'
import type { Sighting } from '../../src/model/sighting.js'
import { finished, hellotap, sightingsIn } from '../hellotap.js'
import { HELLOTAP, PACKAGE } from '../installed.js'

const top = resolve(import.meta.dirname, '../..')
const capture = join(top, 'captures/headless-chromium138.pcap')

interface Packed {
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

describe('the packed package', () => {
  const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  let folder: string
  let packed: Packed
  let files: string[]
  const node = (args: readonly string[]) => finished(spawn(process.execPath, args, { cwd: folder }))

  before(async () => {
    folder = mkdtempSync(join(dirname(dirname(PACKAGE)), 'consumer-'))
    const pack = await finished(
      spawn('npm', ['pack', '--ignore-scripts', '--json', '--dry-run'], { cwd: top }),
    )
    expect(pack.code, pack.stderr).to.equal(0)
    packed = (JSON.parse(pack.stdout) as [Packed])[0]
    files = packed.files.map(({ path }) => path)
  })
  after(() => rmSync(folder, { recursive: true }))

  it('is at most 1.5 MB', () => {
    expect(packed.size).to.be.at.most(1_500_000)
  })

  it('has what it needs', () => {
    expect(files).to.include.members([
      ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE', 'bin/hellotap'],
      'bin/package.json',
      ...['dist/index.js', 'dist/types/index.d.ts', 'dist/cli/start.js', 'dist/LICENCES.txt'],
      ...['dist/batch/read-worker.js', 'dist/capture/live/native-child.js'],
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
        /\.(pcap|pcapng|jsonl|map)$|\.stamp|\.test\.|\.tsx?$/.test(path.replace(/\.d\.ts$/, '')),
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
    // types of Node come from the checkout: a consumer chooses them
    for (const name of ['@types/node', 'undici-types']) {
      const link = join(folder, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(top, 'node_modules', name), link)
    }
    const tsc = await node([join(top, 'tools/tsc.mjs'), '-p', folder])
    expect(tsc.stdout + tsc.stderr).to.equal('')
    const { code, stdout, stderr } = await node(['consumer.js', capture])
    expect(stderr).to.equal('')
    expect(code).to.equal(0)

    const got = JSON.parse(stdout) as {
      readonly sightings: readonly Sighting[]
      readonly made: Partial<Sighting>
      readonly cipher: string
    }
    // the consumer asks for the hello, which goldens do not have, and with it comes the evidence
    const golden = sightingsIn(readFileSync(capture.replace(/pcap$/, 'jsonl'), 'utf8'))
    expect(
      got.sightings.map((sighting) => ({ ...sighting, hello: '', evidence: '' })),
    ).to.deep.equal(
      golden.map((sighting) => ({ ...sighting, file: capture, hello: '', evidence: '' })),
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
      typeError: 'TypeError: bytes must be a Uint8Array',
      names: 12,
      snapshot: IANA_SNAPSHOT,
      version: manifest.version,
    })
  })

  it('is imported without its optional packages', async () => {
    const modules = join(folder, 'without', 'node_modules')
    mkdirSync(modules, { recursive: true })
    cpSync(PACKAGE, join(modules, 'hellotap'), { recursive: true })
    const { dependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>
    }
    for (const name of Object.keys(dependencies)) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(dirname(PACKAGE), name), join(modules, name))
    }
    writeFileSync(
      join(folder, 'without/names.mjs'),
      'import * as all from "hellotap"\nconsole.log(Object.keys(all).join())\n',
    )
    const { stdout, stderr } = await node([join(folder, 'without/names.mjs')])
    expect(stderr).to.equal('')
    expect(stdout.trim().split(',')).to.include.members([
      ...['CaptureError', 'FINGERPRINTS', 'IANA_SNAPSHOT'],
      ...['describe', 'fingerprint', 'readCapture'],
    ])
  })

  it('has the program, which runs', async () => {
    const read = await hellotap(['read', '-f', 'ja3', capture])
    expect(read.stderr).to.match(/^1 file, /m)
    expect(sightingsIn(read.stdout)).to.have.length.above(0)
    const check = await hellotap(['registry', '--check'])
    expect(check.stdout).to.match(/as in the tables/)
    expect(check.code).to.equal(0)
  })

  it('is what the tests run: they fail where it is damaged', async function () {
    this.timeout(60_000)
    const damaged = join(folder, 'node_modules/hellotap')
    cpSync(PACKAGE, damaged, { recursive: true })
    const main = join(damaged, 'dist/cli/start.js')
    writeFileSync(main, `throw new Error('damaged')\n${readFileSync(main, 'utf8')}`)
    const mocha = join(top, 'node_modules/mocha/bin/mocha.js')
    const smoke = await finished(
      spawn(process.execPath, [mocha, 'test/smoke.test.ts'], {
        cwd: top,
        env: { ...process.env, TEST_PACKAGE: damaged },
      }),
    )
    expect(smoke.code).to.be.above(0)
    expect(smoke.stdout).to.match(/^0 passed, [1-9]\d* failed$/m)
    expect(HELLOTAP.startsWith(damaged)).to.equal(false)
  })
})
