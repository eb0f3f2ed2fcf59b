import { expect } from 'chai'
import fc from 'fast-check'
import { isIP } from 'node:net'
import { canonicalAddress } from '../../src/api/address.js'
import { describeSighting } from '../../src/sighting-facts.js'
import { hashedAddress, truncatedAddress } from '../../src/privacy/private-address.js'
import { privateServerName } from '../../src/privacy/private-server-name.js'
import type { PrivacyPolicy } from '../../src/privacy/privacy.js'
import { privateNamesOf, privateSighting } from '../../src/privacy/privacy.js'
import { floorStats } from '../../src/privacy/stats-floor.js'
import { readCapture } from '../../src/index.js'
import type { Sighting } from '../../src/model/sighting.js'
import { sighting } from '../api/fixture.js'

const SECRET = Buffer.from('0123456789abcdef')
const DAY = 86_400

describe('truncatedAddress', () => {
  for (const [ip, kept] of [
    ['192.0.2.7', '192.0.2.0'],
    ['2001:db8:1:2::3', '2001:db8:1::'],
    ['2001:db8::3', '2001:db8::'],
    ['2001:0:1:2:3:4:5:6', '2001:0:1::'],
    ['::1', '::'],
    ['fe80::1', 'fe80::'],
    ['1:2:3:4:5:6:7:8', '1:2:3::'],
    ['', ''],
    ['name', ''],
    ['1::2::3', ''],
    ['1:2:3', ''],
  ] as const)
    it(`makes "${kept}" of "${ip}"`, () => {
      expect(truncatedAddress(ip)).to.equal(kept)
    })

  it('gives a canonical address for every address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const kept = truncatedAddress(canonicalAddress(text) ?? '192.0.2.1')
        expect(isIP(kept)).not.to.equal(0)
        expect(canonicalAddress(kept)).to.equal(kept)
        expect(truncatedAddress(kept)).to.equal(kept)
      }),
    )
  })
})

describe('hashedAddress', () => {
  it('is the same within a UTC day and another the next', () => {
    const one = hashedAddress('192.0.2.7', SECRET, 10 * DAY)
    expect(one).to.match(/^hmac-[0-9a-f]{32}$/)
    expect(hashedAddress('192.0.2.7', SECRET, 11 * DAY - 1)).to.equal(one)
    expect(hashedAddress('192.0.2.7', SECRET, 11 * DAY)).not.to.equal(one)
    expect(hashedAddress('192.0.2.8', SECRET, 10 * DAY)).not.to.equal(one)
    expect(hashedAddress('192.0.2.7', Buffer.from('another secret 1'), 10 * DAY)).not.to.equal(one)
  })

  it('is found again under the names of all days a sighting may be of', () => {
    const policy: PrivacyPolicy = { address: 'hmac', sni: 'on', secret: SECRET }
    const names = privateNamesOf(policy, '192.0.2.7', 9.5 * DAY, 11.5 * DAY)
    expect(names).to.deep.equal(
      [11, 10, 9].map((day) => hashedAddress('192.0.2.7', SECRET, day * DAY)),
    )
  })
})

describe('privateServerName', () => {
  it('keeps the registrable domain by the public suffix list', () => {
    const domain = (name: string) => privateServerName(name, 'domain', SECRET)
    expect(domain('mail.corp.example.co.uk')).to.equal('example.co.uk')
    expect(domain('www.EXAMPLE.com')).to.equal('example.com')
    expect(domain('secret.user.github.io')).to.equal('user.github.io')
    for (const none of ['co.uk', 'localhost', '192.0.2.7', '', 'a\\x00b', '...'])
      expect(domain(none), none).to.equal(undefined)
  })

  it('hashes equal names alike, and keeps nothing when off', () => {
    const hashed = (name: string) => privateServerName(name, 'hashed', SECRET)
    expect(hashed('a.example')).to.match(/^hmac-[0-9a-f]{32}$/)
    expect(hashed('A.example.')).to.equal(hashed('a.example'))
    expect(hashed('b.example')).not.to.equal(hashed('a.example'))
    expect(privateServerName('a.example', 'off', SECRET)).to.equal(undefined)
    expect(privateServerName('a.example', 'on', SECRET)).to.equal('a.example')
  })
})

describe('privateSighting', () => {
  let real: Sighting
  before(async () => {
    const file = new URL('../../captures/curl-openssl3.0.pcap', import.meta.url).pathname
    for await (const one of readCapture(file, { hello: true }))
      if (one.sni !== undefined) {
        real = one
        break
      }
    expect(real.sni).to.be.a('string')
    expect(Buffer.from(real.hello ?? '', 'base64').includes(real.sni ?? 'x')).to.equal(true)
  })

  it('is the sighting itself where all is kept', () => {
    const policy = { address: 'full', sni: 'on', secret: SECRET } as const
    expect(privateSighting(policy, real)).to.equal(real)
  })

  for (const sni of ['domain', 'hashed', 'off'] as const)
    it(`leaves the server name nowhere with sni ${sni}, and every fingerprint as it was`, () => {
      const kept = privateSighting({ address: 'full', sni, secret: SECRET }, real)
      expect(JSON.stringify(kept)).not.to.contain(real.sni)
      const hello = Buffer.from(kept.hello ?? '', 'base64')
      expect(hello.includes(real.sni ?? '')).to.equal(false)
      expect(hello.length).to.equal(Buffer.from(real.hello ?? '', 'base64').length)
      expect({ ...kept, sni: real.sni, hello: real.hello }).to.deep.equal(real)
      expect(JSON.stringify(describeSighting(kept))).not.to.contain(real.sni)
    })

  it('keeps no hello that it cannot read', () => {
    const policy: PrivacyPolicy = { address: 'full', sni: 'off', secret: SECRET }
    expect(privateSighting(policy, { ...real, hello: 'AQAA' })).not.to.have.property('hello')
  })

  it('drops what the address could be computed from', () => {
    for (const address of ['truncated', 'hmac'] as const) {
      const kept = privateSighting(
        { address, sni: 'on', secret: SECRET },
        sighting({ src: '192.0.2.7', community_id: '1:abc' }),
      )
      expect(kept.src).to.equal(
        address === 'truncated'
          ? '192.0.2.0'
          : hashedAddress('192.0.2.7', SECRET, Date.parse(kept.time) / 1000),
      )
      expect(JSON.stringify(kept)).not.to.contain('192.0.2.7')
      expect(kept).not.to.have.property('community_id')
    }
  })
})

describe('floorStats', () => {
  const stats = {
    total_sightings: 10,
    other_sightings: 1,
    fingerprints: [
      { count: 6, clients: 3, user_agents: [{ count: 4 }, { count: 1 }] },
      { count: 2, clients: 1 },
      { count: 1, clients: 2 },
    ],
    distributions: {
      alpn: [
        { value: 'h2', count: 9, share: 0.9 },
        { value: 'x', count: 1, share: 0.1 },
      ],
    },
  }

  it('sums up what fewer than k clients share', () => {
    expect(floorStats(stats, 3)).to.deep.equal({
      total_sightings: 10,
      other_sightings: 4,
      fingerprints: [{ count: 6, clients: 3, user_agents: [{ count: 4 }] }],
      distributions: {
        alpn: [
          { value: 'h2', count: 9, share: 0.9 },
          { value: 'other', count: 1, share: 0.1 },
        ],
      },
    })
  })

  it('changes nothing with a floor of 1', () => {
    expect(floorStats(stats, 1)).to.equal(stats)
  })
})
