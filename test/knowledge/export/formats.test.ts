// Each format by the program itself where it is installed (nginx, HAProxy), else by a reader of its documented grammar.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { EXPORT_FORMATS } from '../../../src/knowledge/export/formats.js'
import type { Exported } from '../../../src/knowledge/export/format.js'
import { timeOf, uuidOf } from '../../../src/knowledge/export/format.js'
import { importList } from '../../../src/knowledge/lists/import.js'
import type { FormatName } from '../../../src/knowledge/lists/names.js'
import { needs, tools } from '../../capability.js'
import { csv4180, stixPattern, suricataRule, zeekIntel } from './readers.js'

const NOW = Date.parse('2026-11-30T12:34:56Z') / 1000
const known = { source: 'sslbl list', licence: 'CC0-1.0', date: '2026-11-30' }
/** A label with every sign that some format gives a meaning to. */
const NASTY = `a "quote"; b: c\\d $e {f} 'g' #h, i | ü\u2028 =j`
const CHOSEN: readonly Exported[] = [
  { fingerprint: 'a'.repeat(32), kind: 'ja3', label: NASTY, ...known },
  { fingerprint: 't13d1516h2_8daaf6152771_e5627efa2ab1', kind: 'ja4', label: '', ...known },
  { fingerprint: 'q13d0310h3_55b375c5d22e_cd85d2d88918', kind: 'ja4', label: 'curl', ...known },
]
const textOf = (name: FormatName) => EXPORT_FORMATS[name].text(CHOSEN, NOW)
const values = CHOSEN.map(({ fingerprint }) => fingerprint)

