// The built program against published values, by the scorer that lies beside them: nothing missing, nothing different.

import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Sighting } from '../../src/model/sighting.js'
import { writePcap } from '../capture/pcap-writer.js'
import { Scratch } from '../capture/support.js'
import { hellotap, sightingsIn } from '../hellotap.js'
import { clientHello, ecPointFormats, serverName, supportedGroups } from '../tls/hello-builder.js'
import type { Extension } from '../tls/hello-builder.js'
import { ethernet, ipv4, tcp } from '../wire/build.js'
import { needs, path } from '../capability.js'
import { SHARED, TRANSPORTS, jsonLines } from './shared.js'

const CORPUS = resolve(SHARED, 'corpus')
/** What the scorer compares; a value the expected rows do not have is not asked for. */
const FIELDS = 'sni,alpn,ja3,ja3_string,ja3s,ja3s_string,ja4,ja4_r,ja4_o,ja4_ro'
const READ = ['read', '--server']

/** What `score.mjs --json` says. */
interface Score {
  readonly expectedFlows: number
  readonly flowsMissing: number
  readonly reversedDirection: number
  readonly extraFlows: number
  readonly fields: Record<
    string,
    {
      matched: number
      mismatched: number
      missing: number
      extra: number
      duplicate: number
      disputed: number
    }
  >
}

type Row = Pick<Sighting, 'proto' | 'src' | 'srcport' | 'dst' | 'dstport'> & {
  readonly file: string
}

/** A row of the expected ones that has other values by other programs. */
interface DisputedRow extends Row {
  readonly disputed?: readonly string[]
  readonly ja4?: string
  readonly ja4_by_current_doc?: string
}

const isCompared = ({ proto }: { proto: string }) => TRANSPORTS.includes(proto)
const flowOf = ({ file, proto, src, srcport, dst, dstport }: Row) =>
  `${basename(file)} ${proto} ${src} ${srcport} > ${dst} ${dstport}`

