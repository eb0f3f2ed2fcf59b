import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { HttpRequests } from '../../src/stream/http-requests.js'
import { allocatedPerCall } from '../support.js'
import { segment } from './segments.js'

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const CURL = 'GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n'

/** What a payload to port 80 gives: its User-Agent, and what was counted. */
function look(payload: Uint8Array, dstPort = 80) {
  const counters = newCounters()
  const http = new HttpRequests(new Set([80]), counters)
  const packet = segment(1, payload, { dstPort })
  const found = http.take(packet) !== 0
  const { http_requests, http_requests_cut, http_user_agents } = counters
  return {
    userAgent: found
      ? Buffer.from(packet.bytes.subarray(http.userAgentOff, http.userAgentEnd)).toString('latin1')
      : undefined,
    counted: [http_requests, http_requests_cut, http_user_agents],
  }
}

describe('HttpRequests', () => {
  it('finds the User-Agent of a request', () => {
    expect(look(bytes(CURL))).to.deep.equal({ userAgent: 'curl/7.88.1', counted: [1, 0, 1] })
    for (const head of [
      'POST /a HTTP/1.0\r\nuser-agent:curl/7.88.1\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nX: 1\r\nUSER-AGENT: \t curl/7.88.1 \t\r\n',
      'GET http://a.test/ HTTP/1.1\nUser-Agent: curl/7.88.1\n\n',
      'PROPFIND /x HTTP/1.1\r\nUser-Agent: curl/7.88.1\r\nCookie: no end of it',
    ])
      expect(look(bytes(head)).userAgent, head).to.equal('curl/7.88.1')
    expect(look(bytes(CURL.replace('curl', 'cürl'))).userAgent).to.equal('cürl/7.88.1')
  })

  it('finds none where none is said', () => {
    for (const [head, counted] of [
      ['GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', [1, 0, 0]],
      ['GET / HTTP/1.1\r\nHost: a.test\r\n\r\nUser-Agent: body\r\n', [1, 0, 0]],
      ['GET / HTTP/1.1\r\nUser-Agent: \r\n\r\n', [1, 0, 0]],
      ['GET / HTTP/1.1\r\nX-User-Agent: a\r\nUser-Agents: b\r\nUser-Agent : c\r\n\r\n', [1, 0, 0]],
      ['GET / HTTP/1.1\r\nuser\ragent: a\r\n\r\n', [1, 0, 0]],
      ['GET / HTTP/1.1\r\nUser-Agent: a\u0000b\r\n\r\n', [1, 0, 0]],
      ['GET / HTTP/1.1\r\nUser-Agent: a\u001b[31m\r\n\r\n', [1, 0, 0]],
      // it ends beyond the segment
      ['GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: Mozilla/5.0 (X', [1, 1, 0]],
      ['GET / HTTP/1.1\r\nHost: a.test\r\n', [1, 1, 0]],
      [`GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(200)}User-Agent: late\r\n\r\n`, [1, 1, 0]],
    ] as const)
      expect(look(bytes(head)), head).to.deep.equal({ userAgent: undefined, counted })
  })

  it('takes nothing else for a request', () => {
    for (const text of [
      '',
      'GET',
      'get / HTTP/1.1\r\nUser-Agent: a\r\n\r\n',
      'GET  HTTP/1.1\r\nUser-Agent: a\r\n\r\n',
      'GET / HTTP/2.0\r\nUser-Agent: a\r\n\r\n',
      'GET /\r\nUser-Agent: abc\r\n\r\n',
      'GET / HTTP/1.10\r\nUser-Agent: a\r\n\r\n',
      'HTTP/1.1 200 OK\r\nUser-Agent: a\r\n\r\n',
      `GET /${'a'.repeat(9000)} HTTP/1.1\r\nUser-Agent: a\r\n\r\n`,
      `${'A'.repeat(40)} / HTTP/1.1\r\nUser-Agent: a\r\n\r\n`,
    ])
      expect(look(bytes(text)), text).to.deep.equal({ userAgent: undefined, counted: [0, 0, 0] })
    expect(look(bytes(CURL), 8080).counted).to.deep.equal([0, 0, 0])
  })

  it('gives of every prefix the whole User-Agent or none', () => {
    for (let length = 0; length <= CURL.length; length++) {
      const { userAgent } = look(bytes(CURL.slice(0, length)))
      expect(userAgent).to.equal(
        length >= CURL.indexOf('curl/7.88.1\r\n') + 13 ? 'curl/7.88.1' : undefined,
      )
    }
  })

  it('never reads past the payload, whatever it is', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'GET ',
        'POST ',
        '/',
        ' HTTP/1.1',
        '\r\n',
        '\n',
        '\r',
        'User-Agent',
        ':',
        ' ',
      ),
      fc.string({ maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(300), (pieces, kept) => {
        const payload = bytes(`GET / HTTP/1.1\r\n${pieces.join('')}`)
        const packet = segment(1, payload, { dstPort: 80, kept })
        // what lies behind would end the line and the head
        const http = new HttpRequests(new Set([80]), newCounters())
        const end = packet.payloadOff + packet.payloadLen
        packet.bytes = Uint8Array.from([...packet.bytes, ...bytes('User-Agent: beyond\r\n\r\n')])
        if (http.take(packet) === 0) return
        expect(http.userAgentOff).to.be.at.least(packet.payloadOff)
        expect(http.userAgentEnd).to.be.within(http.userAgentOff + 1, end - 1)
      }),
      { numRuns: 2000 },
    )
  })

  it('allocates nothing', () => {
    const http = new HttpRequests(new Set([80]), newCounters())
    const packet = segment(1, bytes(CURL), { dstPort: 80 })
    expect(allocatedPerCall(() => void http.take(packet))).to.be.below(1)
  })
})
