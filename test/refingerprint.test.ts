import { expect } from 'chai'
import fc from 'fast-check'
import { Refingerprinter } from '../src/refingerprint.js'
import { browserHello } from './fingerprint/browser-hello.js'
import { clientHello, sightingOf, writerOf } from './fingerprint/hellos.js'

const bytes = clientHello(browserHello)
const writer = writerOf({ redact: (hello, out) => out.copy(hello.bytes, hello.off, hello.end) })
const fresh = sightingOf(bytes, {}, writer)
const all = new Refingerprinter('all')

function remade(sighting: object): Record<string, unknown> {
  const made = all.remake(sighting as Record<string, unknown>)
  if (made.outcome !== 'remade') throw new Error(JSON.stringify(made))
  return { ...made.sighting }
}
function faultOf(sighting: object): string {
  const made = all.remake(sighting as Record<string, unknown>)
  return made.outcome === 'fault' ? made.fault : made.outcome
}
const entries = (sighting: object) => JSON.stringify(sighting)

describe('Refingerprinter', () => {
  it('gives a fresh sighting back as it is, key by key', () => {
    expect(entries(remade(fresh))).to.equal(entries(fresh))
  })

  it('repairs what was changed or taken away, each in its place', () => {
    const wrong = ['ja3', 'sha3_384', 'npf', 'iana', 'tls_fp']
    fc.assert(
      fc.property(fc.subarray(wrong), fc.subarray(Object.keys(fresh)), (changed, gone) => {
        const kept = ['hello', 'proto', 'record_version', 'tls_version']
        const others = new Set(['time', 'src', 'srcport', 'dst', 'dstport', 'sni', 'alpn'])
        const stays = (key: string) => kept.includes(key) || others.has(key) || !gone.includes(key)
        const broken = Object.entries(fresh)
          .filter(([key]) => stays(key))
          .map(([key, value]) => [key, changed.includes(key) ? 'wrong' : (value as unknown)])
        const wanted = Object.entries(fresh).filter(
          ([key]) =>
            stays(key) ||
            !['client_hello_version', 'community_id', 'hello_len', 'evidence'].includes(key),
        )
        expect(entries(remade(Object.fromEntries(broken) as object))).to.equal(
          entries(Object.fromEntries(wanted)),
        )
      }),
    )
  })

  it('keeps other keys, their values and their order, whatever they are', () => {
    const other = fc.dictionary(
      fc.string().filter((key) => !/^\d+$/.test(key) && !(key in fresh)),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(other, other, (before, behind) => {
        const json = JSON.stringify({ ...before, ...fresh, ...behind })
        const made = all.remakeLine(json)
        expect(made.outcome === 'remade' && JSON.stringify(made.sighting)).to.equal(json)
      }),
    )
    const made = all.remakeLine(JSON.stringify(fresh).replace('{', '{"__proto__":1,'))
    expect(made.outcome === 'remade' && JSON.stringify(made.sighting)).to.match(/^{"__proto__":1,/)
  })

  it('finds keys in any order, and a place for new ones where no neighbour is', () => {
    const sorted = Object.fromEntries(
      Object.entries({ ...fresh, ja4: 'wrong' }).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
    expect(entries(remade(sorted))).to.equal(entries({ ...sorted, ja4: fresh.ja4 }))
    const { hello, proto } = fresh
    expect(Object.keys(remade({ hello, proto })).slice(0, 3)).to.deep.equal([
      'hello',
      'proto',
      'sha3_384',
    ])
  })

  it('takes away the fingerprints not asked for: nobody made them again', () => {
    const made = new Refingerprinter(new Set(['ja4'])).remake({ ...fresh, ja3: 'old' })
    const keys = made.outcome === 'remade' ? Object.keys(made.sighting) : []
    expect(keys).to.include('ja4')
    expect(keys).to.not.include.members(['ja3', 'npf', 'tls_fp', 'iana'])
  })

  it('says what it cannot do', () => {
    expect(all.remake({ ja3: 'x' }).outcome).to.equal('without-hello')
    expect(faultOf({ ...fresh, proto: 'sctp' })).to.match(/"proto"/)
    expect(faultOf({ ...fresh, proto: undefined })).to.match(/"proto"/)
    expect(faultOf({ ...fresh, record_version: 3 })).to.match(/"record_version"/)
    expect(faultOf({ ...fresh, record_version: 'TLS 7' })).to.match(/version/)
    expect(faultOf({ ...fresh, quic_version: 1 })).to.match(/"quic_version"/)
    for (const hello of [7, null, 'AQ=', '!', 'AQAC\n', `${fresh.hello ?? ''}=`])
      expect(faultOf({ ...fresh, hello })).to.match(/no base64/)
    for (const hello of ['', 'AQAC', fresh.hello?.slice(0, -4)])
      expect(faultOf({ ...fresh, hello })).to.match(/no ClientHello/)
    const lineFault = (json: string) => {
      const made = all.remakeLine(json)
      return made.outcome === 'fault' ? made.fault : made.outcome
    }
    expect(lineFault('{')).to.match(/not JSON$/)
    for (const json of ['[]', 'null', '"x"', '1']) expect(lineFault(json)).to.match(/JSON object/)
  })
})
