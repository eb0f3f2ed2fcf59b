// `hellotap diff` as users run it.

import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { hellotap } from '../hellotap.js'

const clients = resolve(import.meta.dirname, '../../captures/clients')
const older = join(clients, 'curl-openssl3.0.pcap')
const newer = join(clients, 'curl-openssl3.5.pcap')

describe('diff', function () {
  this.timeout(60_000)

  it('says what one capture has beside another, both ways', async () => {
    const { code, stdout } = await hellotap(['diff', newer, older])
    expect(code).to.equal(0)
    expect(stdout).to.match(/^plus group.*X25519MLKEM768/m)
    const back = await hellotap(['diff', older, newer])
    expect(back.stdout).to.match(/^without group.*X25519MLKEM768/m)
  })

  it('prints nothing for a capture and itself', async () => {
    const { code, stdout } = await hellotap(['diff', newer, newer])
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '' })
  })

  it('takes a known fingerprint', async () => {
    const { stdout } = await hellotap(['read', newer])
    const { sha3_384_stable } = JSON.parse(stdout.split('\n')[0] ?? '') as {
      sha3_384_stable: string
    }
    const answer = await hellotap(['diff', sha3_384_stable, older])
    expect(answer.code).to.equal(0)
    expect(answer.stdout).to.match(/^plus group.*X25519MLKEM768/m)
  })

  it('names what is unknown, and what is neither file nor fingerprint', async () => {
    const unknown = await hellotap(['diff', newer, 'f'.repeat(96)])
    expect(unknown.code).to.equal(1)
    expect(unknown.stderr).to.include('no hello with the fingerprint ffff')
    const neither = await hellotap(['diff', newer, 'no-such-file.pcap'])
    expect(neither.code).to.equal(2)
    expect(neither.stderr).to.include('no-such-file.pcap is neither a file nor a fingerprint')
  })

  it('explains two fingerprints that nobody knows by what they say themselves', async () => {
    const one = 't13d1516h2_000000000000_e5627efa2ab1'
    const { code, stdout } = await hellotap(['diff', one, 'q13d1516h3_000000000000_e5627efa2ab1'])
    expect(code).to.equal(0)
    expect(stdout).to.equal('over TCP, not QUIC\nALPN h2, not h3\n')
  })
})
