import { expect } from 'chai'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { writeCommunityId } from '../../src/fingerprint/community-id.js'
import { Packet } from '../../src/model/packet.js'

// corelight/community-id-spec, baseline/baseline_deflt.json: TCP and UDP, version 1, seed 0.
const BASELINE = [
  [
    6,
    '2001:470:e5bf:dead:4957:2174:e82c:4887',
    63943,
    '2607:f8b0:400c:c03::1a',
    25,
    '/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  ],
  [6, '128.232.110.120', 34855, '66.35.250.204', 80, 'LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [17, '192.168.1.52', 54585, '8.8.8.8', 53, 'd/FP5EW3wiY1vCndhwleRRKHowQ='],
] as const

function idOf(
  protocol: number,
  src: string,
  srcPort: number,
  dst: string,
  dstPort: number,
): string {
  const packet = new Packet()
  const bytes = [src, dst].map((text) => ipaddr.parse(text).toByteArray())
  packet.bytes = Uint8Array.from([9, ...bytes.flat()])
  packet.ipVersion = isIPv4(src) ? 4 : 6
  packet.srcAddrOff = 1
  packet.dstAddrOff = 1 + (bytes[0]?.length ?? 0)
  packet.protocol = protocol
  packet.srcPort = srcPort
  packet.dstPort = dstPort
  const out = new ByteWriter()
  writeCommunityId(packet, out)
  return out.text()
}

describe('Community ID', () => {
  for (const [protocol, src, srcPort, dst, dstPort, id] of BASELINE) {
    it(`has the published value for ${src} and ${dst}, in both directions`, () => {
      expect(idOf(protocol, src, srcPort, dst, dstPort)).to.equal(`1:${id}`)
      expect(idOf(protocol, dst, dstPort, src, srcPort)).to.equal(`1:${id}`)
    })
  }

  it('goes by the port where the addresses are one', () => {
    const there = idOf(6, '10.0.0.1', 256, '10.0.0.1', 255)
    expect(idOf(6, '10.0.0.1', 255, '10.0.0.1', 256)).to.equal(there)
    expect(idOf(6, '10.0.0.1', 255, '10.0.0.1', 257)).not.to.equal(there)
  })
})
