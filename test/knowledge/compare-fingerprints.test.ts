import { expect } from 'chai'
import { compareFingerprints } from '../../src/knowledge/compare-fingerprints.js'

describe('compareFingerprints', () => {
  it('explains two JA4 by their parts', () => {
    expect(
      compareFingerprints(
        't13d1516h2_8daaf6152771_e5627efa2ab1',
        'q12i1417h3_8daaf6152771_d8a2da3f94cd',
      ),
    ).to.deep.equal([
      'over TCP, not QUIC',
      'up to TLS 1.3, not TLS 1.2',
      'with a server name',
      '15 cipher suites, not 14',
      '16 extensions, not 17',
      'ALPN h2, not h3',
      'other extensions or signature algorithms',
    ])
  })

  it('names members where the lists are there', () => {
    expect(
      compareFingerprints(
        't13d0203h2_1301,1302_000a,0033_0403',
        't13d0203h2_1301,1303_000a,0033_0403,0804',
      ),
    ).to.deep.equal([
      'without cipher suite TLS_CHACHA20_POLY1305_SHA256',
      'plus cipher suite TLS_AES_256_GCM_SHA384',
      'without signature scheme rsa_pss_rsae_sha256',
    ])
    expect(compareFingerprints('771,4865,0-10,29-23,0', '771,4865,10-0,29,0')).to.deep.equal([
      'another order of extensions',
      'plus group secp256r1',
    ])
  })

  it('finds no difference in equal ones, and says nothing of hashes or of two kinds', () => {
    expect(compareFingerprints('771,4865,0,29,0', '771,4865,0,29,0')).to.deep.equal([])
    expect(compareFingerprints('a'.repeat(32), 'b'.repeat(32))).to.equal(undefined)
    expect(compareFingerprints('771,4865,0,29,0', 't13d1516h2_8daaf6152771_e5627efa2ab1')).to.equal(
      undefined,
    )
  })
})
