import { expect } from 'chai'
import { findStart } from '../../src/stream/find-start.js'
import { WANT_CLIENT_HELLO } from '../../src/stream/hello-start.js'
import { hex } from '../support.js'

/** What a client may say before its hello, which then begins in the same segment. */
const BEFORE: Readonly<Record<string, string>> = {
  'PROXY 2': '0d0a0d0a000d0a515549540a 2111000c 01020304 05060708 0001 0002',
  'SOCKS 5': '050100 05010001 01020304 01bb',
  SSLRequest: '00000008 04d2162f',
  change_cipher_spec: '140303000101',
  'two warnings': '15030100020170 15030100020170',
}
const RECORD = '160301020001'

describe('a hello cut behind what precedes it', () => {
  for (const [name, text] of Object.entries(BEFORE))
    it(`is found by its first bytes: ${name}`, () => {
      const before = hex(text)
      const record = hex(RECORD)
      for (let count = 1; count <= record.length; count++) {
        const segment = Uint8Array.of(...before, ...record.subarray(0, count))
        expect(findStart(segment, 0, segment.length, WANT_CLIENT_HELLO), String(count)).to.equal(
          before.length,
        )
      }
      const other = Uint8Array.of(...before, 0x16, 0x05)
      expect(findStart(other, 0, other.length, WANT_CLIENT_HELLO)).to.equal(-1)
      expect(findStart(before, 0, before.length, WANT_CLIENT_HELLO)).to.equal(-1)
    })
})
