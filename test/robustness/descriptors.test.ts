import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { needs, proc } from '../capability.js'
import { CaptureError } from '../../src/capture/capture-error.js'
import { openCapture } from '../../src/capture/file/open-capture.js'
import { MAX_NESTED } from '../../src/capture/file/stream-blocks.js'
import { Scratch } from '../capture/support.js'
import { writePcap } from '../capture/pcap-writer.js'

const DESCRIPTORS = '/proc/self/fd'

/** What is compressed once more often than is read. */
function deeper(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i <= MAX_NESTED; i++) bytes = gzipSync(bytes)
  return bytes
}

describe('a capture that turns out to be none', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  const pcap = writePcap([new Uint8Array(60), new Uint8Array(60)])
  const cases: [what: string, bytes: Uint8Array][] = [
    ['gzip of text', gzipSync('no capture, but some text that is long enough to be looked at')],
    // more than a stream reads ahead
    ['long gzip of noise', gzipSync(randomBytes(2 << 20))],
    ['gzip of gzip of text', gzipSync(gzipSync('no capture, compressed twice'))],
    ['gzip in gzip, deeper than is read', deeper(pcap)],
    ['gzip of three bytes', gzipSync('abc')],
    ['gzip of nothing', gzipSync('')],
    ['cut gzip', gzipSync(pcap).subarray(0, 12)],
  ]
  for (const [what, bytes] of cases) {
    it(`${what}: leaves no file open`, async function () {
      needs(this, proc)
      const path = scratch.file('it', bytes)
      const before = readdirSync(DESCRIPTORS).length
      for (let i = 0; i < 20; i++) {
        const source = openCapture(path)
        let caught: unknown
        try {
          const blocks = source.blocks(new AbortController().signal)[Symbol.asyncIterator]()
          while ((await blocks.next()).done !== true) continue
        } catch (error) {
          caught = error
        }
        expect(caught).to.be.instanceOf(CaptureError)
      }
      // a stream closes its file a moment later
      await new Promise((settle) => setTimeout(settle, 50))
      expect(readdirSync(DESCRIPTORS).length).to.be.below(before + 5)
    })
  }
})
