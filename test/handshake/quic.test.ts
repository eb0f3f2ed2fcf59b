// The server's side of QUIC, where what opens a connection is not what goes on.

import { expect } from 'chai'
import { concat } from '../stream/segments.js'
import { ack, crypto, initial, type InitialOptions, retry, SCID } from '../quic/initial.js'
import { hex } from '../support.js'
import {
  be16,
  clientHello,
  type Extension,
  byteRun,
  serverHello,
  vector16,
} from '../tls/hello-builder.js'
import { ethernet, ipv4, udp } from '../wire/build.js'
import { read, type Read } from './reading.js'

const PROTOCOL_UDP = 17
const SERVER_ID = hex('0102030405060708090a')
const HRR_RANDOM = [
  ...hex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'),
] as const
const share = (group: number): number[] => [...be16(group), ...vector16(byteRun(32))]
const offer = (group: number): Uint8Array =>
  clientHello({
    extensions: [
      [43, [2, ...be16(0x0304)]],
      [51, vector16(share(group))],
    ],
  })
const TLS_1_3: Extension = [43, be16(0x0304)]
const HELLO = offer(29)
const ANSWER = serverHello({ extensions: [TLS_1_3, [51, share(24)]] })

interface Sent {
  readonly back?: boolean
  readonly bytes: Uint8Array
}

/** What the pipeline makes of datagrams, a millisecond apart. */
function sightings(sent: readonly Sent[]): Read {
  return read(
    sent.map(({ bytes: payload, back = false }, i) => {
      const datagram = back ? udp(443, 40_000, payload) : udp(40_000, 443, payload)
      const addresses = back ? 'c6336414 c000020a' : 'c000020a c6336414'
      const frame = ethernet('0800', ipv4(PROTOCOL_UDP, datagram, { addresses }))
      return { bytes: frame, wirelen: frame.length, timeMicros: 1e15 + 1000 * i, linkType: 1 }
    }),
  )
}

/** Packets after a Retry, and before one. */
const AFTER = { dcid: SERVER_ID, token: SCID, packetNumber: 1 } as const
const RETRY = { back: true, bytes: retry(SCID, SERVER_ID, SCID) }
const answer = (frames: readonly Uint8Array[], options: InitialOptions = {}): Sent => ({
  back: true,
  bytes: initial([ack(), ...frames], {
    ...{ side: 'server', keyId: SERVER_ID, dcid: SCID, scid: SERVER_ID },
    ...options,
  }),
})

describe("the server's side of QUIC", () => {
  it('is joined to the one hello of a connection that began with a Retry', () => {
    const { sightings: given, counters } = sightings([
      { bytes: initial([crypto(HELLO)]) },
      RETRY,
      { bytes: initial([crypto(HELLO)], AFTER) },
      answer([crypto(ANSWER)]),
    ])
    expect(given).to.have.length(1)
    expect(given[0]).to.include({ proto: 'quic', server_version: 'TLS 1.3', group: 24 })
    expect(counters).to.include({ server_hello_unjoined: 0, quic_retries_unauthentic: 0 })
  })

  it('is joined hello by hello where a HelloRetryRequest follows the Retry', () => {
    const second = offer(24)
    const request = serverHello({ random: HRR_RANDOM, extensions: [TLS_1_3, [51, be16(24)]] })
    const [client, server] = [concat([HELLO, second]), concat([request, ANSWER])]
    const { sightings: given } = sightings([
      { bytes: initial([crypto(HELLO)]) },
      RETRY,
      { bytes: initial([crypto(HELLO)], AFTER) },
      answer([crypto(request)]),
      { bytes: initial([crypto(client, HELLO.length)], { ...AFTER, packetNumber: 2 }) },
      answer([crypto(server, request.length)], { packetNumber: 1 }),
    ])
    expect(given).to.have.length(2)
    expect(given[0]).to.include({ hello_retry_request: true, group: 24 })
    expect(given[1]).to.deep.include({ quality: ['hrr'], hrr_of: given[0]?.time, group: 24 })
    expect(given[1]).to.not.have.property('hello_retry_request')
  })
})
