// How `check` does on the labelled captures: `npm run score:check`. With --write it also writes the counts into
// src/knowledge/check/measured.ts, --folder DIR scores other captures with labels of the same kind.

import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { judge } from '../../src/knowledge/check/judge.js'
import type { Verdict } from '../../src/knowledge/check/judge.js'
import type { HelloFacts } from '../../src/knowledge/check/hello-facts.js'
import { MEASURED, upperBound } from '../../src/knowledge/check/measured.js'
import { readCapture } from '../../src/read-capture.js'
import { factsOfSightings } from '../../src/sighting-facts.js'
import { claimOf } from '../../src/user-agent.js'

interface Label {
  readonly file: string
  readonly label: string
  readonly library: string
  readonly client: string
  readonly user_agent: string | null
  readonly notes: string
  readonly impersonates?: string
}

interface Client extends Label {
  readonly hellos: readonly HelloFacts[]
}

/** Claims that honest hellos of other software are crossed with. */
const CROSSED: readonly (readonly [string, RegExp, string])[] = [
  [
    'Chrome 138 on Windows',
    /chrom(?!.*webkit)|qtwebengine|electron|falkon|cef|blink/i,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  ],
  [
    'Firefox 140 on Linux',
    /firefox|thunderbird|neqo/i,
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  ],
  [
    'Safari 18 on macOS',
    /safari/i,
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
  ],
]

const option = (name: string) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : (process.argv[at + 1] ?? '')
}
const folder = resolve(option('--folder') ?? join(import.meta.dirname, '../../captures/clients'))
const captures = existsSync(join(folder, 'pcap')) ? join(folder, 'pcap') : folder

async function load(): Promise<Client[]> {
  const clients: Client[] = []
  for (const line of readFileSync(join(folder, 'labels.jsonl'), 'utf8').trim().split('\n')) {
    const label = JSON.parse(line) as Label
    const path = join(captures, label.file)
    if (!existsSync(path)) continue
    const sightings = []
    for await (const sighting of readCapture(path, { hello: true, fingerprints: [] }))
      sightings.push(sighting)
    clients.push({ ...label, hellos: factsOfSightings(sightings) })
  }
  return clients
}

const isLiar = ({ notes, label }: Label) => /\bLIAR\b/.test(notes) || label.includes('fakechrome')
const isBrowser = ({ user_agent }: Label) => claimOf(user_agent ?? '').engine !== undefined
const accused = (verdict: Verdict) => verdict.verdict === 'inconsistent'
const codes = ({ reasons }: Verdict) =>
  reasons
    .filter(({ weight }) => weight === 'inconsistent')
    .map(({ code }) => code)
    .join(' ')
