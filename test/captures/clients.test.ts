// The labelled captures of captures/clients: what was counted when they were recorded is what `read` prints.

import { expect } from 'chai'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { hellotap, sightingsIn, tally } from '../hellotap.js'

const folder = resolve(import.meta.dirname, '../../captures/clients')
const MAX_FOLDER_BYTES = 12 << 20
/** Fewer honest browsers or tools would leave the bounds of verdicts without ground. */
const MIN_BROWSERS = 150
const MIN_HONEST = 280

interface Label {
  readonly file: string
  readonly label: string
  readonly library: string
  readonly library_version: string
  readonly client: string
  readonly client_version: string
  readonly os: string
  readonly user_agent: string | null
  readonly notes: string
  readonly cmd: string
  readonly recorded: string
  readonly transport: string
  readonly n_client_hello: number
  readonly ja3: Record<string, number>
  readonly ja4: Record<string, number>
  readonly impersonates?: string
  readonly kind?: string
}

/** Fields that may not be empty in any row. */
const REQUIRED = [
  'file',
  'label',
  'library',
  'library_version',
  'client',
  'client_version',
  'os',
  'cmd',
  'recorded',
  'transport',
] as const

const labels = readFileSync(resolve(folder, 'labels.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Label)

/** What the client of a row is: the kinds of which verdicts give separate counts. */
function kindOf({ impersonates, notes, user_agent: userAgent }: Label): string {
  if (impersonates !== undefined) return 'impersonators'
  if (notes.startsWith('LIAR:')) return 'liars'
  const isBrowser = /Chrome\/|Firefox\/|Epiphany|Safari\//.test(userAgent ?? '')
  return isBrowser ? 'honest browsers' : 'honest tools'
}

describe('labelled clients', () => {
  it('have complete labels, and no two of one name', () => {
    for (const row of labels) {
      for (const field of REQUIRED) expect(row[field], `${row.label}: ${field}`).to.be.a('string').that.is.not.empty
      expect(row.file).to.equal(`${row.label}.pcap`)
      expect(row.recorded).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      expect(row.transport).to.match(/^(tcp|quic|dtls)$/)
      expect(row.n_client_hello, row.label).to.be.above(0)
    }
    expect(new Set(labels.map(({ label }) => label)).size).to.equal(labels.length)
    const kinds = tally(labels.map(kindOf))
    console.log(`      ${Object.entries(kinds).map(([kind, n]) => `${n} ${kind}`).join(', ')}`)
    const browsers = kinds['honest browsers'] ?? 0
    expect(browsers, 'honest browsers').to.be.at.least(MIN_BROWSERS)
    expect(browsers + (kinds['honest tools'] ?? 0), 'honest clients').to.be.at.least(MIN_HONEST)
  })

  it('have a capture each, and no capture is without a label', () => {
    const captures = readdirSync(folder).filter((name) => name.endsWith('.pcap'))
    expect(captures.sort()).to.deep.equal(labels.map(({ file }) => file).sort())
    const bytes = captures.reduce((sum, name) => sum + statSync(resolve(folder, name)).size, 0)
    expect(bytes).to.be.below(MAX_FOLDER_BYTES)
  })

  it('have the hellos, JA3s and JA4s of their labels, every one', async function () {
    this.timeout(60_000)
    const { code, stdout, stderr } = await hellotap(['read', '-f', 'ja3,ja4', folder])
    expect(code, stderr).to.equal(0)
    const byFile = new Map<string, { ja3: string[]; ja4: string[] }>()
    for (const { file, ja3, ja4 } of sightingsIn(stdout)) {
      const of = byFile.get(basename(file ?? '')) ?? { ja3: [], ja4: [] }
      of.ja3.push(ja3 ?? '')
      of.ja4.push(ja4 ?? '')
      byFile.set(basename(file ?? ''), of)
    }
    for (const { file, n_client_hello: hellos, ja3, ja4 } of labels) {
      const ours = byFile.get(file) ?? { ja3: [], ja4: [] }
      expect(ours.ja3, `${file}: hellos that were counted`).to.have.length(hellos)
      expectLabelled(`${file}: JA3`, tally(ours.ja3), ja3, hellos)
      expectLabelled(`${file}: JA4`, tally(ours.ja4), ja4, hellos)
    }
  })
})

/**
 * Every labelled value is there at least as often as its label says, and no hello is there that was not counted. The
 * labels' values were printed by tshark, which left out what it found malformed or out of order: only where a label's
 * counts fall short of the number of hellos may we have more. Where they do not, this is equality.
 */
function expectLabelled(
  what: string,
  ours: Readonly<Record<string, number>>,
  label: Readonly<Record<string, number>>,
  hellos: number,
): void {
  for (const [value, count] of Object.entries(label))
    if (value !== '') expect(ours[value] ?? 0, `${what} ${value}`).to.be.at.least(count)
  expect(
    Object.values(ours).reduce((sum, count) => sum + count, 0),
    what,
  ).to.equal(hellos)
}
