import { expect } from 'chai'
import fc from 'fast-check'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { historyFiles } from '../../src/history/folder.js'
import { HistoryWriter } from '../../src/history/history-writer.js'
import type { SightingLine } from '../../src/history/row.js'
import { zstd } from '../../src/history/zstd.js'
import { compileQuery } from '../../src/search/compile.js'
import { parseQuery } from '../../src/search/parser.js'
import type { SearchOptions } from '../../src/search/plan.js'
import { QueryError } from '../../src/search/query-error.js'
import { search } from '../../src/search/search.js'
import type { SearchLimits, SearchRow } from '../../src/search/search.js'
import { millisOf } from '../../src/search/times.js'
import { hellotap } from '../hellotap.js'

const captures = resolve(import.meta.dirname, '../../captures')
const lines = readdirSync(captures)
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => readFileSync(join(captures, name), 'utf8').split('\n').slice(0, -1))
/** The labelled captures, spread over two days, twelve clients and two networks. */
const sightings = lines
  .map((line) => JSON.parse(line) as SightingLine)
  .filter(({ time }) => time)
  .map((sighting, i): SightingLine => ({
    ...sighting,
    id: i.toString(16).padStart(16, '0'),
    time: new Date(Date.parse('2026-11-28T00:00:00Z') + i * 350_000)
      .toISOString()
      .replace('Z', '123Z'),
    src: i % 12 < 9 ? `10.1.2.${i % 12}` : `2001:db8::${i % 12}`,
  }))
const now = Date.parse('2026-11-30T00:00:00Z')

