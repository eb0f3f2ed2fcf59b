import { expect } from 'chai'
import fc from 'fast-check'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { joinHello, splitHello } from '../../src/fingerprint/hello-body.js'
import { browserHello, permuted } from './browser-hello.js'
import { clientHello, empty, parsed, serverName } from './hellos.js'
import type { Extension, HelloParts } from './hellos.js'

/** Delta and body of a hello, and what they join to. */
function roundTrip(bytes: Uint8Array, name: string) {
  const out = new ByteWriter()
  const deltaLen = splitHello(bytes, bytes.length, parsed(bytes), out)
  const [delta, body] = [out.bytes.slice(0, deltaLen), out.bytes.slice(deltaLen, out.len)]
  const joined = new ByteWriter()
  expect(joinHello(delta, body, Buffer.from(name), joined)).to.equal(true)
  return { delta, body, joined: joined.bytes.slice(0, joined.len) }
}

/** browserHello with other bytes that a connection chooses: GREASE, order, name, padding and ticket. */
function connection(seed: number, name: string, padding: number, ticket: number): HelloParts {
  const grease = (at: number) => ((seed + at) & 15) * 0x1010 + 0x0a0a
  const changed = browserHello.extensions.map(([type, body]): Extension => {
    if (type === 0) return serverName(name)
    if (type === 0x15) return [type, new Uint8Array(padding)]
    if (type === 0x23) return [type, new Uint8Array(ticket)]
    if (type === 0x4a4a) return empty(grease(1))
    return type === 0x6a6a ? [grease(2), body] : [type, body]
  })
  const ciphers = [grease(3), ...browserHello.ciphers.slice(1)]
  // Chromium shuffles what stands between its two GREASE extensions
  const [first, ...rest] = changed as [Extension, ...Extension[]]
  const last = rest.splice(-1)
  const { extensions } = permuted({ ciphers, extensions: rest }, seed)
  return { ciphers, extensions: [first, ...extensions, ...last] }
}

describe('a hello in body and delta', () => {
  it('is joined to the same bytes, whatever the connection chose', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.constantFrom('a', 'example.com', 'long.'.repeat(30)),
        fc.nat(600),
        fc.nat(300),
        (seed, name, padding, ticket) => {
          const bytes = clientHello(connection(seed, name, padding, ticket))
          expect(roundTrip(bytes, name).joined).to.deep.equal(bytes)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('has the same body for every connection of one client, and a short delta', () => {
    const of = (...parts: Parameters<typeof connection>) =>
      roundTrip(clientHello(connection(...parts)), parts[1])
    const one = of(1, 'example.com', 20, 0)
    const other = of(7, 'other.example', 300, 192)
    expect(other.body).to.deep.equal(one.body)
    expect(other.delta.length).to.be.below(40)
    expect(of(1, 'example.com', 20, 0).delta).to.deep.equal(one.delta)
  })

  it('keeps an extension of one byte apart from an empty one', () => {
    for (const type of [0x15, 0x23, 0x39]) {
      for (const body of [[], [0], [5]]) {
        const extensions: Extension[] = [[type, Uint8Array.from(body)], empty(0x17)]
        const bytes = clientHello({ ciphers: [0x1301], extensions })
        expect(roundTrip(bytes, '').joined).to.deep.equal(bytes)
      }
    }
  })

  it('is kept as it is where it has no extensions, or bytes behind them', () => {
    const none = clientHello({ ciphers: [0x1301], extensions: [] })
    const some = clientHello(browserHello)
    const longer = Uint8Array.from([...some, 0])
    longer[3] = (some[3] ?? 0) + 1
    for (const bytes of [none, longer]) {
      const { delta, body, joined } = roundTrip(bytes, 'example.com')
      expect([...delta]).to.deep.equal([0])
      expect(body).to.deep.equal(bytes)
      expect(joined).to.deep.equal(bytes)
    }
  })

  it('is split where its extensions follow one another', () => {
    expect(roundTrip(clientHello(browserHello), 'example.com').delta[0]).to.equal(3)
  })

  it('is refused where the store has it cut', () => {
    const bytes = clientHello(browserHello)
    const { delta, body } = roundTrip(bytes, 'example.com')
    for (let end = 0; end < body.length; end++) {
      const out = new ByteWriter()
      out.ascii('kept')
      expect(joinHello(delta, body.subarray(0, end), Buffer.from('example.com'), out)).to.equal(
        false,
      )
      expect(out.text()).to.equal('kept')
    }
  })
})
