import { expect } from 'chai'
import fc from 'fast-check'
import type { IncomingHttpHeaders } from 'node:http'
import { addressTest } from '../../src/api/address.js'
import type { Client } from '../../src/api/client-address.js'
import { clientAddress } from '../../src/api/client-address.js'

const PROXY = '10.0.0.1'
const CLIENT = '203.0.113.5'
const VICTIM = '198.51.100.9'
const trusted = addressTest(['10.0.0.0/8', '::1'])

function whose(headers: IncomingHttpHeaders, address = PROXY, port?: number): Client {
  return clientAddress({ address, port }, headers, trusted)
}

describe('clientAddress: without a trusted proxy', () => {
  it('is the peer and its port', () => {
    expect(whose({}, CLIENT, 4711)).to.deep.equal({ ip: CLIENT, port: 4711, forwarded: false })
  })

  it('folds an IPv4-mapped peer', () => {
    expect(whose({}, `::ffff:${CLIENT}`).ip).to.equal(CLIENT)
  })

  it('has no address where the socket is gone', () => {
    expect(clientAddress({ address: undefined, port: undefined }, {}, trusted).ip).to.equal('')
  })

  it('ignores every header of a stranger', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            'x-forwarded-for': fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
            'x-real-ip': fc.oneof(fc.ipV4(), fc.ipV6()),
            'x-real-port': fc.nat(65_535).map(String),
            'x-client-port': fc.nat(65_535).map(String),
            forwarded: fc.ipV4().map((ip) => `for=${ip}`),
          },
          { requiredKeys: [] },
        ),
        (headers) => {
          expect(whose(headers, CLIENT, 99)).to.deep.equal({
            ip: CLIENT,
            port: 99,
            forwarded: false,
          })
        },
      ),
    )
  })
})

