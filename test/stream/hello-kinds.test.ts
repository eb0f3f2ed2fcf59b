// What may stand before a hello, and within it, on real networks: each kind over IPv4 and IPv6, with and without the fast path.

import { expect } from 'chai'
import { newCounters } from '../../src/base/counters.js'
import { TCP_ACK, TCP_SYN } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import { hex } from '../support.js'
import { concat, handshake, record, segment, SMALL_SIZES, split } from './segments.js'

const ISN = 0xffff_ff00
const NOTHING = new Uint8Array(0)
const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes)
const hello = handshake(1, 300)
// session_id, cipher_suites, compression_methods
hello.set([0, 0, 4, 0x13, 1, 0x13, 2, 1, 0], 38)
const stream = record(hello)
const changeCipherSpec = hex('14 03 03 00 01 01')
const warning = hex('15 03 01 00 02 01 70')
const empty = hex('16 03 01 00 00')

function withVersions(recordVersion: number, helloVersion: number): Uint8Array {
  const message = hello.slice()
  message.set([helloVersion >> 8, helloVersion & 0xff], 4)
  return record(message, 22, recordVersion)
}

/** Segments as a client sends them, and the hello in them. */
const KINDS: readonly (readonly [string, readonly Uint8Array[], Uint8Array?])[] = [
  ['a warning alert in its segment', [concat([warning, stream])]],
  ['a warning alert in a segment of its own', [warning, stream]],
  ['two change_cipher_spec records', [concat([changeCipherSpec, changeCipherSpec, stream])]],
  [
    'change_cipher_spec twice, each in a segment of its own',
    [changeCipherSpec, changeCipherSpec, stream],
  ],
  ['twenty empty records', [concat([...new Array<Uint8Array>(20).fill(empty), stream])]],
  [
    'twenty empty records in segments of their own',
    [...new Array<Uint8Array>(20).fill(empty), stream],
  ],
  ['record version 3.9', [record(hello, 22, 0x0309)]],
  ['record version 3.127', [record(hello, 22, 0x037f)]],
  ...[0x0305, 0x03ff, 0x0309, 0x0505].map((version) => {
    const bytes = withVersions(0x0301, version)
    return [`hello version 0x${version.toString(16)}`, [bytes], bytes.subarray(5)] as const
  }),
  ['TLCP', [withVersions(0x0101, 0x0101)], withVersions(0x0101, 0x0101).subarray(5)],
  ['SMTP ahead of its server', [concat([text('EHLO a\r\nSTARTTLS\r\n'), stream])]],
  ['IMAP ahead of its server', [concat([text('a1 STARTTLS\r\n'), stream])]],
  ['XMPP ahead of its server', [concat([text("<stream:stream><starttls xmlns='a'/>"), stream])]],
  ['AMQP ahead of its server', [concat([hex('414d5150 02 01 00 00'), stream])]],
  [
    'RDP ahead of its server',
    [concat([hex('0300 0013 0e e0 0000 0000 00 01 00 0800 0b000000'), stream])],
  ],
  [
    'LDAP ahead of its server',
    [concat([hex('301d 020101 7718 8016'), text('1.3.6.1.4.1.1466.20037'), stream])],
  ],
  [
    'a PROXY line that is cut',
    [text('PROXY TCP4 192.0.2.1 198.5'), concat([text('1.100.7 40000 443\r\n'), stream])],
  ],
  [
    'a PROXY header that is cut',
    [
      hex('0d0a0d0a000d0a51554954'),
      concat([hex('0a 21 11 000c'), hex('c0000201 c6336407 9c40 01bb'), stream]),
    ],
  ],
  [
    'CONNECT whose end is in its segment',
    [text('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n'), concat([text('\r\n'), stream])],
  ],
]

const ENDS = [{}, { src: [...new Uint8Array(15), 1], dst: [...new Uint8Array(15), 2] }]

describe('hellos behind and in odd bytes', () => {
  for (const [what, parts, bytes = hello] of KINDS)
    it(what, () => {
      for (const ends of ENDS)
        for (const server of [false, true])
          // Whole, and with the last segment cut in two within the hello.
          for (const cut of [0, 60]) {
            const last = parts.at(-1) ?? NOTHING
            const cuts = cut === 0 ? [] : [last.length - cut]
            const hellos = new TcpHellos({ server, seed: 3 }, newCounters(), SMALL_SIZES)
            const packets = [segment(ISN, NOTHING, { ...ends, flags: TCP_SYN })]
            let seq = ISN + 1
            for (const part of [...parts.slice(0, -1), ...split(last, cuts)]) {
              packets.push(segment(seq, part, { ...ends, flags: TCP_ACK }))
              seq += part.length
            }
            const given: string[] = []
            for (const packet of packets)
              for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
                const { message } = hellos
                given.push(
                  Buffer.from(message.bytes.subarray(message.off, message.end)).toString('hex'),
                )
                expect(message.quality).to.equal(0)
              }
            expect(given, `${server} ${cut}`).to.deep.equal([Buffer.from(bytes).toString('hex')])
          }
    })

  it('gives no hello that a request of plain HTTP carries', () => {
    const hellos = new TcpHellos({ server: false, seed: 3 }, newCounters(), SMALL_SIZES)
    const request = text('POST / HTTP/1.1\r\nContent-Length: 305\r\n\r\n')
    expect([
      hellos.take(segment(ISN, NOTHING, { flags: TCP_SYN })),
      hellos.take(segment(ISN + 1, concat([request, stream]))),
    ]).to.deep.equal([0, 0])
  })
})
