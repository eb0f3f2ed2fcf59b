// tshark 4.0 as second oracle: how many ClientHellos each capture beside the checkout holds, their server names and
// JA3s. tshark.json keeps its answers, for it takes minutes; `UPDATE_GOLDEN=1 npx mocha test/corpus/tshark.test.ts`
// asks it again. Where it and we differ, tshark-differences.json says how and why, capture by capture.

import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { hellotap, sightingsIn } from '../hellotap.js'
import { needs, path } from '../capability.js'
import { FOLDERS, SHARED, TRANSPORTS, capturesIn } from './shared.js'
import { tsharkHellos, tsharkVersion } from './tshark-hellos.js'

/** How often a capture holds a hello of this "transport JA3 server-name". */
type Hellos = Record<string, number>

interface Golden {
  readonly tshark: string
  readonly captures: Record<string, { readonly sha256: string; readonly hellos: Hellos }>
}

interface Difference {
  readonly only_tshark?: Hellos
  readonly only_ours?: Hellos
  readonly reason: string
}

const GOLDEN = resolve(import.meta.dirname, 'tshark.json')
const DIFFERENCES = resolve(import.meta.dirname, 'tshark-differences.json')
const isUpdate = process.env['UPDATE_GOLDEN'] === '1'
const captures = existsSync(SHARED)
  ? FOLDERS.flatMap((folder) => capturesIn(folder).map((name) => `${folder}/${name}`))
  : []

describe('tshark', () => {
  let golden: Golden
  const ours = new Map<string, Hellos>()

  before(async function () {
    needs(this, path(SHARED))
    this.timeout(isUpdate ? 1_800_000 : 60_000)
    if (isUpdate) writeFileSync(GOLDEN, await asked())
    golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as Golden
    for (const folder of FOLDERS) {
      // some of the odd ones cannot be read at all, so the exit code says nothing
      const { stdout } = await hellotap(['read', '-f', 'ja3', resolve(SHARED, folder)])
      for (const { file = '', proto, sni = '', ja3 = '' } of sightingsIn(stdout)) {
        const capture = file.slice(SHARED.length + 1)
        const hellos = ours.get(capture) ?? {}
        ours.set(capture, hellos)
        add(hellos, `${proto} ${ja3} ${sni}`)
      }
    }
  })

  it('was asked about every capture as it is now', () => {
    expect(Object.keys(golden.captures)).to.deep.equal(captures)
    const changed = captures.filter((name) => golden.captures[name]?.sha256 !== sha256(name))
    expect(changed, 'run it again with UPDATE_GOLDEN=1').to.deep.equal([])
  })

  it('knows of no hello, server name or JA3 that differs without a known reason', () => {
    const explained = JSON.parse(readFileSync(DIFFERENCES, 'utf8')) as Record<string, Difference>
    const found: Record<string, Omit<Difference, 'reason'>> = {}
    for (const name of captures) {
      const theirs = compared(golden.captures[name]?.hellos ?? {})
      const mine = compared(ours.get(name) ?? {})
      const onlyTshark = without(theirs, mine)
      const onlyOurs = without(mine, theirs)
      if (Object.keys({ ...onlyTshark, ...onlyOurs }).length === 0) continue
      found[name] = {
        ...(Object.keys(onlyTshark).length > 0 ? { only_tshark: onlyTshark } : {}),
        ...(Object.keys(onlyOurs).length > 0 ? { only_ours: onlyOurs } : {}),
      }
    }
    const known = Object.fromEntries(
      Object.entries(explained).map(([name, { reason, ...difference }]) => {
        expect(reason, name).to.match(/\w{3}/)
        return [name, difference]
      }),
    )
    expect(found).to.deep.equal(known)
  })

  it('has seen hellos on every transport', () => {
    const all = Object.values(golden.captures).flatMap(({ hellos }) => Object.keys(hellos))
    for (const transport of ['tcp', 'quic', 'dtls'])
      expect(
        all.some((row) => row.startsWith(`${transport} `)),
        transport,
      ).to.equal(true)
    expect(captures.length).to.be.above(300)
  })
})

/** What tshark says now, as the golden file has it. */
async function asked(): Promise<string> {
  const answers: Golden['captures'] = {}
  for (const name of captures) {
    const hellos: Hellos = {}
    for (const { proto, ja3, sni } of await tsharkHellos(resolve(SHARED, name)))
      add(hellos, `${proto} ${ja3} ${sni}`)
    answers[name] = { sha256: sha256(name), hellos }
  }
  const golden: Golden = { tshark: await tsharkVersion(), captures: answers }
  return `${JSON.stringify(golden, null, 2)}\n`
}

function sha256(name: string): string {
  return createHash('sha256')
    .update(readFileSync(resolve(SHARED, name)))
    .digest('hex')
}

function add(hellos: Hellos, row: string): void {
  hellos[row] = (hellos[row] ?? 0) + 1
}

/** The hellos of the transports that are compared. */
function compared(hellos: Hellos): Hellos {
  return Object.fromEntries(
    Object.entries(hellos).filter(([row]) => TRANSPORTS.some((name) => row.startsWith(`${name} `))),
  )
}

/** What `hellos` has more of than `others`. */
function without(hellos: Hellos, others: Hellos): Hellos {
  const left: Hellos = {}
  for (const [row, count] of Object.entries(hellos)) {
    const more = count - (others[row] ?? 0)
    if (more > 0) left[row] = more
  }
  return left
}