describe('export', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-export-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('writes Suricata rules, each with a sid of its own that stays', () => {
    const rules = textOf('suricata').trimEnd().split('\n').map(suricataRule)
    const option = (rule: (typeof rules)[number], name: string) =>
      rule.options.find(([known_]) => known_ === name)?.[1]
    expect(rules.map(({ header }) => header[1])).to.deep.equal(['tls', 'tls', 'quic'])
    expect(rules.map((rule) => option(rule, 'content'))).to.deep.equal(values.map((v) => `"${v}"`))
    for (const [i, rule] of rules.entries()) {
      const names = rule.options.map(([name]) => name)
      // a sticky buffer stands right before its content
      expect(names[names.indexOf('content') - 1]).to.equal(`${CHOSEN[i]?.kind ?? ''}.hash`)
      expect(Number(option(rule, 'sid'))).to.be.within(1_000_000, 1_999_999)
    }
    expect(new Set(rules.map((rule) => option(rule, 'sid'))).size).to.equal(3)
    expect(EXPORT_FORMATS.suricata.text(CHOSEN.slice(1), NOW)).to.equal(
      textOf('suricata').split('\n').slice(1).join('\n'),
    )
  })

  it('writes ranges of versions in ASCII', () => {
    const ranged = CHOSEN.map((each) => ({ ...each, label: 'OpenSSL 3.0–3.4' }))
    for (const name of ['suricata', 'nginx', 'haproxy'] as const)
      expect(EXPORT_FORMATS[name].text(ranged, NOW), name).to.contain('OpenSSL 3.0-3.4')
  })

  it('writes Zeek intelligence', () => {
    const rows = zeekIntel(textOf('zeek'))
    expect(rows.map(({ indicator }) => indicator)).to.deep.equal(values)
    expect(rows.map((row) => row['indicator_type'])).to.deep.equal([
      'Intel::JA3',
      'Intel::JA4',
      'Intel::JA4',
    ])
  })

  it('writes a map of nginx for each kind', () => {
    expect(textOf('nginx').match(/^map \$ja([34]) \$ja\1_listed \{$/gm)).to.have.length(2)
  })

  it('… which nginx takes', function () {
    needs(this, tools('nginx'))
    const file = join(folder, 'nginx.conf')
    const server = `server { listen 127.0.0.1:1; set $ja3 ''; set $ja4 ''; location / { return 200 "$ja3_listed$ja4_listed"; } }`
    writeFileSync(
      file,
      `pid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\n${textOf('nginx')}${server}\n}\n`,
    )
    execFileSync('nginx', ['-t', '-q', '-c', file, '-p', folder])
  })

  it('writes an ACL of HAProxy for each fingerprint', () => {
    const acls = textOf('haproxy').match(/^acl hellotap_ja[34] var\(txn\.ja[34]\) -m str \S+$/gm)
    expect(acls).to.have.length(3)
  })

  it('… which HAProxy takes', function () {
    needs(this, tools('haproxy'))
    const file = join(folder, 'haproxy.cfg')
    const times = ['client', 'server', 'connect'].map((each) => `  timeout ${each} 1s\n`).join('')
    const rule = 'http-request set-header X-Listed 1 if hellotap_ja3 or hellotap_ja4'
    writeFileSync(
      file,
      `defaults\n  mode http\n${times}frontend f\n  bind 127.0.0.1:1\n${textOf('haproxy')}  ${rule}\n  default_backend b\nbackend b\n`,
    )
    execFileSync('haproxy', ['-c', '-q', '-f', file])
  })

  it('writes a Sigma rule that a YAML reader takes', () => {
    const rule = parse(textOf('sigma')) as Record<string, unknown>
    expect(rule).to.include.keys('title', 'id', 'logsource', 'detection', 'level', 'falsepositives')
    expect(rule['id']).to.match(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(rule['date']).to.equal('2026-11-30')
    expect(rule['detection']).to.deep.equal({
      selection_ja3: { ja3: values.slice(0, 1) },
      selection_ja4: { ja4: values.slice(1) },
      condition: '1 of selection_*',
    })
    expect(rule['description']).to.contain('a "quote"; b: c\\d')
  })

  it('writes a MISP event whose attributes raise no alarm by themselves', () => {
    const { Event } = JSON.parse(textOf('misp')) as {
      Event: { uuid: string; date: string; Attribute: Record<string, unknown>[] }
    }
    expect(Event.date).to.equal('2026-11-30')
    expect(Event.Attribute.map(({ value }) => value)).to.deep.equal(values)
    expect(Event.Attribute.map(({ type }) => type)).to.deep.equal([
      'ja3-fingerprint-md5',
      'text',
      'text',
    ])
    for (const attribute of Event.Attribute) expect(attribute['to_ids']).to.equal(false)
  })

  it('writes a STIX 2.1 bundle', () => {
    const bundle = JSON.parse(textOf('stix')) as {
      type: string
      id: string
      objects: Record<string, string>[]
    }
    expect(bundle.type).to.equal('bundle')
    const [identity, ...indicators] = bundle.objects
    for (const each of bundle.objects) {
      expect(each['id']).to.match(new RegExp(`^${each['type'] ?? ''}--[0-9a-f-]{36}$`))
      expect(each['created']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(each).to.include({ spec_version: '2.1' })
    }
    for (const [i, each] of indicators.entries()) {
      expect(each).to.include({ pattern_type: 'stix', created_by_ref: identity?.['id'] })
      expect(each['valid_from']).to.equal('2026-11-30T12:34:56.000Z')
      expect(stixPattern(each['pattern'] ?? '')).to.deep.equal({
        path: `network-traffic:x_${CHOSEN[i]?.kind ?? ''}`,
        value: values[i],
      })
    }
  })

  it('writes CSV, and no formula into a spreadsheet', () => {
    const [head, ...rows] = csv4180(textOf('csv'))
    expect(head).to.deep.equal(['fingerprint', 'kind', 'label', 'source', 'licence', 'date'])
    expect(rows[0]).to.deep.equal(['a'.repeat(32), 'ja3', NASTY, ...Object.values(known)])
    const formula = EXPORT_FORMATS.csv.text(
      [{ fingerprint: 'a'.repeat(32), kind: 'ja3', label: '=cmd()', ...known }],
      NOW,
    )
    expect(csv4180(formula)[1]?.[2]).to.equal("'=cmd()")
  })

  it('writes lines that import reads back', () => {
    const { entries, rejected } = importList(textOf('jsonl'), 'hellotap', { today: '2026-12-01' })
    expect(rejected).to.deep.equal([])
    expect(entries.map(({ fingerprint }) => fingerprint)).to.deep.equal(values)
    expect(entries[0]).to.include(known)
  })

  it('tells times as Date does, and the UUID of RFC 9562', () => {
    for (const seconds of [0, 951_782_400, 1_709_164_800, NOW, 4_102_444_799])
      expect(timeOf(seconds)).to.equal(new Date(seconds * 1000).toISOString())
    expect(uuidOf('a')).to.equal(uuidOf('a'))
    expect(uuidOf('a')).to.not.equal(uuidOf('b'))
  })
})
