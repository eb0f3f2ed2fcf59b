// The 224 labelled captures beside the checkout, where they are; captures/ carries a choice of them.

import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { hellotap, sightingsIn, tally } from './hellotap.js'

const folder = resolve(import.meta.dirname, '../../shared/clients')

interface Label {
  readonly file: string
  readonly transport: string
  readonly n_client_hello: number
  readonly ja3: Record<string, number>
  readonly ja4: Record<string, number>
}

describe('labelled clients', () => {
  it('have the JA3s and JA4s of their labels, every one', async function () {
    if (!existsSync(folder)) {
      console.log(`      skipped: ${folder} is not here; captures/ holds a choice of it`)
      this.skip()
    }
    this.timeout(60_000)
    const labels = readFileSync(resolve(folder, 'labels.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Label)
    const { code, stdout, stderr } = await hellotap([
      'read',
      '-f',
      'ja3,ja4',
      resolve(folder, 'pcap'),
    ])
    expect(code, stderr).to.equal(0)
    const byFile = new Map<string, { ja3: string[]; ja4: string[] }>()
    for (const { file, ja3, ja4 } of sightingsIn(stdout)) {
      const of = byFile.get(basename(file ?? '')) ?? { ja3: [], ja4: [] }
      of.ja3.push(ja3 ?? '')
      of.ja4.push(ja4 ?? '')
      byFile.set(basename(file ?? ''), of)
    }
    expect(labels).to.have.length.above(200)
    for (const { file, n_client_hello: hellos, ja3, ja4 } of labels) {
      const ours = byFile.get(file) ?? { ja3: [], ja4: [] }
      expect(ours.ja3, `${file}: hellos the server counted`).to.have.length(hellos)
      expectLabelled(`${file}: JA3`, tally(ours.ja3), ja3, hellos)
      expectLabelled(`${file}: JA4`, tally(ours.ja4), ja4, hellos)
    }
  })
})

/**
 * Every labelled value is there at least as often as its label says, and no hello is there that the server did not
 * count. The labels' values were printed by tshark, which left out what it found malformed or out of order: only where a
 * label's counts fall short of the server's may we have more. Where they do not, this is equality.
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
