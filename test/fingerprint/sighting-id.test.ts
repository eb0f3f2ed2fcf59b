import { expect } from 'chai'
import { OctetWriter } from '../../src/base/octet-writer.js'
import { writeSightingId } from '../../src/fingerprint/sighting-id.js'
import { browserHello } from './browser-hello.js'
import { clientHello, messageOf, packetOf, sightingOf, writerOf } from './hellos.js'

function idOf(
  octets: Uint8Array,
  change: (packet: ReturnType<typeof packetOf>) => void = () => {},
) {
  const packet = packetOf()
  change(packet)
  const out = new OctetWriter()
  writeSightingId(packet, messageOf(octets), out)
  return out.text()
}

describe('sighting id', () => {
  const octets = clientHello(browserHello)

  it('is the same for the same hello of the same flow, at any time and behind any tunnel', () => {
    const id = idOf(octets)
    expect(id).to.match(/^[0-9a-f]{16}$/)
    const elsewhere = idOf(octets, (packet) => {
      packet.timeMicros += 3e6
      packet.vlan = 7
      packet.encapsulationCount = 1
    })
    expect(elsewhere).to.equal(id)
  })

  it('differs by port, by random and by any byte of the hello', () => {
    const ids = new Set([idOf(octets)])
    ids.add(
      idOf(octets, (packet) => {
        packet.srcPort++
      }),
    )
    ids.add(
      idOf(octets, (packet) => {
        packet.dstPort++
      }),
    )
    for (const at of [6, 37, octets.length >> 1, octets.length - 1]) {
      const other = Uint8Array.from(octets)
      other[at] = (other[at] ?? 0) ^ 1
      ids.add(idOf(other))
    }
    expect(ids.size).to.equal(7)
  })

  it('stands in a line only where it is asked for', () => {
    expect(sightingOf(octets, {}, writerOf({ sightingId: true })).id).to.equal(idOf(octets))
    expect(sightingOf(octets, {}, writerOf({}))).not.to.have.property('id')
  })
})
