// `hellotap identify` and `learn` as users run them.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { Scratch } from '../capture/support.js'
import { hellotap } from '../hellotap.js'

const clients = resolve(import.meta.dirname, '../../captures/clients')
const curl = join(clients, 'curl-openssl3.5.pcap')
const JA4 = 't13d3013h2_1d37bd780c83_8537cf56674e'

interface Line {
  readonly implementation: { readonly library: string; readonly basis?: string }
  readonly mask: readonly string[]
}
const linesIn = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

describe('identify', function () {
  this.timeout(60_000)
  let scratch: Scratch
  let env: NodeJS.ProcessEnv
  before(() => {
    scratch = new Scratch()
    env = { ...process.env, XDG_DATA_HOME: join(scratch.path, 'data') }
  })
  after(() => scratch.remove())

  it('prints a line for each hello of a capture', async () => {
    const { code, stdout } = await hellotap(['identify', curl], { env })
    expect(code).to.equal(0)
    const lines = linesIn(stdout)
    expect(lines).to.have.length(10)
    for (const line of lines) {
      expect(line).to.have.all.keys(
        ...['time', 'src', 'srcport', 'sha3_384_stable', 'ja4', 'implementation', 'mask'],
      )
      expect(line.implementation).to.include({ library: 'OpenSSL', basis: 'exact' })
      expect(line.mask).to.deep.equal([])
    }
  })

  it('knows a fingerprint of any kind', async () => {
    const { stdout } = await hellotap(['read', curl], { env })
    const [sighting] = stdout.split('\n')
    const {
      sha3_384,
      sha3_384_stable,
      ja3,
      ja3_string,
      ja3n,
      ja4,
      ja4_r,
      ja4_o,
      ja4_ro,
      npf,
      npf1,
    } = JSON.parse(sighting ?? '') as Record<string, string>
    const all = [
      sha3_384,
      sha3_384_stable,
      ja3,
      ja3_string,
      ja3n,
      ja4,
      ja4_r,
      ja4_o,
      ja4_ro,
      npf,
      npf1,
    ]
    const answer = await hellotap(['identify', ...all.map(String)], { env })
    expect(answer.code).to.equal(0)
    expect(
      linesIn(answer.stdout).map(({ implementation }) => implementation.library),
    ).to.deep.equal(all.map(() => 'OpenSSL'))
  })

  it('says unknown of a fingerprint that nobody has', async () => {
    const { code, stdout } = await hellotap(['identify', 'f'.repeat(96)], { env })
    expect(code).to.equal(0)
    expect(linesIn(stdout)[0]?.implementation).to.deep.equal({ library: 'unknown', nearest: [] })
  })

  it('takes a file before a fingerprint of that name', async () => {
    copyFileSync(curl, join(scratch.path, JA4))
    const { stdout } = await hellotap(['identify', JA4], { env, cwd: join(scratch.path, '.') })
    expect(linesIn(stdout)).to.have.length(10)
  })

  it('reads a capture or sightings from stdin', async () => {
    const fromCapture = await hellotap(['identify', '-'], { env, input: readFileSync(curl) })
    const { stdout } = await hellotap(['read', '--hello', curl], { env })
    const fromLines = await hellotap(['identify', '-'], { env, input: Buffer.from(stdout) })
    expect(fromLines.stdout).to.equal(fromCapture.stdout)
    expect(linesIn(fromLines.stdout)).to.have.length(10)
  })

  it('lists what contradicts the browser whose lists a hello has', async () => {
    const file = join(clients, 'impit-chrome151.pcap')
    const { stdout } = await hellotap(['identify', file], { env })
    const masks = linesIn(stdout).map(({ mask }) => mask)
    expect(masks).to.not.be.empty
    for (const mask of masks)
      expect(mask).to.include.members(['grease.ext_count', 'share.x25519_reused'])
    const read = await hellotap(['read', '--hello', file], { env })
    const fromLines = await hellotap(['identify', '-'], { env, input: Buffer.from(read.stdout) })
    expect(fromLines.stdout).to.equal(stdout)
  })

  it('names lines of stdin that cannot be identified, and goes on', async () => {
    const { stdout } = await hellotap(['read', '--hello', curl], { env })
    const input = Buffer.from(`{"a":1}\n{\n${stdout}`)
    const answer = await hellotap(['identify', '-'], { env, input })
    expect(answer.code).to.equal(1)
    expect(answer.stderr).to.include('stdin:1 ').and.include('stdin:2 is not JSON')
    expect(linesIn(answer.stdout)).to.have.length(10)
  })

  it('fails for a word that names neither a file nor a fingerprint', async () => {
    const { code, stderr } = await hellotap(['identify', 'no-such-file.pcap'], { env })
    expect(code).to.equal(1)
    expect(stderr).to.equal('hellotap: no-such-file.pcap is neither a file nor a fingerprint\n')
  })

  it('adds the implementation to the lines of read', async () => {
    const { stdout } = await hellotap(['read', '--identify', curl, curl], { env })
    for (const { implementation } of linesIn(stdout))
      expect(implementation).to.include({ library: 'OpenSSL', basis: 'exact' })
  })

  it('knows a client once its capture is learnt', async () => {
    const knowledge = join(scratch.path, 'own.jsonl')
    const file = join(clients, 'wreq-okhttp-3.9.pcap')
    const label = 'library=Own TLS,version=1.2,application=own agent'
    const learnt = await hellotap(['learn', file, '--label', label, '--knowledge', knowledge])
    expect(learnt.code).to.equal(0)
    expect(learnt.stderr).to.match(/profiles? of own agent added to .*own\.jsonl\n$/)
    const { stdout } = await hellotap(['identify', file, '--knowledge', knowledge])
    for (const { implementation } of linesIn(stdout))
      expect(implementation).to.deep.include({
        library: 'Own TLS',
        versions: '1.2',
        applications: ['own agent'],
        basis: 'exact',
      })
  })

  it('says what is wrong with a label or a knowledge file', async () => {
    const knowledge = join(scratch.path, 'faulty.jsonl')
    writeFileSync(knowledge, '{"library":1}\n')
    const faulty = await hellotap(['identify', curl, '--knowledge', knowledge])
    expect(faulty.code).to.equal(2)
    expect(faulty.stderr).to.include('faulty.jsonl:1 is no labelled profile')
    const unlabelled = await hellotap(['learn', curl, '--label', 'library=X'])
    expect(unlabelled.code).to.equal(2)
    expect(unlabelled.stderr).to.include('--label lacks application=')
  })
})