describe('published values', () => {
  let scratch: Scratch | undefined
  before(function () {
    needs(this, path(CORPUS))
    scratch = new Scratch()
  })
  after(() => scratch?.remove())

  /** Our rows of the compared transports. */
  async function read(captures: string): Promise<Row[]> {
    const { stdout } = await hellotap([...READ, resolve(CORPUS, captures)])
    return sightingsIn(stdout).filter(isCompared) as unknown as Row[]
  }

  const expectedOf = (corpus: string) =>
    jsonLines<Row>(resolve(CORPUS, corpus, 'expected.jsonl')).filter(isCompared)

  async function score(expected: readonly Row[], ours: readonly Row[]): Promise<Score> {
    const files = [expected, ours].map((rows, i) => {
      const path = join(scratch?.path ?? '', `${i}.jsonl`)
      writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      return path
    })
    const scorer = resolve(CORPUS, 'score.mjs')
    const options = ['--ignore-disputed', `--fields=${FIELDS}`, '--json']
    const run = promisify(execFile)(process.execPath, [scorer, ...files, ...options])
    // its exit code says what its answer says better
    const { stdout } = await run.catch((error: unknown) => error as { stdout: string })
    return JSON.parse(stdout) as Score
  }

  for (const { corpus, captures, flows, matched, listed } of [
    {
      corpus: 'foxio',
      captures: 'foxio/pcap',
      flows: 202,
      matched: { sni: 201, ja4: 191, ja4_r: 159, ja4_o: 159, ja4_ro: 159 },
      listed: 2,
    },
    {
      corpus: 'odd',
      captures: 'odd',
      flows: 47,
      matched: { sni: 47, ja3: 47, ja3_string: 47, ja3s: 45, ja3s_string: 45, ja4: 47, ja4_r: 45 },
      listed: 1,
    },
  ]) {
    describe(`of ${corpus}`, () => {
      let expected: Row[]
      let ours: Row[]
      before(async () => {
        expected = expectedOf(corpus)
        ours = await read(captures)
      })

      it('nothing missing, nothing mismatched, nothing twice', async () => {
        const said = await score(expected, ours)
        expect(said).to.include({ flowsMissing: 0, reversedDirection: 0, extraFlows: 0 })
        expect(said.expectedFlows).to.equal(flows)
        for (const [field, values] of Object.entries(said.fields))
          expect(values, field).to.include({ mismatched: 0, missing: 0, extra: 0, duplicate: 0 })
        expect(
          Object.fromEntries(
            Object.entries(said.fields).map(([field, { matched: count }]) => [field, count]),
          ),
        ).to.deep.equal(matched)
      })

      it('every hello beyond them is in the table of README.md', () => {
        const known = new Set(expected.map(flowOf))
        const extra = [...new Set(ours.map(flowOf).filter((flow) => !known.has(flow)))]
        expect(extrasInReadme().filter((flow) => extra.includes(flow))).to.deep.equal(extra)
        expect(extra).to.have.length(listed)
      })
    })
  }

  describe('in dispute', () => {
    let disputed: DisputedRow[]
    before(() => {
      disputed = jsonLines<DisputedRow>(resolve(CORPUS, 'foxio/expected.jsonl')).filter(
        (row) => row.disputed !== undefined,
      )
    })

    it('are those that README.md lists, and no others are passed over', async () => {
      const listed = disputesInReadme()
      const flows = new Map(disputed.map((row) => [flowOf(row), row.disputed?.join(' ') ?? '']))
      expect(listed.map(({ flow, fields }) => [flow, fields])).to.deep.equal([...flows])
      const said = await score(expectedOf('foxio'), await read('foxio/pcap'))
      const passedOver = Object.entries(said.fields).map(([field, values]) => [
        field,
        values.disputed,
      ])
      const count = (field: string) =>
        listed.filter(({ fields }) => fields.split(' ').includes(field)).length
      expect(passedOver).to.deep.equal(passedOver.map(([field]) => [field, count(String(field))]))
      expect(listed.length).to.be.above(0)
    })

    it('are given by the rulings', async () => {
      const ours = (await read('foxio/pcap')) as (Row & Partial<Sighting>)[]
      for (const { flow, ruling } of disputesInReadme()) {
        const given = ours.filter((row) => flowOf(row) === flow)
        const rows = disputed.filter((row) => flowOf(row) === flow)
        const isSecond = ruling === 'second hello'
        const wanted = rows.map((row) => (isSecond ? row.ja4 : row.ja4_by_current_doc))
        expect(given.map(({ ja4 }) => ja4)).to.have.members(wanted)
        const seconds = given.filter(({ hrr_of }) => hrr_of !== undefined)
        expect(seconds).to.have.length(isSecond ? 1 : 0)
        for (const second of seconds)
          expect(given.map(({ time }) => time)).to.include(second.hrr_of)
      }
    })
  })

  it('of JA3: hellos of the lists its authors publish have its strings and sums', async () => {
    const rows = jsonLines<{ string: string; md5: string }>(resolve(CORPUS, 'ja3/expected.jsonl'))
    expect(rows.length).to.be.above(2)
    const frames = rows.map(({ string }, i) =>
      ethernet('0800', ipv4(6, tcp(40_000 + i, 443, record(helloOfJa3(string))))),
    )
    const { stdout, stderr } = await hellotap([...READ, '-'], { input: writePcap(frames) })
    const said = sightingsIn(stdout).map(({ ja3, ja3_string }) => ({
      string: ja3_string,
      md5: ja3,
    }))
    expect(said, stderr).to.deep.equal(rows.map(({ string, md5 }) => ({ string, md5 })))
  })

  it('are told apart by the scorer: a changed value is a mismatch', async () => {
    const name = 'derived__lt-raw101.pcap'
    const ours = await read(`odd/${name}`)
    const changed = ours.map((row) => ({ ...row, ja3: 'x', sni: undefined }))
    const said = await score(
      expectedOf('odd').filter(({ file }) => file === name),
      changed,
    )
    expect(said.fields['ja3']).to.include({ mismatched: 1 })
    expect(said.fields['sni']).to.include({ missing: 1 })
  })
})

/** The table of disputes in README.md. */
function disputesInReadme(): { flow: string; fields: string; ruling: string }[] {
  const text = readFileSync(resolve(import.meta.dirname, 'README.md'), 'utf8')
  return [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)].map(
    ([, file = '', flow = '', fields = '', ruling = '']) => ({
      flow: `${file} ${flow}`,
      fields,
      ruling,
    }),
  )
}

/** The flows of the table in README.md, as `flowOf` writes them. */
function extrasInReadme(): string[] {
  const text = readFileSync(resolve(import.meta.dirname, 'README.md'), 'utf8')
  return [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(
    ([, file, flow]) => `${file ?? ''} ${flow ?? ''}`,
  )
}

/** A hello with the lists of a ja3_string. */
function helloOfJa3(text: string): Uint8Array {
  const [[version = 0] = [], ciphers = [], types = [], groups = [], formats = []] = text
    .split(',')
    .map((list) => list.split('-').filter(Boolean).map(Number))
  const extension = (type: number): Extension => {
    if (type === 0) return serverName('www.example.test')
    if (type === 10) return supportedGroups(...groups)
    return type === 11 ? ecPointFormats(...formats) : [type, []]
  }
  return clientHello({
    version,
    ciphers,
    extensions: types.length > 0 ? types.map(extension) : null,
  })
}

/** A handshake record around `message`. */
function record(message: Uint8Array): Uint8Array {
  return Uint8Array.of(22, 3, 1, message.length >> 8, message.length & 0xff, ...message)
}
