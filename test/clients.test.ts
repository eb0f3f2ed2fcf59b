// The 224 labelled captures beside the checkout, where they are; captures/ carries a choice of them.

import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { tally } from './golden.test.js'
import { hellotap, sightingsIn } from './hellotap.js'

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
    const ours = labels.map(({ file }) => {
      const of = byFile.get(file)
      return { file, hellos: of?.ja3.length, ja3: tally(of?.ja3 ?? []), ja4: tally(of?.ja4 ?? []) }
    })
    expect(ours).to.have.length.above(200)
    expect(ours).to.deep.equal(
      labels.map(({ file, n_client_hello, ja3, ja4 }) => ({
        file,
        hellos: n_client_hello,
        ja3,
        ja4,
      })),
    )
  })
})
