// The server's side of DTLS: OpenSSL's own client and server, their datagrams put through the pipeline in any order.

import { expect } from 'chai'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sighting } from '../../src/model/sighting.js'
import { type Relayed, makeCertificate, shakeHands } from '../stream/dtls-relay.js'
import { ethernet, ipv4, udp } from '../wire/build.js'
import { read } from './reading.js'

const PROTOCOL_UDP = 17

describe("the server's side of DTLS", function () {
  this.timeout(15_000)
  const names = Array.from({ length: 40 }, (_, i) => `host-${i}.dtls.example`)
  let folder = ''
  let certificate: X509Certificate
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-dtls-'))
    makeCertificate(folder, names)
    certificate = new X509Certificate(readFileSync(join(folder, 'cert.pem')))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** What the pipeline makes of datagrams, a millisecond apart. */
  function sightings(datagrams: readonly Relayed[]): readonly Sighting[] {
    const frames = datagrams.map(({ bytes, back }, i) => {
      const payload = back ? udp(4433, 40_000, bytes) : udp(40_000, 4433, bytes)
      const addresses = back ? 'c6336414 c000020a' : 'c000020a c6336414'
      const frame = ethernet('0800', ipv4(PROTOCOL_UDP, payload, { addresses }))
      return { bytes: frame, wirelen: frame.length, timeMicros: 1e15 + 1000 * i, linkType: 1 }
    })
    return read(frames).sightings
  }

  function expectCertificate(sighting: Sighting | undefined, version: string): void {
    expect(sighting).to.deep.include({
      proto: 'dtls',
      server_version: version,
      resumed: false,
      cert_subject: 'CN=localhost',
      cert_issuer: 'CN=localhost',
      cert_san: names,
      cert_sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    })
    const until = new Date(certificate.validTo).toISOString().replace('.000', '')
    expect(sighting?.cert_not_after).to.equal(until)
  }

  for (const [version, option] of [
    ['DTLS 1.2', '-dtls1_2'],
    ['DTLS 1.0', '-dtls1'],
  ] as const) {
    it(`has the certificate, whole or in fragments, in order or not (${version})`, async () => {
      for (const mtu of ['1400', '256']) {
        const args = [option, '-mtu', mtu, '-cipher', 'DEFAULT:@SECLEVEL=0']
        const { datagrams } = await shakeHands(folder, args, args)
        const [first, ...others] = sightings(datagrams)
        expect(others).to.deep.equal([])
        expectCertificate(first, version)
        const client = datagrams.filter(({ back }) => !back)
        const server = datagrams.filter(({ back }) => back)
        if (mtu === '256') expect(server.length).to.be.above(8)
        for (const order of [
          [...client, ...server.toReversed()],
          [...server.toReversed(), ...client],
        ])
          expectCertificate(sightings(order)[0], version)
        // Without one of its fragments the line is the same, but for the certificate.
        const [hello, ...rest] = server
        const without = sightings([...client, hello as Relayed, ...rest.slice(3)])
        if (mtu === '256') {
          expect(without).to.have.length(1)
          expect(without[0]).to.not.have.property('cert_sha256')
        }
      }
    })
  }
})
