import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { needs, path } from '../capability.js'
import { newCounters } from '../../src/base/counters.js'
import { QUALITY_NAMES } from '../../src/model/handshake-bytes.js'
import { Packet, PROTOCOL_TCP } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import { SMALL_SIZES } from './segments.js'

const corpus = new URL('../../../shared/corpus/', import.meta.url)

interface Given {
  readonly kind: number
  readonly bytes: Uint8Array
  readonly quality: string[]
}

/** Messages of a little-endian Ethernet pcap of plain IPv4. */
function messages(file: string): Given[] {
  const bytes = new Uint8Array(readFileSync(new URL(file, corpus)))
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const hellos = new TcpHellos({ server: true, seed: 2 }, newCounters(), SMALL_SIZES)
  const packet = new Packet()
  packet.bytes = bytes
  const given: Given[] = []
  for (let at = 24; at + 16 <= bytes.length; at += 16 + view.getUint32(at + 8, true)) {
    packet.timeMicros = view.getUint32(at, true) * 1e6 + view.getUint32(at + 4, true)
    const ip = at + 16 + 14
    if (view.getUint16(ip - 2) !== 0x0800 || bytes[ip + 9] !== PROTOCOL_TCP) continue
    const tcp = ip + ((bytes[ip] ?? 0) & 15) * 4
    packet.srcAddrOff = ip + 12
    packet.dstAddrOff = ip + 16
    packet.srcPort = view.getUint16(tcp)
    packet.dstPort = view.getUint16(tcp + 2)
    packet.seq = view.getUint32(tcp + 4)
    packet.flags = bytes[tcp + 13] ?? 0
    packet.payloadOff = tcp + ((bytes[tcp + 12] ?? 0) >> 4) * 4
    packet.payloadLen = ip + view.getUint16(ip + 2) - packet.payloadOff
    packet.payloadWireLen = packet.payloadLen
    for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
      const { bytes: from, off, end, quality } = hellos.message
      const names = QUALITY_NAMES.filter((_, bit) => (quality & (1 << bit)) !== 0)
      given.push({ kind, bytes: from.slice(off, end), quality: names })
    }
  }
  return given
}

describe('the odd TCP captures', () => {
  before(function () {
    needs(this, path(corpus.pathname))
  })

  const cases: [string, string[]][] = [
    ['shuffle', []],
    ['dup', []],
    ['overlap-same', ['retransmit']],
    ['nosyn', ['no-syn']],
  ]
  for (const [name, quality] of cases) {
    it(`tcp-${name} gives the hellos and the certificate of the capture it was made from`, () => {
      const plain = messages('foxio/pcap/badcurveball.pcap')
      expect(plain.map(({ kind }) => kind)).to.deep.equal([1, 2, 3])
      const given = messages(`odd/derived__tcp-${name}.pcap`)
      expect(given.map(({ bytes }) => bytes)).to.deep.equal(plain.map(({ bytes }) => bytes))
      expect(given[0]?.quality).to.deep.equal(quality)
    })
  }

  it('tcp-gap gives no ClientHello; the ServerHello before the gap is whole', () => {
    expect(messages('odd/derived__tcp-gap.pcap').map(({ kind }) => kind)).to.deep.equal([2])
  })
})
