import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { TCP_SYN } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import { TcpOptions } from '../../src/stream/tcp-options.js'
import { handshake, linuxOptions, record, records, segment, SMALL_SIZES } from './segments.js'

const hello = record(handshake(1, 200))
const NOTHING = new Uint8Array(0)

/** What the SYN said, as the hello of the same flow tells it. */
function factsOf(server: boolean, segments: readonly ReturnType<typeof segment>[]) {
  const hellos = new TcpHellos({ server, seed: 1 }, newCounters(), SMALL_SIZES)
  const given = segments.map((packet) => hellos.take(packet))
  expect(given.at(-1)).to.equal(1)
  const { synTtl, synWindow, synMss, synWindowScale, synOptions, synDontFragment, firstRecordLen } =
    hellos.message
  return { synTtl, synWindow, synMss, synWindowScale, synOptions, synDontFragment, firstRecordLen }
}

describe('what a SYN says', () => {
  const linux = { flags: TCP_SYN, options: linuxOptions(1000), window: 64_240, ttl: 63 }
  const expected = {
    synTtl: 63,
    synWindow: 64_240,
    synMss: 1460,
    synWindowScale: 7,
    synOptions: 0x31542,
    synDontFragment: true,
    firstRecordLen: 200,
  }

  for (const server of [false, true]) {
    const how = server ? 'by the rules' : 'in the fast path'
    it(`comes with the hello, ${how}`, () => {
      const segments = [segment(9, NOTHING, linux), segment(10, hello, { ttl: 63 })]
      expect(factsOf(server, segments)).to.deep.equal(expected)
    })

    it(`comes with a hello in parts and in several records, ${how}`, () => {
      const parts = [hello.subarray(0, 100), hello.subarray(100)]
      const segments = parts.map((part, i) => segment(10 + 100 * i, part, { ttl: 63 }))
      expect(factsOf(server, [segment(9, NOTHING, linux), ...segments])).to.deep.equal(expected)
      const cut = [
        segment(9, NOTHING, linux),
        segment(10, records(handshake(1, 200), [60]), { ttl: 63 }),
      ]
      expect(factsOf(server, cut)).to.deep.equal({ ...expected, firstRecordLen: 60 })
    })

    it(`is unknown where no SYN was seen, ${how}`, () => {
      expect(factsOf(server, [segment(10, hello)])).to.deep.include({ synWindow: -1, synTtl: 0 })
    })

    it(`comes with a hello over IPv6, whose options are none, ${how}`, () => {
      const ends = { src: [...new Uint8Array(15), 1], dst: [...new Uint8Array(15), 2] }
      const segments = [
        segment(9, NOTHING, { ...ends, flags: TCP_SYN, ttl: 255, window: 0 }),
        segment(10, hello, { ...ends, ttl: 255 }),
      ]
      expect(factsOf(server, segments)).to.deep.equal({
        synTtl: 255,
        synWindow: 0,
        synMss: 0,
        synWindowScale: -1,
        synOptions: 0,
        synDontFragment: false,
        firstRecordLen: 200,
      })
    })
  }
})

describe('TcpOptions', () => {
  it('never reads past the end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, cut) => {
        const options = new TcpOptions()
        const end = Math.min(cut, bytes.length)
        options.read(bytes, 0, end)
        const cutOptions = new TcpOptions()
        cutOptions.read(bytes.slice(0, end), 0, end)
        expect(cutOptions).to.deep.equal(options)
      }),
    )
  })

  it('tells Fast Open by its number and by its experiment', () => {
    const options = new TcpOptions()
    options.read(Uint8Array.of(34, 2, 1, 1), 0, 4)
    expect(options.fastOpenLen).to.equal(0)
    options.read(Uint8Array.of(254, 8, 0xf9, 0x89, 1, 2, 3, 4), 0, 8)
    expect(options.fastOpenLen).to.equal(4)
  })
})
