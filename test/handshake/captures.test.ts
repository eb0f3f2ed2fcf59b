// The server's side in every capture of the project, beside what tshark 4.0.17 says of it.
//
// tshark-server-hellos.json: how often each pair of ja3s and cipher occurs in a capture's ServerHellos, and each SHA-256
// of a leaf certificate, by tshark's tls.handshake.ja3s, tls.handshake.ciphersuite and tls.handshake.certificate.

import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { tally } from '../hellotap.js'
import type { Sighting } from '../../src/model/sighting.js'
import { RowCursor } from '../../src/model/row.js'
import { COLUMNS } from '../../src/history/schema.js'
import { rowOf, sightingOf, type SightingLine } from '../../src/history/row.js'
import { RowPacker } from '../../src/store/row-packer.js'
import { writePcap } from '../capture/pcap-writer.js'
import { rowsOfCapture, sightingsInRows } from '../rows.js'
import {
  ANSWERS,
  CAPTURES,
  CAPTURE_NAMES,
  captured,
  clientSide,
  read,
  SERVER_KEYS,
} from './reading.js'

const tshark = JSON.parse(
  readFileSync(resolve(import.meta.dirname, 'tshark-server-hellos.json'), 'utf8'),
) as Record<string, { server_hellos: Record<string, number>; certificates: Record<string, number> }>

const frames = captured(ANSWERS)
const answered = read(frames).sightings.filter(({ ja3s }) => ja3s !== undefined)
/** The frames of its servers alone, as a tap of one direction gives them. */
const servers = frames.filter(({ bytes }) => {
  const at = bytes[12] === 0x86 ? 14 + 40 : 14 + 20
  return (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) < 5000
})

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

  it('are rows of their own where a tap sees the servers alone', () => {
    const { sightings, counters } = read(servers)
    expect(sightings.map(({ side }) => side)).to.deep.equal(answered.map(() => 'server'))
    // Without its hello a resumed session of TLS 1.2 is not told from a new one.
    const said = (sighting: Sighting) => {
      const { src, srcport, dst, dstport, proto } = sighting
      const keys = SERVER_KEYS.filter((key) => key !== 'resumed' && key !== 'confirmed').map(
        (key) => sighting[key],
      )
      return [src, srcport, dst, dstport, proto, ...keys]
    }
    expect(sightings.map(said)).to.have.deep.members(answered.map(said))
    expect(new Set(sightings.map(({ src }) => src.includes(':')))).to.deep.equal(
      new Set([true, false]),
    )
    expect(counters).to.include({ server_hello_unjoined: answered.length, server_hellos: 0 })
  })

  it('are left out by a store and kept by a history, of a server alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-server-'))
    try {
      const path = join(folder, 'server-alone.pcap')
      writeFileSync(path, writePcap(servers.map(({ bytes }) => bytes)))
      const rows = await rowsOfCapture(path, true)
      const lines = sightingsInRows(rows)
      expect(lines.map(({ side }) => side)).to.deep.equal(answered.map(() => 'server'))
      const packer = new RowPacker()
      expect(packer.pack(new RowCursor(rows))).to.deep.equal([])
      expect(packer).to.include({ withoutAddress: answered.length, unsound: 0 })
      for (const line of lines) {
        const row = rowOf(line as SightingLine)
        if (row === undefined) throw new Error('the history refuses the row')
        const kept = Object.fromEntries(COLUMNS.map(({ name }, i) => [name, row[i]]))
        expect(sightingOf({ ...kept, sensor: 'tap' })).to.deep.equal(line)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
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