describe('search', function () {
  this.timeout(60_000)
  let folder: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-search-'))
    const writer = new HistoryWriter({ folder, name: 'a', compressors: (await zstd()).compressors })
    writer.put(sightings.map((sighting) => `${JSON.stringify(sighting)}\n`).join(''))
    writer.close()
  })
  after(() => rmSync(folder, { recursive: true }))

  const ask = async (
    query: string,
    options: Partial<SearchOptions> = {},
    limits: SearchLimits = {},
    hot?: readonly SightingLine[],
  ): Promise<SearchRow[]> => {
    const rows: SearchRow[] = []
    const sources = { folder, ...(hot && { hot }) }
    for await (const row of search({ query, ...options }, sources, { now, ...limits }))
      rows.push(row)
    return rows
  }
  const fault = async (
    query: string,
    options: Partial<SearchOptions> = {},
  ): Promise<QueryError> => {
    try {
      await ask(query, options)
    } catch (error) {
      if (error instanceof QueryError) return error
      throw error
    }
    throw new Error(`${query} was taken`)
  }
  const withId = (rows: readonly SearchRow[]) => rows.map(({ id }) => String(id)).sort()
  const expected = (isWanted: (sighting: SightingLine) => boolean) =>
    sightings
      .filter(isWanted)
      .map(({ id }) => String(id))
      .sort()

  it('gives back every sighting whole, all of them unless a limit is asked for', async () => {
    const rows = await ask('')
    const byId = new Map(rows.map((row) => [row['id'], row]))
    expect(byId.size).to.equal(sightings.length)
    for (const sighting of sightings) {
      const { community_id, ...row } = byId.get(sighting.id) ?? {}
      const { community_id: was, ...kept } = sighting
      expect(row).to.deep.equal(kept)
      expect(community_id === undefined).to.equal(was === undefined)
    }
    const newest = await ask('', { limit: 3 })
    const times = sightings.map(({ time }) => time).sort()
    expect(newest.map(({ time }) => time)).to.deep.equal(times.reverse().slice(0, 3))
  })

  const cases: Record<string, (sighting: SightingLine) => boolean> = {
    'src in 10.1.2.0/24': ({ src }) => src.startsWith('10.1.2.'),
    'src in 10.1.2.4/30 and not src=10.1.2.5': ({ src }) => /\.(4|6|7)$/.test(src),
    'src=2001:db8::9 or src in (10.1.2.1, 10.1.2.2)': ({ src }) => /::9$|\.[12]$/.test(src),
    'src in 2001:db8::/32': ({ src }) => src.includes(':'),
    'sni~"*.example.test"': ({ sni }) => sni?.endsWith('.example.test') === true,
    'sni ~ a?test': ({ sni }) => sni === 'a.test',
    'sni!=a.test': ({ sni }) => sni !== 'a.test',
    'ja4~t13d* proto=tcp': ({ ja4 }) => ja4?.startsWith('t13d') === true,
    'sni=A.Test': ({ sni }) => sni === 'a.test',
    'sni~"*.EXAMPLE.test"': ({ sni }) => sni?.endsWith('.example.test') === true,
    'time=yesterday': ({ time }) => time.startsWith('2026-11-29'),
    'time=2026-11-28': ({ time }) => time.startsWith('2026-11-28'),
    'time!=2026-11-28': ({ time }) => !time.startsWith('2026-11-28'),
    'alpn=h3': ({ alpn }) => alpn?.includes('h3') === true,
    'alpn~http*': ({ alpn }) => alpn?.some((name) => name.startsWith('http')) === true,
    'time>=2026-11-29': ({ time }) => time >= '2026-11-29',
    'time>-24h and time<=-12h': ({ time }) => time > '2026-11-29' && time <= '2026-11-29T12',
    'srcport>50000 and srcport<=55000': ({ srcport }) => srcport > 50_000 && srcport <= 55_000,
    'ech=true': ({ ech }) => ech === true,
    'ech=false dstport=443': ({ ech, dstport }) => ech !== true && dstport === 443,
    'quality=hrr': ({ quality }) => quality?.includes('hrr') === true,
    'hello_len<300': ({ hello_len }) => hello_len < 300,
    '(src=10.1.2.1 or src=10.1.2.2) and (proto=quic or tls_version="TLS 1.3")': (s) =>
      /\.[12]$/.test(s.src) && (s.proto === 'quic' || s.tls_version === 'TLS 1.3'),
  }
  for (const [query, isWanted] of Object.entries(cases))
    it(`finds ${query}`, async () => {
      const wanted = expected(isWanted)
      expect(wanted.length).to.be.within(1, sightings.length - 1)
      expect(withId(await ask(query))).to.deep.equal(wanted)
    })

  it('finds a sighting by any of its fingerprints', async () => {
    const [sighting] = sightings as [SightingLine]
    for (const value of [sighting.sha3_384, sighting.ja3, sighting.ja4, sighting.npf1])
      expect(withId(await ask(`fingerprint="${value ?? ''}"`))).to.include(sighting.id)
  })

  it('takes what is written for a value, never for SQL', async () => {
    for (const evil of [
      "x' or '1'='1",
      "'; DROP TABLE hot; --",
      '%',
      '_',
      "\\' OR 1=1 --",
      "x') UNION SELECT * FROM read_csv('/etc/passwd') --",
    ]) {
      const quoted = JSON.stringify(evil)
      expect(await ask(`sni=${quoted}`), evil).to.deep.equal([])
      expect(await ask(`sni~${quoted}`), evil).to.deep.equal([])
    }
    const error = await fault('sni=a', { by: ["src; SELECT 1'"] })
    expect(error.message).to.match(/no field to count by/)
  })

  it('counts by fields: clients, fingerprints, rare values', async () => {
    const bySource = await ask('', { by: ['src'] })
    expect(bySource.length).to.equal(12)
    const sum = bySource.reduce((total, { sightings: count }) => total + Number(count), 0)
    expect(sum).to.equal(sightings.length)
    const ja4s = new Map<string, Set<string>>()
    for (const { ja4 = '', src } of sightings) ja4s.set(ja4, (ja4s.get(ja4) ?? new Set()).add(src))
    const byJa4 = await ask('', { by: ['ja4'] })
    for (const { ja4, clients } of byJa4)
      expect(clients).to.equal(ja4s.get((ja4 as string | undefined) ?? '')?.size)
    const rare = await ask('', { by: ['ja4'], rare: 2 })
    expect(rare.length).to.equal([...ja4s.values()].filter(({ size }) => size <= 2).length)
    expect((await ask('', { by: ['ja4', 'sni'], limit: 5 })).length).to.equal(5)
  })

  it('counts by day and hour, in the order of time', async () => {
    const countBy = (length: number) => {
      const counts = new Map<string, number>()
      for (const { time } of sightings)
        counts.set(time.slice(0, length), (counts.get(time.slice(0, length)) ?? 0) + 1)
      return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
    }
    const days = await ask('', { by: ['day'] })
    expect(days.map(({ day, sightings: count }) => [day, Number(count)])).to.deep.equal(countBy(10))
    const hours = await ask('', { by: ['hour'] })
    expect(hours.map(({ hour, sightings: count }) => [hour, Number(count)])).to.deep.equal(
      countBy(13).map(([hour, count]) => [`${hour}:00`, count]),
    )
    expect(days.length).to.be.above(1)
    const [first] = await ask('proto=tcp', { by: ['day', 'src'], limit: 1 })
    expect(first).to.include({ day: days[0]?.['day'] }).and.to.have.property('fingerprints')
  })

  it('names what a value by itself may be meant as', async () => {
    const meant: Record<string, string> = {
      '10.1.2.3': 'src=10.1.2.3',
      '10.0.0.0/8': 'src=10.0.0.0/8',
      '2001:db8::1': 'src=2001:db8::1',
      t13d1516h2_8daaf6152771_d8a2da3f94cd: 'fingerprint=t13d1516h2_8daaf6152771_d8a2da3f94cd',
      'www.example.com': 'sni=www.example.com, or sni~"*.www.example.com"',
    }
    for (const [query, is] of Object.entries(meant))
      expect((await fault(query)).message).to.include(`is no field: write ${is}`)
    expect((await fault('source.ip=10.1.2.3')).message).to.match(/unknown field "source.ip"/)
  })

  it('tells what is new since a time, and when a client changed', async () => {
    const before = new Set(
      sightings
        .filter(({ time }) => time < '2026-11-29')
        .map(({ sha3_384_stable }) => sha3_384_stable),
    )
    const isNew = ({ time, sha3_384_stable: value }: SightingLine) =>
      time >= '2026-11-29' && value !== undefined && !before.has(value)
    expect(withId(await ask('new-since=2026-11-29'))).to.deep.equal(expected(isNew))
    const changes = await ask('src=10.1.2.3', { changes: true })
    const own = sightings
      .filter(({ src, sha3_384_stable }) => src === '10.1.2.3' && sha3_384_stable !== undefined)
      .map(({ sha3_384_stable }) => sha3_384_stable)
    expect(changes.length).to.equal(own.filter((value, i) => i > 0 && value !== own[i - 1]).length)
  })

  it('counts a sighting once that history and hot store both have', async () => {
    const hot = sightings.slice(-20).map((sighting) => ({ ...sighting, sensor: 'other' }))
    const [first] = hot as [SightingLine]
    const fresh = { ...first, id: 'f'.repeat(16), src: '10.9.9.9' }
    const rows = await ask('', {}, {}, [...hot, fresh])
    expect(rows.length).to.equal(sightings.length + 1)
    expect(withId(await ask('src=10.9.9.9', {}, {}, [...hot, fresh]))).to.deep.equal([fresh.id])
  })

  it('pages by where the page before ended', async () => {
    const ids: unknown[] = []
    let after: SearchOptions['after']
    for (;;) {
      const page = await ask('src=10.1.2.3', { limit: 7, after })
      ids.push(...page.map(({ id }) => id))
      const last = page.at(-1)
      if (last === undefined) break
      after = {
        micros: BigInt(Date.parse(last['time'] as string)) * 1000n + 123n,
        id: last['id'] as string,
      }
    }
    expect(ids.sort()).to.deep.equal(expected(({ src }) => src === '10.1.2.3'))
  })

  it('leaves out files that are damaged, half written or of another version, and says so', async () => {
    const [file] = await historyFiles(folder)
    const whole = readFileSync(file?.path ?? '')
    const beside = (name: string) => join(dirname(file?.path ?? ''), name)
    const middle = Buffer.from(whole)
    middle.fill(0xff, 4, Math.floor(whole.length / 3))
    const later = Buffer.from(whole)
    const at = later.lastIndexOf('hellotap.schema') + 'hellotap.schema'.length + 2
    later[at] = 0x39
    const bad = {
      'half.parquet': whole.subarray(0, -20),
      'middle.parquet': middle,
      'v9.parquet': later,
      'x.parquet': Buffer.from('x'),
    }
    for (const [name, bytes] of Object.entries(bad)) writeFileSync(beside(name), bytes)
    try {
      const skipped: string[] = []
      const rows = await ask('src=10.1.2.1', {}, { onSkipped: (reason) => skipped.push(reason) })
      expect(withId(rows)).to.deep.equal(expected(({ src }) => src === '10.1.2.1'))
      expect(skipped.length).to.equal(4)
      expect(skipped.join('\n')).to.match(/v9.parquet is left out: it has schema version 9/)
      expect(skipped.join('\n')).to.match(/half.parquet is left out: it is no whole Parquet file/)
    } finally {
      for (const name of Object.keys(bad)) rmSync(beside(name))
    }
  })

  it('ends a search that takes too long, or needs too much', async () => {
    const wait = await ask('', {}, { timeoutMillis: 1 }).catch((error: unknown) => error as Error)
    if (wait instanceof Error) expect(wait.message).to.match(/took longer than/)
    const stopped = await ask('', {}, { signal: AbortSignal.timeout(1) })
    expect(stopped.length).to.be.at.most(sightings.length)
  })

  it('points at the column of a mistake', async () => {
    const mistakes: Record<string, [number | undefined, RegExp]> = {
      'ja4=': [5, /expected a value, found the end/],
      'ja4 t13': [5, /expected an operator/],
      'nope=1': [1, /unknown field "nope"/],
      'src=1.2.3.4 and dst in 10.0.0.0/33': [24, /no address or network/],
      '(src=1.2.3.4': [13, /expected "\)"/],
      'src=1.2.3.4)': [12, /expected "and", "or" or the end/],
      'sni~"a': [5, /quote has no end/],
      'time>soon': [6, /is no time/],
      'time>2026-13-01': [6, /is no time/],
      'time>99999-01-01': [6, /is no time/],
      'srcport=http': [9, /no whole number/],
      'srcport=99999999999999999999': [9, /no whole number/],
      'ech=maybe': [5, /neither true nor false/],
      'src>1.2.3.4': [1, /which has no >/],
      'npf=x': [1, /cannot be searched: ask for npf1/],
      '__proto__=x': [1, /unknown field/],
      'constructor=x': [1, /unknown field/],
    }
    for (const [query, [column, message]] of Object.entries(mistakes)) {
      const error = await fault(query)
      expect(error.column, query).to.equal(column)
      expect(error.message, query).to.match(message)
    }
  })

  it('refuses what is too much, at once', async () => {
    const started = performance.now()
    for (const query of [
      Array(1_000_000).fill('src=1.2.3.4').join(' or '),
      '('.repeat(5_000),
      'not '.repeat(3_000) + 'ech=true',
      Array(600).fill('vlan=1').join(' or '),
      `vlan in (${Array(600).fill('1').join(',')})`,
      `sni~${'*a'.repeat(100)}`,
    ])
      expect((await fault(query)).message).to.match(/more than \d+/)
    expect(performance.now() - started).to.be.below(2_000)
    const patterns = `sni~"${'*a'.repeat(8)}${'?*b'.repeat(4)}"`
    expect(await ask(patterns)).to.deep.equal([])
  })

  it('takes any text for a query or a mistake, nothing else', () => {
    const words = fc.constantFrom(
      ...['src', 'sni', 'time', 'ech', 'and', 'or', 'not', 'in', '=', '~', '(', ')', ',', '"'],
      ...['-24h', '10.0.0.0/8', '*', 'x', ' ', '\\', '!=', '<', 'new_since', '\u0000', '😀'],
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { where, parameters } = compileQuery(parseQuery(text), now, 'x')
          // each value is a parameter: the SQL has as many as there are, and quotes of its own alone
          expect(where.match(/\$\d+::/g)?.length ?? 0).to.be.at.least(parameters.length)
          expect(where.replaceAll(`ESCAPE '\\'`, '').replaceAll(`'["VARCHAR"]'`, '')).not.to.match(
            /['";\\]/,
          )
        } catch (error) {
          expect(error).to.be.instanceOf(QueryError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads times relative and absolute', () => {
    expect(millisOf('-90m', 1, now)).to.equal(now - 5_400_000)
    expect(millisOf('today', 1, now + 5)).to.equal(now)
    expect(millisOf('yesterday', 1, now + 5)).to.equal(now - 86_400_000)
    expect(millisOf('2026-11-30T01:00', 1, now)).to.equal(now + 3_600_000)
    expect(millisOf('2026-11-30T02:00:00+01:00', 1, now)).to.equal(now + 3_600_000)
  })

  it('needs a history and nothing else on the command line, and prints what is asked for', async () => {
    const run = (...args: string[]) => hellotap(['search', '--history', folder, ...args])
    const plain = await run('src=10.1.2.1')
    expect(plain.code).to.equal(0)
    const ids = plain.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as SightingLine).id)
    expect([...ids].sort()).to.deep.equal(expected(({ src }) => src === '10.1.2.1'))
    const csv = await run('src=10.1.2.1', '--by', 'ja4', '--format', 'csv')
    expect(csv.stdout).to.match(/^ja4,sightings,clients,first_seen,last_seen\r\n/)
    const table = await run('src=10.1.2.1', '--limit', '2', '--format', 'table')
    expect(table.stdout.split('\n').length).to.equal(4)
    const bad = await run('src=10.1.2.1 and sni=')
    expect([bad.code, bad.stderr]).to.deep.equal([
      2,
      'hellotap: column 22: expected a value, found the end\nhellotap:   src=10.1.2.1 and sni=\nhellotap:                        ^\n',
    ])
    const none = await hellotap(['search', '--history', join(folder, 'none'), 'ech=true'])
    expect(none.code).to.equal(1)
    expect(none.stderr).to.match(/cannot be read: ENOENT/)
  })
})
