// `hellotap knowledge` as users run it: lists go in, rules come out, and the API warns.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { hellotap, sightingsIn } from '../hellotap.js'
import { liveLists } from '../../src/serving/lists-file.js'

const golden = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.jsonl')
const [curl] = sightingsIn(readFileSync(golden, 'utf8'))
const ja3 = curl?.ja3 ?? ''
const ja4 = curl?.ja4 ?? ''

describe('hellotap knowledge', function () {
  this.timeout(60_000)
  let folder: string
  const run = (...words: string[]) => hellotap(['knowledge', ...words, '--data-dir', folder])
  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-knowledge-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('imports a list, puts bad rows aside by their lines, and adds no entry twice', async () => {
    const list = file(
      'sslbl.csv',
      `# ja3_md5,Firstseen,Lastseen,Listingreason\n${ja3},2019-01-01 00:00:00,2020-01-01 00:00:00,Tofsee\nbad,,,\n`,
    )
    const first = await run('import', list)
    expect(first.code, first.stderr).to.equal(0)
    expect(first.stderr).to.contain('sslbl.csv:3 ').and.to.contain('1 entries of sslbl, 1 new')
    const aside = readFileSync(join(folder, 'lists.jsonl.rejected'), 'utf8')
    expect(JSON.parse(aside)).to.include({ file: list, line: 3, row: 'bad,,,' })
    expect((await run('import', list)).stderr).to.contain('1 entries of sslbl, 0 new')
    const lists = liveLists(join(folder, 'lists.jsonl'), (error) => {
      throw error
    })
    expect(lists([ja3]).entries[0]).to.include({
      ...{ list: 'warning', label: 'Tofsee', source: 'sslbl', licence: 'CC0-1.0' },
      date: '2020-01-01',
    })
  })

  it('asks for the source where a file does not tell it', async () => {
    const list = file('ours.txt', `${ja4} build agent\n`)
    const unknown = await run('import', list)
    expect(unknown.code).to.equal(1)
    expect(unknown.stderr).to.contain('--source')
    const named = await run('import', list, '--source', 'plain', '--list', 'allow')
    expect(named.code, named.stderr).to.equal(0)
    expect((await run('import', join(folder, 'nowhere'))).code).to.equal(1)
    expect((await run('import', list, '--source', 'nobody')).code).to.equal(2)
    expect((await run('import')).code).to.equal(2)
  })

  it('exports with what lists and the base know, and says what a format cannot hold', async () => {
    await run('import', file('l.csv', `${ja3}, "a list's word"\n`))
    const csv = await run('export', '--format', 'csv', ja3.toUpperCase(), ja4)
    expect(csv.code, csv.stderr).to.equal(0)
    expect(csv.stdout).to.contain(`${ja3},ja3,a list's word,salesforce,BSD-3-Clause,`)
    expect(csv.stdout).to.match(new RegExp(`${ja4},ja4,"?OpenSSL 3`))
    const rules = await run('export', '--format', 'suricata', ja4, curl?.sha3_384 ?? '')
    expect(rules.code).to.equal(1)
    expect(rules.stdout).to.contain(`ja4.hash; content:"${ja4}";`)
    expect(rules.stderr).to.contain('suricata has no field for sha3_384')
    expect((await run('export', '--format', 'csv', 'nonsense')).code).to.equal(2)
    expect((await run('export', ja4)).code).to.equal(2)
  })
})
