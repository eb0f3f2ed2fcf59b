// Captures of tunnels and link types against tshark 4.0.17. `tshark-tuples.json` holds, for each capture, what tshark
// calls the innermost TCP or UDP of its frames (`-T pdml`, the last tcp or udp of a frame that no ICMP or ARP
// follows) and how many frames have it; "none" are the others.

import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { needs, path } from '../capability.js'
import { newCounters } from '../../src/base/counters.js'
import { counted, decodeFrames } from './decoding.js'
import { framesOf } from './pcap-frames.js'

const corpus = new URL('../../../shared/corpus/', import.meta.url)
const tuples = JSON.parse(
  readFileSync(new URL('tshark-tuples.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, number>>

/** IPv6 in eight groups without leading zeros, as the tuples have it; IPv4 as it is. */
function uncompressed(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const left = head.split(':').filter((group) => group !== '')
  const right = (tail ?? '').split(':').filter((group) => group !== '')
  const zeros = new Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].join(':')
}

describe('captures of tunnels and link types', () => {
  before(function () {
    needs(this, path(corpus.pathname))
  })

  for (const [name, expected] of Object.entries(tuples)) {
    it(`${name}: the tuples tshark finds`, () => {
      const found: Record<string, number> = {}
      for (const { tuple } of decodeFrames(framesOf(new URL(name, corpus).pathname))) {
        const key = tuple === '' ? 'none' : tuple
        found[key] = (found[key] ?? 0) + 1
      }
      expect(found).to.deep.equal(expected)
    })
  }

  it('hellos come from the addresses that were published', () => {
    const rows = readFileSync(new URL('odd/expected.jsonl', corpus), 'utf8').trim().split('\n')
    for (const row of rows) {
      const { file, proto, src, srcport, dst, dstport } = JSON.parse(row) as Record<string, string>
      const name = proto === 'tcp' ? 'tcp' : 'udp'
      const from = `${name} ${uncompressed(src ?? '')} ${srcport ?? ''}`
      const want = `${from} > ${uncompressed(dst ?? '')} ${dstport ?? ''}`
      const all = decodeFrames(framesOf(new URL(`odd/${file ?? ''}`, corpus).pathname))
      const payload = all.filter((d) => d.tuple === want && d.payload !== '')
      expect(payload, `${file ?? ''}: ${want}`).to.not.be.empty
    }
  })

  it('faults nothing in captures made of TCP alone, whatever they are wrapped in', () => {
    const wrapped = Object.keys(tuples).filter((name) => /derived__.*tls[46]/.test(name))
    expect(wrapped.length).to.be.above(20)
    for (const name of wrapped) {
      const counters = newCounters()
      decodeFrames(framesOf(new URL(name, corpus).pathname), counters)
      expect(counted(counters), name).to.deep.equal({})
    }
  })
})
