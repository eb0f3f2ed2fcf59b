// Hostile and unusual captures: cut files, garbage, lengths of 4 GB, blocks that lead nowhere, tunnels, fragments. Each
// ends soon, gives no hello that is not there, and says what was left out.

import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { hellotap, sightingsIn } from '../hellotap.js'
import type { Finished } from '../hellotap.js'
import { needs, path } from '../capability.js'
import { SHARED, capturesIn, jsonLines } from '../corpus/shared.js'

const FOLDER = 'corpus/odd'
/** Seconds one capture may take, start of the program included. */
const MOST_SECONDS = 5

/** What must be said of captures that something is wrong with; a counter by its name and number. */
const SAID: readonly [file: string, exit: number, said: RegExp][] = [
  ['derived__cut-0.pcap', 1, /is empty/],
  ['derived__cut-4.pcap', 1, /ends within its file header, after 4 bytes/],
  ['derived__cut-23.pcap', 1, /ends within its file header, after 23 bytes/],
  ['derived__cut-60.pcap', 0, /ends in the middle of a record, at byte 60/],
  ['derived__caplen-4g.pcap', 0, /damaged at byte 24: a record claims 4294967295 bytes/],
  ['derived__garbage.pcap', 1, /is not a capture/],
  ['derived__ng-badlen.pcapng', 0, /damaged at byte 0: a block claims a length of 8 bytes/],
  ['derived__ng-noidb.pcapng', 0, /an interface the capture does not describe: 12, left out/],
  ['derived__tcp-gap.pcap', 0, /^ *hello_unfinished +1 /m],
  ['derived__tcp-dup.pcap', 0, /^ *hello_retransmitted +2 /m],
  ['derived__ipfrag-shuf.pcap', 0, /^ *ip_fragments +52 /m],
  ['tcpdump__ipv6-bad-version.pcap', 0, /^ *ipv6_malformed +2 /m],
  ['tcpdump__mpls-over-udp.pcap', 0, /^ *ip_payload_other +2 /m],
  ['tcpdump__vxlan.pcap', 0, /^ *link_payload_other +2 /m],
  ['tcpdump__heapoverflow-tcp_print.pcap', 0, /1 frame, 0 hellos/],
]

interface Expected {
  readonly file: string
}

describe('odd captures', () => {
  let expected = new Map<string, number>()
  before(function () {
    needs(this, path(resolve(SHARED, FOLDER)))
    for (const { file } of jsonLines<Expected>(resolve(SHARED, FOLDER, 'expected.jsonl')))
      expected.set(file, (expected.get(file) ?? 0) + 1)
  })
  after(() => (expected = new Map()))

  /** Runs `read` over one capture, which must end by itself and in time. */
  async function read(file: string): Promise<Finished> {
    const start = performance.now()
    const done = await hellotap(['read', resolve(SHARED, FOLDER, file)])
    expect((performance.now() - start) / 1000, `${file}: seconds`).to.be.below(MOST_SECONDS)
    expect(done.code, `${file}: ${done.stderr}`).to.be.oneOf([0, 1])
    expect(done.stderr, file).to.not.match(/^\s+at .*:\d+:\d+\)?$/m)
    return done
  }

  for (const [file, exit, said] of SAID) {
    it(`${file}: says so`, async () => {
      const { code, stdout, stderr } = await read(file)
      expect(stderr).to.match(said)
      expect(code).to.equal(exit)
      expect(sightingsIn(stdout)).to.have.length(expected.get(file) ?? 0)
    })
  }

  it('give the hellos that are there, and no other, all of them together in time', async function () {
    this.timeout(60_000)
    const start = performance.now()
    const { stdout } = await hellotap(['read', resolve(SHARED, FOLDER)])
    const seconds = (performance.now() - start) / 1000
    const found = new Map<string, number>()
    for (const { file = '' } of sightingsIn(stdout)) {
      const name = basename(file)
      found.set(name, (found.get(name) ?? 0) + 1)
    }
    expect(Object.fromEntries([...found].sort())).to.deep.equal(
      Object.fromEntries([...expected].sort()),
    )
    expect(found.size).to.be.above(40)
    expect(seconds).to.be.below(4 * MOST_SECONDS)
  })

  it('cut anywhere, end as a capture that is cut, with no hello that is not in them', async function () {
    this.timeout(60_000)
    const file = 'derived__ipfrag-shuf.pcap'
    const bytes = readFileSync(resolve(SHARED, FOLDER, file))
    for (let end = 40; end < bytes.length; end += 613) {
      const { code, stdout, stderr } = await hellotap(['read', '-'], {
        input: bytes.subarray(0, end),
      })
      expect(code, stderr).to.equal(0)
      expect(sightingsIn(stdout).length).to.be.at.most(1)
    }
  })

  it('are all there', () => {
    const names = capturesIn(FOLDER)
    expect(names).to.include.members(SAID.map(([file]) => file))
    expect(names.length).to.be.above(100)
  })
})
