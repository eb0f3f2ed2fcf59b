import { expect } from 'chai'
import { createHash } from 'node:crypto'
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

  it('is SHA-256 over addresses, ports and message, as the file says, so that other versions give the same', () => {
    const long = clientHello({
      ...browserHello,
      extensions: [...browserHello.extensions, [0x4321, new Uint8Array(70_000 - bytes.length)]],
    })
    for (const message of [bytes, long]) {
      let sum = 0x811c9dc5
      for (const byte of message) sum = Math.imul(sum ^ byte, 0x01000193)
      const preimage = Buffer.alloc(1 + 16 + 16 + 5 + 4 + 4 + 64)
      preimage.set([4, 192, 0, 2, 1])
      preimage.set([198, 51, 100, 2], 17)
      preimage[33] = 6
      preimage.writeUInt16BE(54_321, 34)
      preimage.writeUInt16BE(443, 36)
      preimage.writeUInt32BE(message.length, 38)
      preimage.writeInt32BE(sum, 42)
      preimage.set(message.subarray(0, 64), 46)
      const expected = createHash('sha256').update(preimage).digest('hex').slice(0, 16)
      expect(idOf(message, (packet) => (packet.ipVersion = 4))).to.equal(expected)
    }
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
