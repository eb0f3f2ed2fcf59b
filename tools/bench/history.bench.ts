// What a history costs: CPU and bytes a sighting when it is written, seconds of the analyst's questions when it is read.
//
//   npm run bench:history -- [SIGHTINGS=1000000]

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compact } from '../../src/history/compact.js'
import { historyFiles } from '../../src/history/folder.js'
import { HistoryWriter } from '../../src/history/history-writer.js'
import { zstd } from '../../src/history/zstd.js'
import { search } from '../../src/search/search.js'

const DAYS = 30
const DAY = 86_400_000
const CLIENTS = 50_000
const count = Number(process.argv[2] ?? 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'hellotap-bench-history-'))
const captures = resolve(import.meta.dirname, '../../captures')
const templates = readdirSync(captures)
  .filter((name) => name.endsWith('.jsonl') && !name.includes('server'))
  .flatMap((name) => readFileSync(join(captures, name), 'utf8').split('\n').slice(0, -1))
  .map((line) => JSON.parse(line) as Record<string, unknown>)
const end = Math.floor(Date.now() / DAY) * DAY

/** The same numbers each time (mulberry32). */
let seed = 1
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0
  let value = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
  return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
}
const address = (client: number) => `10.${client >> 16}.${(client >> 8) & 255}.${client & 255}`
const templateOf = (client: number) => templates[(client * 7) % templates.length] ?? {}

async function write(): Promise<void> {
  const { compressors } = await zstd()
  const writer = new HistoryWriter({ folder, name: 'bench', compressors })
  let cpu = 0
  const timed = (work: () => void) => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    cpu += user + system
  }
  let batch: string[] = []
  for (let i = 0; i < count; i++) {
    // few clients make most of the traffic
    const client = Math.floor(CLIENTS * random() ** 3)
    const time = new Date(end - DAYS * DAY + (i / count) * DAYS * DAY).toISOString()
    const sighting = {
      ...templateOf(client),
      time: time.replace('Z', `${String(i % 1000).padStart(3, '0')}Z`),
      id: Math.floor(random() * 2 ** 52)
        .toString(16)
        .padStart(16, '0'),
      src: address(client),
      srcport: 1024 + Math.floor(random() * 60_000),
      sni: `www${Math.floor(2_000 * random() ** 3)}.site${client % 100}.example`,
    }
    batch.push(`${JSON.stringify(sighting)}\n`)
    if (batch.length < 256 && i < count - 1) continue
    const lines = batch.join('')
    batch = []
    timed(() => writer.put(lines))
  }
  timed(() => writer.close())
  const rate = Math.round(count / (cpu / 1e6))
  console.log(
    `written: ${rate} sightings a CPU second, ${(writer.counts.bytes / count).toFixed(1)} bytes each`,
  )
  const started = performance.now()
  const { made } = await compact(folder, Date.now() + DAY)
  const left = (await historyFiles(folder)).reduce((sum, file) => sum + file.bytes, 0)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`compacted: ${seconds} s, ${made} files, ${(left / count).toFixed(1)} bytes each`)
}

async function ask(name: string, query: string, by?: string[]): Promise<void> {
  const times: number[] = []
  let rows = 0
  for (let run = 0; run < 5; run++) {
    const started = performance.now()
    rows = 0
    for await (const row of search({ query, by }, { folder }, { now: end }))
      rows += Object.keys(row).length > 0 ? 1 : 0
    times.push(performance.now() - started)
  }
  const shown = times.sort((a, b) => a - b).map((each) => (each / 1000).toFixed(2))
  console.log(`${name}: ${shown.join(' ')} s, ${rows} rows`)
}

await write()
const ja4 = String(templateOf(1234)['ja4'])
await ask('clients of a fingerprint, 24 h', `ja4=${ja4} and time>-24h`, ['src'])
await ask('clients of a fingerprint, 30 days', `ja4=${ja4}`, ['src'])
await ask('history of a client, 30 days', `src=${address(1234)}`)
await ask('CIDR and SNI suffix, 30 days', 'src in 10.0.7.0/24 and sni~"*.site7.example"')
console.log(`memory: ${Math.round(process.memoryUsage.rss() / 1e6)} MB with DuckDB's`)
rmSync(folder, { recursive: true })
