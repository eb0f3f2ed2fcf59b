import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { finished, HELLOTAP, hellotap, sightingsIn } from '../hellotap.js'

const captures = resolve(import.meta.dirname, '../../captures')
const names = readdirSync(captures).filter((name) => /\.pcap(ng)?$/.test(name))
const few = names.slice(0, 3)

describe('hellotap refingerprint', () => {
  let folder: string
  let fresh: string
  let lines: string[]
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
    fresh = (await hellotap(['read', '--hello', ...names], { cwd: captures })).stdout
    lines = fresh.split('\n').slice(0, -1)
    expect(lines.length).to.be.above(300)
    const protos = new Set(sightingsIn(fresh).map(({ proto }) => proto))
    expect([...protos]).to.have.members(['tcp', 'quic'])
  })
  after(() => rmSync(folder, { recursive: true }))

  it('makes of all captures what reading them makes', async () => {
    const { code, stdout, stderr } = await hellotap(['refingerprint'], {
      input: Buffer.from(fresh),
    })
    expect(stdout === fresh, 'the same bytes').to.equal(true)
    expect(stderr).to.match(new RegExp(`^${lines.length} sightings computed again$`, 'm'))
    expect(code).to.equal(0)
  })

  it('repairs changed fingerprints, and adds those a sighting did not have', async () => {
    const changed = lines.map((line, i) => {
      const sighting = JSON.parse(line) as Record<string, unknown>
      for (const key of ['sha3_384', 'ja3', 'ja4_ro', 'iana']) sighting[key] = 'of another time'
      // a value that is undefined has no key in JSON
      if (i % 2 === 0) for (const key of ['npf', 'npf1', 'tls_fp']) sighting[key] = undefined
      return JSON.stringify(sighting)
    })
    const { stdout } = await hellotap(['refingerprint', file('a.jsonl', changed.join('\n'))])
    expect(stdout === fresh, 'the same bytes').to.equal(true)
  })

  it('makes the fingerprints asked for, as `read` does', async () => {
    const read = await hellotap(['read', '--hello', '-f', 'ja3,ja4', ...few], { cwd: captures })
    const { stdout } = await hellotap([
      'refingerprint',
      '-f',
      'ja3,ja4',
      file('a.jsonl', read.stdout),
    ])
    expect(stdout === read.stdout, 'the same bytes').to.equal(true)
  })

  it('leaves a line without a hello as it is, byte by byte, and counts it', async () => {
    const odd = '{ "ja3":"x",  "n": 1.0, "é":"\\u0041" }\r'
    const { code, stdout, stderr } = await hellotap(['refingerprint', '-'], {
      input: Buffer.from(`${odd}\n${lines[0] ?? ''}\n\n{}`),
    })
    expect(stdout).to.equal(`${odd}\n${lines[0] ?? ''}\n{}\n`)
    expect(stderr).to.match(
      /^1 sighting computed again, 2 sightings without a hello left unchanged$/m,
    )
    expect(code).to.equal(0)
  })

  it('names the lines it cannot use, does the others, and fails in the end', async () => {
    const cut = (lines[0] ?? '').replace(/"hello":"..../, '"hello":"')
    const input = ['{"time":', lines[0], '[]', cut, 'x'.repeat(9 << 20), lines[1]].join('\n')
    const { code, stdout, stderr } = await hellotap(['refingerprint', file('b.jsonl', input)])
    expect(stdout).to.equal(`${lines[0] ?? ''}\n${lines[1] ?? ''}\n`)
    expect(stderr).to.match(/b\.jsonl:1 is not JSON\n/)
    expect(stderr).to.match(/b\.jsonl:3 is not a JSON object\n/)
    expect(stderr).to.match(/b\.jsonl:4 has a "hello" that is no ClientHello/)
    expect(stderr).to.match(/b\.jsonl:5 is longer than 8388608 bytes\n/)
    expect(stderr).to.match(/^2 sightings computed again, 4 faulty lines left out$/m)
    expect(code).to.equal(1)
  })

  it('tells of a bounded number of bad lines', async () => {
    const { stderr } = await hellotap(['refingerprint', file('c.jsonl', '{\n'.repeat(1000))])
    expect(stderr.split('\n')).to.have.length.below(110)
    expect(stderr).to.match(/0 sightings computed again, 1,000 faulty lines left out/)
  })

  it('says that a file is not there, and does the others', async () => {
    const { code, stdout, stderr } = await hellotap([
      ...['refingerprint', join(folder, 'absent.jsonl'), folder],
      file('d.jsonl', lines[0] ?? ''),
    ])
    expect(stderr).to.match(/cannot read .*absent\.jsonl: no such file or directory/)
    expect(stderr).to.match(/cannot read .*: illegal operation on a directory/)
    expect(sightingsIn(stdout)).to.have.length(1)
    expect(code).to.equal(1)
  })

  it('refuses --redis', async () => {
    const { code, stderr } = await hellotap([
      'refingerprint',
      'a',
      '--redis',
      'redis://127.0.0.1:1',
    ])
    expect(stderr).to.match(/unknown option --redis/)
    expect(code).to.equal(2)
  })

  it('ends quietly when its output is closed', async () => {
    const { code, stderr } = await finished(
      spawn(
        'bash',
        ['-o', 'pipefail', '-c', '"$0" "$1" refingerprint "$2" | head -1'].concat([
          process.execPath,
          HELLOTAP,
          file('e.jsonl', fresh.repeat(3)),
        ]),
      ),
    )
    expect(stderr).to.equal('')
    expect(code).to.equal(0)
  })
})
