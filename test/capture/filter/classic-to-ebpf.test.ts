// What libpcap's filters use is tried in the kernel, by live-filter.test.ts; here is what each instruction becomes.

import { expect } from 'chai'
import { EbpfWriter, translateClassic } from '../../../src/capture/filter/classic-to-ebpf.js'

/** Instructions of classic BPF: opcode, jumps, k. */
type Classic = readonly (readonly [number, number, number, number])[]

/** Their translation in hex, an instruction an item, without the three of the start. */
function translated(...classic: Classic): string[] {
  const bytes = Buffer.alloc(8 * classic.length)
  for (const [i, [opcode, ifTrue, ifFalse, k]] of classic.entries()) {
    bytes.writeUInt16LE(opcode, 8 * i)
    bytes.writeUInt8(ifTrue, 8 * i + 2)
    bytes.writeUInt8(ifFalse, 8 * i + 3)
    bytes.writeUInt32LE(k >>> 0, 8 * i + 4)
  }
  const out = new EbpfWriter()
  translateClassic(bytes, out, 9)
  const hex = Buffer.from(out.bytes()).toString('hex').match(/.{16}/g) ?? []
  expect(hex.slice(0, 3)).to.deep.equal([
    'bf16000000000000',
    'b400000000000000',
    'b407000000000000',
  ])
  return hex.slice(3)
}
const DROP = ['b400000000000000', '9500000000000000']

describe('classic BPF in eBPF', () => {
  it('ends where the filter does', () => {
    expect(translated([0x06, 0, 0, 0])).to.deep.equal(DROP)
    // r9 = 0x40000, and on behind the last
    expect(translated([0x06, 0, 0, 0x40000])).to.deep.equal([
      'b409000000000400',
      '0500000000000000',
    ])
    expect(translated([0x06, 0, 0, 1], [0x06, 0, 0, 0])).to.deep.equal([
      'b409000001000000',
      '0500020000000000',
      ...DROP,
    ])
    // what is in A: if (r0 != 0) skip the drop, r9 = r0
    expect(translated([0x16, 0, 0, 0])).to.deep.equal([
      '5600020000000000',
      ...DROP,
      'bc09000000000000',
      '0500000000000000',
    ])
  })
  it('loads from the frame and from memory', () => {
    expect(translated([0x28, 0, 0, 12])).to.deep.equal(['280000000c000000'])
    expect(translated([0x50, 0, 0, 14])).to.deep.equal(['507000000e000000'])
    // M[1] is four bytes above the end of the stack
    expect(translated([0x02, 0, 0, 1], [0x60, 0, 0, 1])).to.deep.equal([
      '630a04fe00000000',
      '61a004fe00000000',
    ])
    expect(translated([0x03, 0, 0, 0], [0x61, 0, 0, 0])).to.deep.equal([
      '637a00fe00000000',
      '61a700fe00000000',
    ])
    expect(translated([0x00, 0, 0, 0x80000000])).to.deep.equal(['b400000000000080'])
    expect(translated([0x80, 0, 0, 0])).to.deep.equal(['6160000000000000'])
    // four times the lower half of a byte, A kept
    expect(translated([0xb1, 0, 0, 14])).to.deep.equal([
      'bf08000000000000',
      '300000000e000000',
      '540000000f000000',
      '6400000002000000',
      'bc07000000000000',
      'bf80000000000000',
    ])
  })
  it('reads what Linux knows of a frame, and refuses what it does not know', () => {
    expect(translated([0x20, 0, 0, -0x1000 + 48])).to.deep.equal(['6160140000000000'])
    expect(translated([0x20, 0, 0, -0x1000 + 0])).to.deep.equal([
      '6160100000000000',
      'dc00000010000000',
    ])
    // relative to the network header, as it is
    expect(translated([0x30, 0, 0, -0x100000 + 9])).to.deep.equal(['300000000900f0ff'])
    expect(() => translated([0x20, 0, 0, -0x1000 + 36])).to.throw(RangeError, /36/)
  })
  it('calculates in 32 bits, and drops where a divisor is 0', () => {
    expect(translated([0x54, 0, 0, 0xf0])).to.deep.equal(['54000000f0000000'])
    expect(translated([0x0c, 0, 0, 0])).to.deep.equal(['0c70000000000000'])
    expect(translated([0x3c, 0, 0, 0])).to.deep.equal([
      '5607020000000000',
      ...DROP,
      '3c70000000000000',
    ])
    expect(translated([0x07, 0, 0, 0], [0x87, 0, 0, 0])).to.deep.equal([
      'bc07000000000000',
      'bc70000000000000',
    ])
  })
  it('jumps as far as it did, over instructions that became several', () => {
    const [RET0, RET1] = [
      [0x06, 0, 0, 0],
      [0x06, 0, 0, 1],
    ] as const
    // not equal: over the first return, which is two
    expect(translated([0x15, 0, 1, 5], RET1, RET0)[0]).to.equal('5600020005000000')
    expect(translated([0x15, 1, 0, 5], RET1, RET0)[0]).to.equal('1600020005000000')
    // both away, and a test of bits, which has no opposite
    expect(translated([0x15, 1, 2, 5], [0x05, 0, 0, 0], RET1, RET0).slice(0, 2)).to.deep.equal([
      '1600020005000000',
      '0500030000000000',
    ])
    expect(translated([0x45, 0, 1, 7], RET1, RET0).slice(0, 2)).to.deep.equal([
      '4600010007000000',
      '0500020000000000',
    ])
    expect(translated([0x1d, 0, 1, 0], RET1, RET0)[0]).to.equal('5e70020000000000')
  })
})
