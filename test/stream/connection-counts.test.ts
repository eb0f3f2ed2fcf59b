import { expect } from 'chai'
import { newCounters } from '../../src/base/counters.js'
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import { SMALL_SIZES, handshake, record, reversed, segment } from './segments.js'

const NO_BYTES = new Uint8Array(0)
const text = (bytes: string) => new TextEncoder().encode(bytes)
const syn = (dstPort = 443) => segment(100, NO_BYTES, { flags: TCP_SYN, dstPort })
const synAck = (dstPort = 443) =>
  segment(900, NO_BYTES, { ...reversed({ dstPort }), flags: TCP_SYN | TCP_ACK })

for (const [name, options] of [
  ['one port', { server: false, seed: 7, ports: new Set([443]) }],
  ['one port and its server', { server: true, seed: 7, ports: new Set([443]) }],
  ['any port', { server: false, seed: 7 }],
] as const)
  describe(`connections, ${name} watched`, () => {
    const count = (...packets: ReturnType<typeof syn>[]) => {
      const counters = newCounters()
      const hellos = new TcpHellos(options, counters, SMALL_SIZES)
      for (const packet of packets)
        for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next());
      const { tcp_syns, tcp_syn_acks, tcp_not_tls } = counters
      return [tcp_syns, tcp_syn_acks, tcp_not_tls]
    }

    it('are counted by the SYN of each side, sent again or not', () => {
      expect(count(syn(), synAck())).to.deep.equal([1, 1, 0])
      expect(count(syn(), syn(), synAck())).to.deep.equal([2, 1, 0])
      expect(count(synAck())).to.deep.equal([0, 1, 0])
      expect(count(segment(1, NO_BYTES, { flags: TCP_RST | TCP_ACK }))).to.deep.equal([0, 0, 0])
      expect(count(segment(1, NO_BYTES, { flags: TCP_FIN | TCP_ACK }))).to.deep.equal([0, 0, 0])
    })

    it('of other ports are not', () => {
      const expected = 'ports' in options ? [0, 0, 0] : [1, 1, 1]
      expect(
        count(syn(80), synAck(80), segment(101, text('hello, server'), { dstPort: 80 })),
      ).to.deep.equal(expected)
    })

    it('that begin with something else than a hello are counted once', () => {
      const get = text('GET / HTTP/1.1\r\nHost: example.test\r\n\r\n')
      expect(count(syn(), segment(101, get), segment(101 + get.length, get))).to.deep.equal([
        1, 0, 1,
      ])
      const hello = record(handshake(1, 200))
      expect(
        count(syn(), segment(101, hello), segment(101 + hello.length, text('more of it'))),
      ).to.deep.equal([1, 0, 0])
      // a hello in pieces is one
      expect(
        count(
          syn(),
          segment(101, hello.subarray(0, 3)),
          segment(104, hello.subarray(3, 90)),
          segment(191, hello.subarray(90)),
        ),
      ).to.deep.equal([1, 0, 0])
    })

    it('whose server speaks first do not count for that', () => {
      expect(
        count(syn(), synAck(), segment(901, text('220 mail ready\r\n'), reversed({}))),
      ).to.deep.equal([1, 1, 0])
    })
  })
