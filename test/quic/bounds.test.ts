import { expect } from 'chai'
import type { Packet } from '../../src/model/packet.js'
import { concat, handshake } from '../stream/segments.js'
import { hex } from '../support.js'
import { crypto, datagram, initial } from './initial.js'
import { counted, lab, bytesOf, SMALL_SIZES } from './lab.js'

const HELLO = handshake(1, 517)
const LONG_HELLO = handshake(1, 1800)
const NOW = 1_700_000_000

const idOf = (n: number): Uint8Array =>
  Uint8Array.of(1, 2, 3, 4, 5, n >> 16, (n >> 8) & 255, n & 255)

/** Connection `n` begins its hello, as far as `kept`. */
const begin = (n: number, seconds = NOW, kept = 400): Packet =>
  datagram(initial([crypto(LONG_HELLO, 0, kept)], { dcid: idOf(n) }), {
    srcPort: 1024 + n,
    seconds,
  })
/** It ends it. */
const finish = (n: number, seconds = NOW): Packet =>
  datagram(initial([crypto(LONG_HELLO, 400)], { dcid: idOf(n), packetNumber: 1 }), {
    srcPort: 1024 + n,
    seconds,
  })

describe('QuicHellos, within its bounds,', () => {
  it('gives up the oldest unfinished hello for a new one', () => {
    const { take, counters, hellos } = lab()
    take(...Array.from({ length: 9 }, (_, n) => begin(n)))
    expect(hellos.pending).to.equal(8)
    expect(counted(counters)).to.deep.equal({ hello_evicted: 1 })
    expect(take(finish(0))).to.deep.equal([])
    expect(bytesOf(take(finish(8)))).to.deep.equal([LONG_HELLO])
  })

  it('gives up a hello after two minutes of packet time, but for clocks that differ', () => {
    for (const seconds of [NOW + 121]) {
      const { take, counters, hellos } = lab()
      expect(take(begin(1), begin(2), finish(1, seconds))).to.deep.equal([])
      expect(counted(counters)).to.deep.equal({ hello_expired: 2 })
      expect(hellos.pending).to.equal(1)
    }
    for (const seconds of [NOW + 120, NOW - 100, NOW + 90_000])
      expect(bytesOf(lab().take(begin(1), finish(1, seconds)))).to.deep.equal([LONG_HELLO])
  })

  it('forgets connections of a flow idle for five minutes', () => {
    const whole = (seconds: number): Packet => datagram(initial([crypto(HELLO)]), { seconds })
    expect(lab().take(whole(NOW), whole(NOW + 299))).to.have.length(1)
    expect(lab().take(whole(NOW), whole(NOW + 301))).to.have.length(2)
  })

  it('keeps the newest sixty-four connections of a flow', () => {
    const sizes = { ...SMALL_SIZES, slots: [{ size: 4_096, count: 128 }] }
    const { take, counters, hellos } = lab({ sizes })
    const of = (n: number, from: number, to?: number): Uint8Array =>
      initial([crypto(LONG_HELLO, from, to)], { dcid: idOf(n), scid: idOf(n + 100) })
    take(...Array.from({ length: 76 }, (_, n) => of(n, 0, 400)))
    expect(hellos.pending).to.equal(64)
    expect(counted(counters)).to.deep.equal({ hello_evicted: 12 })
    expect(take(of(11, 400))).to.deep.equal([])
    expect(bytesOf(take(of(75, 400)))).to.deep.equal([LONG_HELLO])
  })

  it('holds no more however many never finish, and still finds what comes whole', () => {
    const { take, hellos } = lab()
    let found = 0
    for (let n = 0; n < 2_000; n++) {
      const seconds = NOW + n / 100
      take(begin(n, seconds, n % 3 === 0 ? 1200 : 1))
      if (n % 10 === 0) {
        const whole = initial([crypto(handshake(1, 517, n))], { dcid: idOf(50_000 + n) })
        found += take(datagram(whole, { srcPort: n, seconds })).length
      }
      expect(hellos.pending).to.be.at.most(14)
    }
    expect(found).to.equal(200)
  })

  it('takes no slot but of the size a frame far ahead needs', () => {
    const { take, hellos, counters } = lab()
    const far = (n: number): Uint8Array =>
      initial([concat([hex('06 8000fff0 01'), hex('aa')])], { dcid: idOf(n) })
    take(...Array.from({ length: 5 }, (_, n) => far(n)))
    expect(hellos.pending).to.equal(2)
    expect(counted(counters)).to.deep.equal({ hello_evicted: 3 })
  })
})
