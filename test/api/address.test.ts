import { expect } from 'chai'
import fc from 'fast-check'
import { isIP } from 'node:net'
import { addressTest, canonicalAddress, isLoopback } from '../../src/api/address.js'

describe('canonicalAddress', () => {
  const forms: readonly [string, string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    // RFC 5952 §4.2.2 and §4.2.3: one zero field is not shortened, the first of two equal runs is
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['::1.2.3.4', undefined],
    ['127.1', undefined],
    ['0x7f.0.0.1', undefined],
    ['010.0.0.1', undefined],
    ['1.2.3.4:80', undefined],
    ['[::1]', undefined],
    ['example.com', undefined],
    ['', undefined],
  ]
  for (const [text, canonical] of forms)
    it(`gives ${canonical ?? 'nothing'} for "${text}"`, () => {
      expect(canonicalAddress(text)).to.equal(canonical)
    })

  it('is the same when done twice, and an address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        const once = canonicalAddress(text)
        if (once === undefined) return true
        return isIP(once) !== 0 && canonicalAddress(once) === once
      }),
    )
  })
})

describe('addressTest', () => {
  it('knows addresses and networks of both families', () => {
    const trusted = addressTest(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
    for (const yes of ['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8:ffff::1', '::1'])
      expect(trusted(yes), yes).to.equal(true)
    for (const no of ['11.0.0.0', '192.0.2.8', '2001:db9::', '::2', 'fe80::1', 'x', ''])
      expect(trusted(no), no).to.equal(false)
  })

  it('reads a mapped network as one of IPv4', () => {
    const trusted = addressTest(['::ffff:10.1.0.0/112'])
    expect(trusted('10.1.2.3')).to.equal(true)
    expect(trusted('10.2.2.3')).to.equal(false)
  })

  it('trusts nobody by an empty list', () => {
    expect(addressTest([])('127.0.0.1')).to.equal(false)
  })

  for (const wrong of [
    '10.0.0.0/33',
    '::/129',
    'proxy.example',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '::ffff:1.2.3.4/8',
  ])
    it(`refuses the entry "${wrong}"`, () => {
      expect(() => addressTest(['127.0.0.1', wrong])).to.throw(RangeError, wrong)
    })
})

describe('isLoopback', () => {
  it('is 127.0.0.0/8 and ::1', () => {
    for (const yes of ['127.0.0.1', '127.9.9.9', '::1']) expect(isLoopback(yes), yes).to.equal(true)
    for (const no of ['128.0.0.1', '::2', '0.0.0.0', '']) expect(isLoopback(no), no).to.equal(false)
  })
})
