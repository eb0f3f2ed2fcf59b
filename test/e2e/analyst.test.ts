// docs/analyst.md and docs/outputs.md as an analyst runs them, over the labelled captures of two networks and two days.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { HistoryWriter } from '../../src/history/history-writer.js'
import type { SightingLine } from '../../src/history/row.js'
import { zstd } from '../../src/history/zstd.js'
import { needs, tools } from '../capability.js'
import { Daemon, HELLOTAP, finished, freePort, hellotap } from '../hellotap.js'

const top = resolve(import.meta.dirname, '../..')
const DAY = 86_400_000
const midnight = Date.now() - (Date.now() % DAY)

describe('the eight questions', function () {
  this.timeout(180_000)
  let folder: string
  let api: Daemon
  let url: string
  let token: string
  const page = readFileSync(join(top, 'docs/analyst.md'), 'utf8')
  const sightings = readdirSync(join(top, 'captures'))
    .filter((name) => name.endsWith('.jsonl') && !name.includes('server'))
    .flatMap((name) =>
      readFileSync(join(top, 'captures', name), 'utf8')
        .split('\n')
        .slice(0, -1),
    )
    .map((line) => JSON.parse(line) as SightingLine)
    .filter(({ ja4 }) => ja4)
    .map((sighting, i) => ({
      ...sighting,
      id: i.toString(16).padStart(16, '0'),
      src: `10.1.${i % 2 === 0 ? 2 : 3}.${i % 20}`,
      time: new Date(midnight - DAY + i * 1000).toISOString().replace('Z', '000Z'),
      user_agent: `agent/${i % 3}`,
      verdict: i % 3 === 0 ? 'inconsistent' : 'consistent',
      implementation: { library: `library-${i % 5}`, versions: '1', applications: ['app'] },
    }))
  // one client came with something new today
  const [first] = sightings as [(typeof sightings)[number]]
  const fresh = {
    ...first,
    id: 'f'.repeat(16),
    src: '10.1.2.99',
    time: new Date(midnight + 1000).toISOString().replace('Z', '000Z'),
    sha3_384_stable: 'f'.repeat(96),
    ja4: 't13d0101h2_ffffffffffff_ffffffffffff',
  }
  const all = [...sightings, fresh]
  const fingerprint = first.ja4 ?? ''

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-analyst-'))
    const history = join(folder, 'history')
    const writer = new HistoryWriter({
      folder: history,
      name: 'a',
      compressors: (await zstd()).compressors,
    })
    writer.put(all.map((each) => `${JSON.stringify(each)}\n`).join(''))
    writer.close()
  })
  after(() => rmSync(folder, { recursive: true }))

  /** The commands of a question, its fingerprint filled in. */
  const commands = (number: number): string[] => {
    const section = page.split(/^## /m).find((part) => part.startsWith(`${number}. `)) ?? ''
    return section
      .split('\n')
      .filter((line) => line.startsWith('hellotap '))
      .map((line) => line.replaceAll('FINGERPRINT', fingerprint).replace(/\s+#.*/, ''))
  }
  const shell = async (command: string) => {
    const program = `hellotap() { ${process.execPath} ${HELLOTAP} "$@"; }; ${command}`
    const env = { ...process.env, HELLOTAP_HISTORY: join(folder, 'history') }
    const result = await finished(spawn('bash', ['-c', program], { env }))
    expect(result.code, `${command}\n${result.stderr}`).to.equal(0)
    return result.stdout
  }
  const rows = async (command: string) =>
    (await shell(command))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  const valuesOf = (found: readonly Record<string, unknown>[], name: string) =>
    found.map((row) => row[name]).sort()
  const distinct = (values: readonly unknown[]) => [...new Set(values)].sort()

  it('1. who used this fingerprint yesterday', async () => {
    const [command = ''] = commands(1)
    const users = sightings.filter(({ ja4 }) => ja4 === fingerprint).map(({ src }) => src)
    expect(valuesOf(await rows(command), 'src')).to.deep.equal(distinct(users))
  })

  it('3. what is new since this morning', async () => {
    const [command = ''] = commands(3)
    expect(valuesOf(await rows(command), 'ja4')).to.deep.equal([fresh.ja4])
  })

  it('4. what did 10.1.2.0/24 do', async () => {
    const [command = ''] = commands(4)
    const since = new Date(Date.now() - DAY).toISOString()
    const wanted = all.filter(({ src, time }) => src.startsWith('10.1.2.') && time > since)
    expect(valuesOf(await rows(command), 'id')).to.deep.equal(wanted.map(({ id }) => id).sort())
  })

  it('5. which server names did it visit', async () => {
    const [command = ''] = commands(5)
    const names = all.filter(({ src }) => src.startsWith('10.1.2.')).map(({ sni }) => sni)
    expect(valuesOf(await rows(command), 'sni')).to.deep.equal([...new Set(names)].sort())
  })

  it('6. export', async () => {
    const [rule = '', eve = '', counts = ''] = commands(6)
    expect(await shell(rule)).to.match(/^alert tls .*ja4/m)
    const count = all.filter(({ src }) => src.startsWith('10.1.2.')).length
    expect((await rows(eve)).every(({ event_type }) => event_type !== undefined)).to.equal(true)
    expect((await rows(eve)).length).to.equal(count)
    expect(await shell(counts)).to.match(
      /^ja3,sightings,clients,first_seen,last_seen\r\n[0-9a-f]{32},/,
    )
  })

  it('7. is this User-Agent lying', async () => {
    const [command = ''] = commands(7)
    const found = await rows(command)
    expect(distinct(valuesOf(found, 'user_agent'))).to.deep.equal(['agent/0'])
    expect(distinct(valuesOf(found, 'library')).length).to.equal(5)
  })

  it('8. how rare is it', async () => {
    // `hellotap rarity` asks a running hellotap: test/cli/rarity.test.ts
    const [command = '', rare = ''] = commands(8).filter((each) => /^hellotap search/.test(each))
    const clients = new Map<string, Set<string>>()
    for (const { ja4 = '', src } of all) clients.set(ja4, (clients.get(ja4) ?? new Set()).add(src))
    expect(await rows(command)).to.have.nested.property(
      '[0].clients',
      clients.get(fingerprint)?.size,
    )
    const few = [...clients].filter(([, set]) => set.size <= 2).map(([ja4]) => ja4)
    expect(valuesOf(await rows(rare), 'ja4')).to.deep.equal(few.sort())
  })

  it('answers each of them over the API, with the calls of the page', async () => {
    const [httpPort, dataDir] = [await freePort(), join(folder, 'data')]
    const socket = join(folder, 'hellotap.sock')
    const added = await hellotap(['token', 'add', 'me', '--role', 'analyst', '--data-dir', dataDir])
    token = /\S{20,}/.exec(added.stdout)?.[0] ?? ''
    const args = ['--http-port', String(httpPort), '--https-port', '0', '--data-dir', dataDir]
    api = new Daemon(process.execPath, [
      ...[HELLOTAP, 'up', '-i', 'lo', '--history', join(folder, 'history')],
      ...[...args, '--socket', socket],
    ])
    try {
      await api.says(/serving/, 60_000)
      url = `http://127.0.0.1:${httpPort}/api/v1/search`
      const calls = [...page.matchAll(/^api '(.*)'$/gm)].map(([, body = '']) => body)
      expect(calls.length).to.equal(7)
      const top = await hellotap(['top', '--socket', socket])
      expect([top.code, top.stderr]).to.deep.equal([0, ''])
      expect(top.stdout).to.match(/^sightings \d+ .*\nstore ready .*\n\nJA4 +SIGHTINGS +CLIENTS/)
      for (const call of calls) {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}` },
          body: call.replaceAll('FINGERPRINT', fingerprint),
        })
        const text = await answer.text()
        expect(answer.status, `${call}\n${text}`).to.equal(200)
        expect((JSON.parse(text) as { rows: unknown[] }).rows.length, call).to.be.above(0)
      }
    } finally {
      await api.stop()
    }
  })
})

describe('the recipes', function () {
  this.timeout(60_000)
  it('run as docs/outputs.md prints them: jq by count, the bulk shape of Elasticsearch', async function () {
    needs(this, tools('bash', 'jq'))
    const page = readFileSync(join(top, 'docs/outputs.md'), 'utf8')
    const jq = /^hellotap read -f ja4 .*$/m.exec(page)?.[0] ?? ''
    const bulk = /^hellotap read --format ecs .*\n/m.exec(page)?.[0] ?? ''
    const shell = (command: string) =>
      finished(
        spawn('bash', ['-c', `hellotap() { ${process.execPath} ${HELLOTAP} "$@"; }; ${command}`], {
          cwd: join(top, 'captures'),
        }),
      )
    const counts = (await shell(jq.replace('*.pcap', 'curl-*.pcap'))).stdout
    expect(counts).to.match(/^ +\d+ t1\S+\n/)
    const lines = (
      await shell(bulk.replace('*.pcap', 'curl-nss.pcap').replace(/\|\s*$/, ''))
    ).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    for (const [at, line] of lines.entries())
      expect(Object.keys(line)[0]).to.equal(at % 2 === 0 ? 'create' : '@timestamp')
  })
})
