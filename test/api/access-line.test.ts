import { expect } from 'chai'
import fc from 'fast-check'
import { parseAccessLine } from '../../src/api/access-line.js'

const HEADER = '<190>Nov 23 01:02:03 proxy nginx: '
const line = (content: unknown, header = HEADER) =>
  parseAccessLine(
    Buffer.from(header + (typeof content === 'string' ? content : JSON.stringify(content))),
  )
const GOOD = { remote_addr: '192.0.2.7', remote_port: '40000', http_user_agent: 'curl/8' }

describe('a line of an access log', () => {
  it('tells address, port and User-Agent', () => {
    expect(line(GOOD)).to.deep.equal({ ip: '192.0.2.7', port: 40_000, userAgent: 'curl/8' })
    expect(line({ ...GOOD, remote_port: 40_000, status: 200, uri: '/{"a":1}' })).to.deep.equal(
      line(GOOD),
    )
    expect(line({ ...GOOD, remote_addr: '::ffff:192.0.2.7' })).to.deep.equal(line(GOOD))
    expect(line({ ...GOOD, remote_addr: '2001:DB8:0::1' })?.ip).to.equal('2001:db8::1')
  })

  it('may come without a host name, or of another tag', () => {
    expect(line(GOOD, '<190>Nov  3 01:02:03 nginx: ')).to.deep.equal(line(GOOD))
    expect(line(GOOD, `<14>Nov 23 01:02:03 ${'h'.repeat(255)} ${'t'.repeat(32)}: `)).to.deep.equal(
      line(GOOD),
    )
  })

  it('may have no User-Agent', () => {
    for (const http_user_agent of ['', '-', undefined])
      expect(line({ ...GOOD, http_user_agent })?.userAgent).to.equal('')
  })

  it('is none in any other form', () => {
    for (const content of [
      '',
      '{',
      '[]',
      '{}',
      'null',
      '192.0.2.7 - - "GET / HTTP/1.1" 200',
      { ...GOOD, remote_addr: 'localhost' },
      { ...GOOD, remote_addr: 7 },
      { ...GOOD, remote_port: '0' },
      { ...GOOD, remote_port: '65536' },
      { ...GOOD, remote_port: '' },
      { ...GOOD, http_user_agent: ['curl'] },
      `${JSON.stringify(GOOD)}{}`,
    ])
      expect(line(content), JSON.stringify(content)).to.equal(undefined)
    expect(line(GOOD, '')).to.equal(undefined)
    expect(line(GOOD, '<190>' + 'x'.repeat(400))).to.equal(undefined)
  })

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        parseAccessLine(Buffer.concat([Buffer.from(HEADER), bytes]))
        expect(parseAccessLine(Buffer.from(bytes))).to.equal(undefined)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (userAgent) => {
        const read = line({ ...GOOD, http_user_agent: userAgent })
        expect(read?.userAgent).to.equal(userAgent === '-' ? '' : userAgent)
      }),
    )
  })
})
