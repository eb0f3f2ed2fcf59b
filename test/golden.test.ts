// Every capture in captures/ has its expected output beside it: curl-nss.pcap -> curl-nss.jsonl.
// After a change you meant: npm run golden, then read the diff as part of the review.

import { expect } from 'chai'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Sighting } from '../src/model/sighting.js'
import { hellotap, tally } from './hellotap.js'

const folder = resolve(import.meta.dirname, '../captures')
const captures = readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name))
/** What was counted when the captures were recorded, by the server's log and tshark. */
const labels = JSON.parse(readFileSync(resolve(folder, 'labels.json'), 'utf8')) as Record<
  string,
  { hellos: number; ja3: Record<string, number>; ja4: Record<string, number> }
>

describe('captures', () => {
  const lines = new Map<string, string[]>()

  before(async () => {
    const { code, stdout, stderr } = await hellotap(['read', ...captures], { cwd: folder })
    expect(code, stderr).to.equal(0)
    for (const line of stdout.split('\n').filter((line) => line !== '')) {
      const { file } = JSON.parse(line) as Sighting
      lines.set(file ?? '', [...(lines.get(file ?? '') ?? []), line])
    }
  })

  it('has every labelled capture, 25 or more', () => {
    expect(captures).to.include.members(Object.keys(labels))
    expect(Object.keys(labels)).to.have.length.above(24)
  })

  for (const file of captures) {
    it(`${file}: the golden lines`, () => {
      const golden = resolve(folder, file.replace(/\.pcap(ng)?$/, '.jsonl'))
      const ours = lines.get(file) ?? []
      if (process.env['UPDATE_GOLDEN'] === '1')
        writeFileSync(golden, ours.map((line) => `${line}\n`).join(''))
      expect(ours).to.deep.equal(readFileSync(golden, 'utf8').split('\n').slice(0, -1))
    })

    // captures made to show one thing have golden lines, but nobody counted on recording
    const label = labels[file]
    if (label === undefined) continue
    it(`${file}: as many hellos, JA3s and JA4s as were counted on recording`, () => {
      const sightings = (lines.get(file) ?? []).map((line) => JSON.parse(line) as Sighting)
      expect(sightings).to.have.length(label.hellos)
      expect(tally(sightings.map(({ ja3 }) => ja3))).to.deep.equal(label.ja3)
      expect(tally(sightings.map(({ ja4 }) => ja4))).to.deep.equal(label.ja4)
    })
  }
})