const percent = (part: number, whole: number) =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`

/** Claims are judged by TLS alone unless the SYN is asked for: all captures are of Linux. */
const byTls = (client: Client, userAgent: string) =>
  judge(claimOf(userAgent), client.hellos, { isDirect: false })
const bySyn = (client: Client, userAgent: string) => judge(claimOf(userAgent), client.hellos)

const clients = await load()
const honest = clients.filter((client) => client.impersonates === undefined && !isLiar(client))
const claiming = honest.filter(({ user_agent }) => (user_agent ?? '') !== '')
const browsers = claiming.filter(isBrowser)
const verdicts = claiming.map((client) => ({
  client,
  verdict: bySyn(client, client.user_agent ?? ''),
}))
const falsely = verdicts.filter(({ verdict }) => accused(verdict))

console.log(`captures with labels: ${clients.length}`)
console.log(
  `honest with a User-Agent: ${claiming.length}, browsers ${browsers.length}; accused ${falsely.length}` +
    `, upper bound ${(100 * upperBound({ version: '', honest: claiming.length, accused: falsely.length, browsers: 0 })).toFixed(1)} %`,
)
for (const { client, verdict } of falsely) {
  console.log(`  ${client.label}: ${client.user_agent ?? ''}`)
  for (const { code, evidence, weight } of verdict.reasons)
    if (weight === 'inconsistent') console.log(`    ${code}: ${evidence}`)
}
const tally = (list: readonly { verdict: Verdict; client: Client }[]) =>
  ['consistent', 'unknown', 'inconsistent']
    .map((value) => `${value} ${list.filter(({ verdict }) => verdict.verdict === value).length}`)
    .join(', ')
console.log(`  browsers: ${tally(verdicts.filter(({ client }) => isBrowser(client)))}`)
console.log(`  programs: ${tally(verdicts.filter(({ client }) => !isBrowser(client)))}`)
const unusual = verdicts.filter(({ verdict }) => verdict.reasons.length > 0)
for (const { client, verdict } of unusual.slice(0, 40))
  if (process.argv.includes('--unusual'))
    console.log(`  ${client.label}: ${verdict.reasons.map(({ code }) => code).join(' ')}`)

const liars = clients.filter(isLiar)
// A lie about the operating system shows in the SYN alone.
const caught = liars.filter((client) => accused(bySyn(client, client.user_agent ?? '')))
const caughtByTls = liars.filter((client) => accused(byTls(client, client.user_agent ?? '')))
console.log(`liars: ${caught.length} of ${liars.length}, by TLS alone ${caughtByTls.length}`)
for (const client of liars)
  if (!caught.includes(client)) console.log(`  missed ${client.label}: ${client.user_agent ?? ''}`)

let crossed = 0
const missed: string[] = []
for (const [name, own, userAgent] of CROSSED)
  for (const client of honest) {
    if (own.test(client.client) || own.test(client.user_agent ?? '')) continue
    if (client.hellos.length === 0) continue
    crossed++
    if (!accused(byTls(client, userAgent))) missed.push(`${client.label} as ${name}`)
  }
console.log(`crossed claims: ${crossed - missed.length} of ${crossed}`)
for (const line of missed) console.log(`  missed ${line}`)

const impersonators = clients.filter(({ impersonates }) => impersonates !== undefined)
const groups = new Map<string, Client[]>()
for (const client of impersonators) {
  const tool = client.client.split(' ')[0] ?? ''
  const kind = `${tool} as ${(client.impersonates ?? '').replace(/[-_ ]?\d.*/, '')}`
  groups.set(kind, [...(groups.get(kind) ?? []), client])
}
const found = impersonators.filter((client) => accused(byTls(client, client.user_agent ?? '')))
console.log(
  `impersonators by TLS alone: ${found.length} of ${impersonators.length} (${percent(found.length, impersonators.length)})`,
)
for (const [kind, list] of groups) {
  const part = list.filter((client) => found.includes(client))
  console.log(`  ${kind}: ${part.length} of ${list.length}`)
  if (process.argv.includes('--verbose'))
    for (const client of list)
      console.log(`    ${client.label}: ${codes(byTls(client, client.user_agent ?? ''))}`)
}
const otherOs = impersonators.filter(({ user_agent }) => {
  const { os } = claimOf(user_agent ?? '')
  return os === 'windows' || os === 'macos' || os === 'ios'
})
const seen = otherOs.filter((client) => accused(bySyn(client, client.user_agent ?? '')))
console.log(
  `impersonators of another system, with the SYN: ${seen.length} of ${otherOs.length} (${percent(seen.length, otherOs.length)})`,
)

if (process.argv.includes('--write')) {
  const path = resolve(import.meta.dirname, '../../src/knowledge/check/measured.ts')
  const [date] = new Date().toISOString().split('T')
  const text = readFileSync(path, 'utf8').replace(
    /MEASURED: Measured = \{[^}]*\}/,
    `MEASURED: Measured = {\n  version: '${date ?? ''}/${clients.length}',\n  honest: ${claiming.length},\n  accused: ${falsely.length},\n  browsers: ${browsers.length},\n}`,
  )
  writeFileSync(path, text)
  console.log(`written: ${MEASURED.version} before`)
}
