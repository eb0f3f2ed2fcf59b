import { expect } from 'chai'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { writeSightingId } from '../../src/fingerprint/sighting-id.js'
import { browserHello } from './browser-hello.js'
import { clientHello, messageOf, packetOf, sightingOf, writerOf } from './hellos.js'

function idOf(bytes: Uint8Array, change: (packet: ReturnType<typeof packetOf>) => void = () => {}) {
  const packet = packetOf()
  change(packet)
  const out = new ByteWriter()
  writeSightingId(packet, messageOf(bytes), out)
  return out.text()
}

describe('sighting id', () => {
  const bytes = clientHello(browserHello)

  it('is the same for the same hello of the same flow, at any time and behind any tunnel', () => {
    const id = idOf(bytes)
    expect(id).to.match(/^[0-9a-f]{16}$/)
    const elsewhere = idOf(bytes, (packet) => {
      packet.timeMicros += 3e6
      packet.vlan = 7
      packet.encapsulationCount = 1
    })
    expect(elsewhere).to.equal(id)
  })

  it('differs by port, by random and by any byte of the hello', () => {
    const ids = new Set([idOf(bytes)])
    ids.add(
      idOf(bytes, (packet) => {
        packet.srcPort++
      }),
    )
    ids.add(
      idOf(bytes, (packet) => {
        packet.dstPort++
      }),
    )
    for (const at of [6, 37, bytes.length >> 1, bytes.length - 1]) {
      const other = Uint8Array.from(bytes)
      other[at] = (other[at] ?? 0) ^ 1
      ids.add(idOf(other))
    }
    expect(ids.size).to.equal(7)
  })

  it('stands in a line only where it is asked for', () => {
    expect(sightingOf(bytes, {}, writerOf({ sightingId: true })).id).to.equal(idOf(bytes))
    expect(sightingOf(bytes, {}, writerOf({}))).not.to.have.property('id')
  })
})