describe('clientAddress: behind a trusted proxy', () => {
  const cases: readonly [string, IncomingHttpHeaders, string, number?][] = [
    ['X-Forwarded-For', { 'x-forwarded-for': CLIENT }, CLIENT],
    ['X-Forwarded-For with a port', { 'x-forwarded-for': `${CLIENT}:5678` }, CLIENT, 5678],
    [
      'X-Forwarded-For, IPv6 with a port',
      { 'x-forwarded-for': '[2001:DB8::0:1]:5678' },
      '2001:db8::1',
      5678,
    ],
    ['X-Forwarded-For, bare IPv6', { 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
    ['X-Forwarded-For, mapped', { 'x-forwarded-for': `::ffff:${CLIENT}` }, CLIENT],
    ['X-Real-IP', { 'x-real-ip': CLIENT }, CLIENT],
    ['X-Real-IP and X-Real-Port', { 'x-real-ip': CLIENT, 'x-real-port': '5678' }, CLIENT, 5678],
    ['X-Client-Port', { 'x-forwarded-for': CLIENT, 'x-client-port': '5678' }, CLIENT, 5678],
    ['Forwarded', { forwarded: `for=${CLIENT}` }, CLIENT],
    [
      'Forwarded with a port',
      { forwarded: `proto=https;For="${CLIENT}:5678";by=10.0.0.1` },
      CLIENT,
      5678,
    ],
    ['Forwarded, IPv6', { forwarded: 'for="[2001:db8:cafe::17]:4711"' }, '2001:db8:cafe::17', 4711],
    [
      'Forwarded with a comma in quotes',
      { forwarded: `for=${CLIENT};host="a,b;for=${VICTIM}"` },
      CLIENT,
    ],
    [
      'Forwarded with an escaped quote',
      { forwarded: `host="a\\",for=${VICTIM}";for=${CLIENT}` },
      CLIENT,
    ],
    [
      'all three in agreement',
      { 'x-forwarded-for': CLIENT, 'x-real-ip': CLIENT, forwarded: `for=${CLIENT}` },
      CLIENT,
    ],
  ]
  for (const [name, headers, ip, port] of cases)
    it(`${name} names the client`, () => {
      const expected = port === undefined ? { ip, forwarded: true } : { ip, port, forwarded: true }
      expect(whose(headers)).to.deep.equal(expected)
    })

  it('walks over trusted hops to the first stranger', () => {
    const headers = { 'x-forwarded-for': `${VICTIM}, ${CLIENT}, 10.2.2.2, 10.3.3.3` }
    expect(whose(headers).ip).to.equal(CLIENT)
    expect(whose({ forwarded: `for=${VICTIM}, for=${CLIENT}, for=10.3.3.3` }).ip).to.equal(CLIENT)
  })

  it('takes the furthest hop where all are trusted', () => {
    expect(whose({ 'x-forwarded-for': '10.9.9.9, 10.3.3.3' }).ip).to.equal('10.9.9.9')
  })

  it('stops at a hop that does not tell: what is left of it could be anybody’s', () => {
    expect(whose({ 'x-forwarded-for': `${VICTIM}, unknown, 10.3.3.3` }).ip).to.equal('10.3.3.3')
    expect(whose({ forwarded: `for=${VICTIM}, for=_hidden, for=10.3.3.3` }).ip).to.equal('10.3.3.3')
    expect(whose({ forwarded: `for=${VICTIM}, proto=https, for=10.3.3.3` }).ip).to.equal('10.3.3.3')
  })

  it('is the proxy itself where no header tells, or none can be read', () => {
    for (const headers of [
      {},
      { 'x-forwarded-for': 'x' },
      { 'x-real-ip': `${CLIENT}, ${VICTIM}` },
      { forwarded: 'for=' },
    ])
      expect(whose(headers)).to.deep.equal({ ip: PROXY, forwarded: false })
  })

  it('reads an X-Real-IP that is one of the chain’s trusted hops as such', () => {
    const headers = { 'x-forwarded-for': `${CLIENT}, 10.3.3.3`, 'x-real-ip': '10.3.3.3' }
    expect(whose(headers).ip).to.equal(CLIENT)
  })

  it('takes no port of the nearest proxy’s for a client behind a further one', () => {
    const headers = { 'x-forwarded-for': `${CLIENT}, 10.3.3.3`, 'x-real-port': '5678' }
    expect(whose(headers)).to.deep.equal({ ip: CLIENT, forwarded: true })
  })

  it('takes no port that is none, and neither of two that differ', () => {
    for (const port of ['0', '65536', '-1', '1e3', ' ', '12345678901'])
      expect(whose({ 'x-real-ip': CLIENT, 'x-real-port': port }).port, port).to.equal(undefined)
    const headers = { 'x-real-ip': CLIENT, 'x-real-port': '1', 'x-client-port': '2' }
    expect(whose(headers).port).to.equal(undefined)
  })
})

describe('clientAddress: forged through a trusted proxy', () => {
  it('a header the proxy appends to stays the forger’s', () => {
    expect(whose({ 'x-forwarded-for': `${VICTIM}, ${CLIENT}` }).ip).to.equal(CLIENT)
    expect(whose({ 'x-forwarded-for': `${VICTIM}, 10.0.0.1, ${CLIENT}` }).ip).to.equal(CLIENT)
  })

  it('a header the proxy passes through contradicts the one it sets: neither is believed', () => {
    for (const headers of [
      { 'x-forwarded-for': CLIENT, 'x-real-ip': VICTIM },
      { 'x-real-ip': CLIENT, 'x-forwarded-for': VICTIM },
      { 'x-real-ip': CLIENT, 'x-forwarded-for': `${VICTIM}, 10.0.0.1` },
      { 'x-real-ip': CLIENT, forwarded: `for=${VICTIM}` },
      { 'x-forwarded-for': CLIENT, forwarded: `for=${VICTIM}, for=10.0.0.1` },
      { 'x-forwarded-for': CLIENT, forwarded: 'for=unknown' },
    ])
      expect(whose(headers), JSON.stringify(headers)).to.deep.equal({ ip: PROXY, forwarded: false })
  })

  it('never names the victim, whatever stands left of the forger', () => {
    const hop = fc.oneof(fc.constantFrom(VICTIM, PROXY, 'unknown', '', '"'), fc.ipV4(), fc.string())
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 40 }), (hops) => {
        const chain = [...hops, CLIENT]
        return whose({ 'x-forwarded-for': chain.join(', ') }).ip === CLIENT
      }),
    )
  })
})
