// Published lists in their own formats: rows made here, of the shapes that their sources document.

import { expect } from 'chai'
import fc from 'fast-check'
import { importList, sourceOf } from '../../../src/knowledge/lists/import.js'
import { ListIndex } from '../../../src/knowledge/lists/listed.js'
import type { SourceName } from '../../../src/knowledge/lists/names.js'
import { SOURCES } from '../../../src/knowledge/lists/names.js'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)
const JA4 = 't13d1516h2_8daaf6152771_e5627efa2ab1'
const today = '2026-11-30'

const SSLBL = `################################
# abuse.ch SSLBL JA3 fingerprints #
# ja3_md5,Firstseen,Lastseen,Listingreason
${A.toUpperCase()},2017-07-14 18:08:15,2019-07-27 20:42:54,Adware
${B},2017-07-14 18:08:15,yesterday,Tofsee
zz,2017-07-14 18:08:15,2019-07-27 20:42:54,Adware
${B},2017-07-14 18:08:15
${B},2018-01-02 00:00:00,2020-02-03 04:05:06,"Tofsee, or ""another"""
`
const JA4DB = JSON.stringify([
  {
    application: 'Chrome',
    library: null,
    os: 'Windows',
    ja4_fingerprint: JA4,
    observation_count: 9,
  },
  { application: 'Other', ja4_fingerprint: null, ja4s_fingerprint: 't130200_1301_234ea6891581' },
  { application: 'Corrupt', ja4_fingerprint: 't13d1516h2_8daaf6152771' },
  { user_agent_string: 'curl/8.1', ja4_fingerprint: 't13d311000_e8f1e7e78f70_1f22a2ca17c4' },
  { ja4_fingerprint: JA4 },
])
const JA4DB_CSV = `application,library,device,os,user_agent_string,ja4_fingerprint,notes
Chrome,,,Windows,"Mozilla/5.0 (Windows NT 10.0)",${JA4},
Chrome,${JA4}
`
const FOXIO = `Application,Library,Device,OS,ja4,ja4s,ja4h,ja4x,ja4t,ja4tscan,Notes
Chrome,,,,${JA4},t130200_1301_234ea6891581,,,,,
Server,,,,,t130200_1301_234ea6891581,,,,,
`
const SALESFORCE = `JA3 fingerprints of one machine
with words above
${A},"curl 7, with a comma"
${B},"open
xyz,"Nothing"
${B},"wget"
`
const MERCURY = [
  {
    str_repr: '(0303)(c02b)((0000)(000a00040002001d))',
    first_seen: '2019-01-02',
    last_seen: '2020-03-04',
    process_info: [
      { process: 'rare', count: 1 },
      { process: 'firefox', count: 90 },
    ],
  },
  {
    str_repr: 'quic/(0303)(1301)((0000))',
    process_info: [{ process: 'bot', count: 3, malware: true }],
  },
  { str_repr: 'tls/(0303)(1301)((0000))', process_info: [] },
]
  .map((row) => `${JSON.stringify(row)}\n`)
  .join('')
const MITMENGINE = `# <browser_name>:…|<tls_version>:…|<mitm_name>:<mitm_type>:<mitm_grade>
1:48:1:2:6.1.0:1:|303:c02b,c02f,dada:0,a,b:1d,17:0::|some-antivirus:1:0
0::0:0::0:|:*:*:*:*:*barracuda:*|Barracuda:5:0
broken
`
const OWN = `{"fingerprint":"${JA4}","list":"watch","label":"ours","source":"team","licence":"own","date":"2026-01-02"}
{"fingerprint":"${JA4}","list":"nonsense"}
{"fingerprint":
`
const PLAIN = `# ours
${JA4} build agent
${A}  # another
short
`
const SAMPLES: Readonly<Record<SourceName, string>> = {
  sslbl: SSLBL,
  ja4db: JA4DB,
  foxio: FOXIO,
  salesforce: SALESFORCE,
  mercury: MERCURY,
  mitmengine: MITMENGINE,
  hellotap: OWN,
  plain: PLAIN,
}
const read = (name: SourceName, text = SAMPLES[name]) => importList(text, name, { today })
const lines = (name: SourceName, text?: string) => read(name, text).rejected.map(({ line }) => line)

