// Numbers, times, addresses and wire bytes as text, against Node's own.

import { expect } from 'chai'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { putAddress } from '../../src/fingerprint/address-text.js'
import { writeBase64, writeJsonPrintable } from '../../src/fingerprint/json-text.js'
import { ProfileMemory } from '../../src/fingerprint/compiled.js'
import { FlowText } from '../../src/fingerprint/flow-text.js'
import { putDecimal, putHex16 } from '../../src/fingerprint/text.js'
import { printable } from '../../src/tls/printable.js'

const into = new Uint8Array(256)
const textOf = (end: number) => Buffer.from(into.subarray(0, end)).toString('latin1')

describe('numbers as text', () => {
  it('are right for all 16-bit numbers', () => {
    for (let value = 0; value < 65_536; value++) {
      if (textOf(putDecimal(into, 0, value)) !== String(value)) expect.fail(String(value))
      if (textOf(putHex16(into, 0, value)) !== value.toString(16).padStart(4, '0')) {
        expect.fail(value.toString(16))
      }
    }
  })
})

describe('times as text', () => {
  const newText = () => new FlowText(new ProfileMemory(), [], undefined)
  const timeOf = (micros: number, text = newText()) => {
    const out = new ByteWriter(32)
    text.writeTime(micros, out)
    return out.text()
  }

  it('agree with Date to the microsecond until 2255, one after another', () => {
    const text = newText()
    fc.assert(
      fc.property(fc.nat(9_007_199_253), fc.nat(999_999), (second, micros) => {
        const iso = new Date(second * 1000).toISOString()
        const expected = iso.replace('000Z', `${String(micros).padStart(6, '0')}Z`)
        expect(timeOf(second * 1e6 + micros, text)).to.equal(expected)
      }),
      { numRuns: 2000 },
    )
    expect(timeOf(9_007_199_253_999_999)).to.equal('2255-06-05T23:47:33.999999Z')
  })

  it('agree with Date to the second until 9999', () => {
    fc.assert(
      fc.property(fc.nat(253_402_300_799), (second) => {
        const iso = new Date(second * 1000).toISOString()
        expect(timeOf(second * 1e6).slice(0, 19)).to.equal(iso.slice(0, 19))
      }),
      { numRuns: 1000 },
    )
  })

  it('know leap days and the turns of years', () => {
    for (const iso of [
      '1970-01-01T00:00:00.000000Z',
      '2000-02-29T23:59:59.999999Z',
      '2000-03-01T00:00:00.000000Z',
      '2100-02-28T23:59:59.000001Z',
      '2100-03-01T00:00:00.000000Z',
      '2023-12-31T23:59:59.999999Z',
      '2024-02-29T12:00:00.500000Z',
    ]) {
      expect(
        timeOf(Date.parse(iso.slice(0, 23) + 'Z') * 1000 + Number(iso.slice(23, 26))),
      ).to.equal(iso)
    }
  })

  it('cut fractions of a microsecond', () => {
    expect(timeOf(1_000_000_000_123_456.9)).to.equal('2001-09-09T01:46:40.123456Z')
  })

  it('stay within what RFC 3339 can write, whatever the packet says', () => {
    expect(timeOf(-1)).to.equal('1970-01-01T00:00:00.000000Z')
    expect(timeOf(NaN)).to.equal('1970-01-01T00:00:00.000000Z')
    expect(timeOf(2 ** 64)).to.equal('9999-12-31T23:59:59.999999Z')
    expect(timeOf(Infinity)).to.equal('9999-12-31T23:59:59.999999Z')
  })
})

describe('addresses as text', () => {
  const v6 = (bytes: readonly number[]) => textOf(putAddress(Uint8Array.from(bytes), 0, 6, into, 0))

  it('are dotted for IPv4', () => {
    expect(textOf(putAddress(Uint8Array.of(1, 192, 0, 2, 255), 1, 4, into, 0))).to.equal(
      '192.0.2.255',
    )
  })

  // RFC 5952 §4
  for (const [long, short] of [
    ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
    ['2001:0db8:0000:0001:0001:0001:0001:0001', '2001:db8:0:1:1:1:1:1'],
    ['2001:0000:0000:0001:0000:0000:0000:0001', '2001:0:0:1::1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['0000:0000:0000:0000:0000:0000:0000:0000', '::'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['0001:0000:0000:0000:0000:0000:0000:0000', '1::'],
    ['0000:0001:0000:0000:0000:0000:0000:0000', '0:1::'],
    ['fe80:0000:0000:0000:00aa:0a00:000a:abcd', 'fe80::aa:a00:a:abcd'],
  ] as const) {
    it(`shorten ${long}`, () => expect(v6(ipaddr.parse(long).toByteArray())).to.equal(short))
  }

  it('fold IPv4-mapped IPv6', () => {
    expect(v6([...new Array<number>(10).fill(0), 255, 255, 192, 0, 2, 1])).to.equal('192.0.2.1')
    expect(v6([...new Array<number>(10).fill(0), 255, 254, 192, 0, 2, 1])).to.equal(
      '::fffe:c000:201',
    )
  })

  it('agree with another writer for any address', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(0xffff))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = groups.flatMap((value) => [value >> 8, value & 0xff])
        // As node:url's parser has it, which shortens by the same rules.
        const host = new URL(`http://[${groups.map((value) => value.toString(16)).join(':')}]/`)
          .hostname
        const mapped = groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff
        if (!mapped) expect(`[${v6(bytes)}]`).to.equal(host)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('bytes as JSON text', () => {
  it('is a JSON string that reads as the printable text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const out = new ByteWriter(1)
        writeJsonPrintable(bytes, 0, bytes.length, out)
        expect(JSON.parse(`"${out.text()}"`)).to.equal(printable(bytes, 0, bytes.length))
        expect(out.text()).to.match(/^[ -~]*$/)
      }),
    )
  })

  it('is base64 as Node has it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, off) => {
        const from = Math.min(off, bytes.length)
        const out = new ByteWriter(1)
        writeBase64(bytes, from, bytes.length, out)
        expect(out.text()).to.equal(Buffer.from(bytes.subarray(from)).toString('base64'))
      }),
    )
  })
})
