// The server's side in every capture of the project, beside what tshark 4.0.17 says of it.
//
// tshark-server-hellos.json: how often each pair of ja3s and cipher occurs in a capture's ServerHellos, and each SHA-256
// of a leaf certificate, by tshark's tls.handshake.ja3s, tls.handshake.ciphersuite and tls.handshake.certificate.

import { expect } from 'chai'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { tally } from '../hellotap.js'
import { ANSWERS, CAPTURES, CAPTURE_NAMES, captured, clientSide, read } from './reading.js'

const tshark = JSON.parse(
  readFileSync(resolve(import.meta.dirname, 'tshark-server-hellos.json'), 'utf8'),
) as Record<string, { server_hellos: Record<string, number>; certificates: Record<string, number> }>

describe('the server side of the captures', () => {
  for (const [name, counted] of Object.entries(tshark)) {
    it(`${name}: the ServerHellos and certificates that tshark sees`, () => {
      const { sightings, counters } = read(captured(name))
      const joined = sightings.filter(({ ja3s }) => ja3s !== undefined)
      expect(tally(joined.map(({ ja3s, cipher }) => `${ja3s} ${cipher}`))).to.deep.equal(
        counted.server_hellos,
      )
      const certificates = sightings.filter(({ cert_sha256 }) => cert_sha256 !== undefined)
      expect(tally(certificates.map(({ cert_sha256 }) => cert_sha256))).to.deep.equal(
        counted.certificates,
      )
      expect(counters.server_hellos).to.equal(joined.length)
      expect(counters.certificates).to.equal(certificates.length)
      expect(counters.server_hello_unjoined).to.equal(0)
      expect(counters.hello_unanswered).to.equal(sightings.length - joined.length)
    })
  }

  for (const name of CAPTURE_NAMES) {
    it(`${name}: the same sightings as without, and no more than keys added`, () => {
      const without = read(captured(name), false).sightings
      const sightings = read(captured(name)).sightings.map(clientSide)
      expect(sightings).to.have.deep.members(without)
    })
  }

  it('are told in full of a dozen handshakes of OpenSSL', () => {
    const golden = resolve(CAPTURES, ANSWERS.replace(/\.pcap$/, '.server.jsonl'))
    const lines = read(captured(ANSWERS)).sightings.map((one) => `${JSON.stringify(one)}\n`)
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, lines.join(''))
    expect(lines.join('')).to.equal(readFileSync(golden, 'utf8'))
  })

  it('tell a session that goes on from one that begins, by session_id, ticket and pre-shared key', () => {
    const { sightings } = read(captured(ANSWERS))
    const said = sightings.map(({ dstport, server_version, resumed }) =>
      [dstport, server_version ?? 'unanswered', resumed ?? 'untold'].join(' '),
    )
    expect(said).to.deep.equal([
      '4431 TLS 1.2 false',
      '4431 TLS 1.2 true',
      '4431 TLS 1.2 false',
      '4432 TLS 1.3 untold',
      '4432 TLS 1.3 false',
      '4432 TLS 1.3 true',
      '4433 TLS 1.2 false',
      '4433 TLS 1.2 false',
      '4434 TLS 1.0 false',
      '4435 TLS 1.2 false',
      '4435 TLS 1.2 true',
      '4436 unanswered untold',
      '4436 unanswered untold',
    ])
  })

  it('tell which hello was asked to try again, and link the second to it', () => {
    const { sightings } = read(captured(ANSWERS))
    const [second, ...others] = sightings.filter(({ hrr_of }) => hrr_of !== undefined)
    expect(others).to.deep.equal([])
    expect(second?.quality).to.deep.equal(['hrr'])
    const first = sightings.find(
      ({ time, src, srcport }) =>
        time === second?.hrr_of && src === second.src && srcport === second.srcport,
    )
    expect(first).to.include({ hello_retry_request: true, group_name: 'secp384r1' })
    expect(first).not.to.have.property('quality')
    expect(second).to.include({ server_version: 'TLS 1.3', group_name: 'secp384r1' })
    expect(second).not.to.have.property('hello_retry_request')
  })

  it('give an answered hello at once, a server without a certificate included', () => {
    const { early, sightings } = read(captured(ANSWERS))
    expect(sightings.length - early.length).to.equal(2)
    expect(early).to.deep.equal(sightings.slice(0, -2))
  })
})