describe('importList', () => {
  it('reads abuse.ch SSLBL as warnings, and puts bad rows aside by their lines', () => {
    expect(read('sslbl').entries).to.deep.equal([
      {
        ...{ fingerprint: A, kind: 'ja3', list: 'warning', label: 'Adware' },
        ...{ source: 'sslbl', licence: 'CC0-1.0', date: '2019-07-27', first_seen: '2017-07-14' },
      },
      {
        ...{ fingerprint: B, kind: 'ja3', list: 'warning', label: 'Tofsee, or "another"' },
        ...{ source: 'sslbl', licence: 'CC0-1.0', date: '2020-02-03', first_seen: '2018-01-02' },
      },
    ])
    expect(lines('sslbl')).to.deep.equal([5, 6, 7])
    expect(read('sslbl').rejected[1]?.reason).to.contain('is no fingerprint')
  })

  it('reads ja4db as JSON and as a table, and takes JA4 alone', () => {
    const { entries, rejected } = read('ja4db')
    expect(entries.map(({ label }) => label)).to.deep.equal(['Chrome, Windows', 'curl/8.1'])
    expect(entries[0]).to.include({ fingerprint: JA4, kind: 'ja4', list: 'label', date: today })
    expect(rejected.map(({ reason }) => reason)).to.have.length(3)
    expect(read('ja4db', JA4DB_CSV).entries).to.have.length(1)
    expect(lines('ja4db', JA4DB_CSV)).to.deep.equal([3])
    const broken = `[\n{"application":"x","ja4_fingerprint":"${JA4}"},\n{"application":"y" oops},\n{"application":"z","ja4_fingerprint":"${JA4}"}\n]`
    expect(read('ja4db', broken).entries.map(({ label }) => label)).to.deep.equal(['x', 'z'])
    expect(lines('ja4db', broken)).to.deep.equal([3])
  })

  it('reads FoxIO’s mapping, salesforce, Mercury, mitmengine, our own and plain lists', () => {
    expect(read('foxio').entries.map(({ label }) => label)).to.deep.equal(['Chrome'])
    expect(lines('foxio')).to.deep.equal([3])
    expect(read('salesforce').entries.map(({ label }) => label)).to.deep.equal([
      'curl 7, with a comma',
      'wget',
    ])
    expect(lines('salesforce')).to.deep.equal([4, 5])
    expect(read('mercury').entries).to.deep.include.members([
      {
        ...{ fingerprint: 'tls/(0303)(c02b)((0000)(000a00040002001d))', kind: 'npf' },
        ...{ list: 'label', label: 'firefox', source: 'mercury', licence: 'BSD-3-Clause' },
        ...{ date: '2020-03-04', first_seen: '2019-01-02', notes: 'also rare' },
      },
    ])
    expect(read('mercury').entries[1]).to.include({ list: 'warning', label: 'bot' })
    expect(lines('mercury')).to.deep.equal([3])
    // 0xc02b and 0xc02f; GREASE is no part of a JA3
    expect(read('mitmengine').entries[0]).to.include({
      fingerprint: '771,49195-49199,0-10-11,29-23,0',
      kind: 'ja3_string',
      label: 'some-antivirus',
      notes: 'under a User-Agent of Chrome 48',
    })
    expect(lines('mitmengine')).to.deep.equal([3, 4])
    expect(read('hellotap').entries).to.have.length(1)
    expect(read('hellotap').entries[0]).to.include({ source: 'team', list: 'watch' })
    expect(lines('hellotap')).to.deep.equal([2, 3])
    expect(read('plain').entries.map(({ label }) => label)).to.deep.equal([
      'build agent',
      'another',
    ])
    expect(lines('plain')).to.deep.equal([4])
  })

  it('tells every source but plain lists by its contents, and no other text', () => {
    for (const name of SOURCES)
      expect(sourceOf(SAMPLES[name]), name).to.equal(name === 'plain' ? undefined : name)
    expect(sourceOf(JA4DB_CSV)).to.equal('ja4db')
    for (const text of ['', '{}', '[]', 'a,b\n1,2', JSON.stringify({ tokens: [] })])
      expect(sourceOf(text)).to.equal(undefined)
  })

  it('never throws, whatever the text', () => {
    const word = fc.oneof(
      fc.constantFrom(A, JA4, '"', ',', '\n', '|', ':', '{', '}', '[', '\\', 'ja4_fingerprint'),
      fc.string({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...SOURCES), fc.array(word, { maxLength: 60 }), (name, parts) => {
        const { entries, rejected } = read(name, parts.join(''))
        return entries.every(({ kind }) => kind !== '') && rejected.every(({ line }) => line >= 1)
      }),
      { numRuns: 500 },
    )
  })

  it('puts all on one list where asked to', () => {
    const { entries } = importList(PLAIN, 'plain', { today, list: 'allow', licence: 'ours' })
    for (const entry of entries) expect(entry).to.include({ list: 'allow', licence: 'ours' })
  })
})

describe('ListIndex', () => {
  const index = new ListIndex([...read('sslbl').entries, ...read('hellotap').entries])

  it('finds any value of a hello, in either case of letters', () => {
    const { entries, isWatched, isAllowed } = index.find([A.toUpperCase(), JA4])
    expect(entries.map(({ list }) => list)).to.deep.equal(['warning', 'watch'])
    expect({ isWatched, isAllowed }).to.deep.equal({ isWatched: true, isAllowed: false })
  })

  it('warns, and accuses nobody', () => {
    const [entry] = index.find([A]).entries
    expect(entry?.text).to.contain('many false positives')
    expect(index.find(['f'.repeat(32)]).entries).to.deep.equal([])
  })
})
