// The same segment behind the headers of link types that few captures have.

import { expect } from 'chai'
import { INNER_V4, INNER_V6, PAYLOAD, TUPLE_V4, TUPLE_V6, cat, ethernet } from './build.js'
import { decodeFrame } from './decoding.js'

const be16 = (value: number) => value.toString(16).padStart(4, '0')
const typeOf = (packet: Uint8Array) => ((packet[0] ?? 0) >> 4 === 4 ? '0800' : '86dd')
const snap = (packet: Uint8Array) => cat('aaaa03 000000', typeOf(packet), packet)
const erf = (type: string, payload: Uint8Array) =>
  cat(
    '00000000 0000006a',
    type,
    '04',
    be16(16 + payload.length),
    '0000',
    be16(payload.length),
    payload,
  )

const LINKS: readonly (readonly [string, number, (packet: Uint8Array) => Uint8Array])[] = [
  ['Juniper PPPoE', 167, (packet) => cat('4d4743 00', ethernet(typeOf(packet), packet))],
  ['Juniper PPPoE over ATM', 168, (packet) => cat('4d4743 00', typeOf(packet), packet)],
  ...[130, 131, 132, 133, 134, 136, 164, 183, 194].flatMap((linkType) =>
    [0, 2, 4, 5, 8].map(
      (cookie) =>
        [
          `Juniper ${linkType}, a cookie of ${cookie}`,
          linkType,
          (packet: Uint8Array) => cat('4d4743 80 0002 0102', '41'.repeat(cookie), packet),
        ] as const,
    ),
  ),
  ['ERF AAL5', 197, (packet) => erf('04', cat('00000640', snap(packet)))],
  ['ERF AAL5, IP alone', 197, (packet) => erf('04', cat('00000640', packet))],
  ['ERF MC_AAL5', 197, (packet) => erf('09', cat('00000001 00000640', snap(packet)))],
]

describe('a segment behind a rare link header', () => {
  for (const [name, linkType, wrap] of LINKS)
    for (const [packet, tuple] of [
      [INNER_V4, TUPLE_V4],
      [INNER_V6, TUPLE_V6],
    ] as const)
      it(`${name}, IPv${(packet[0] ?? 0) >> 4}: is found`, () => {
        const decoded = decodeFrame(wrap(packet), linkType)
        expect([decoded.tuple, decoded.payload]).to.deep.equal([tuple, PAYLOAD])
      })

  it('is not made up where no packet fits', () => {
    for (const linkType of [130, 136, 164])
      expect(decodeFrame(cat('4d4743 00', '45'.repeat(60)), linkType).result).to.be.below(0)
  })
})
