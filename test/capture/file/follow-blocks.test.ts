import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { CaptureError } from '../../../src/capture/capture-error.js'
import { openCapture } from '../../../src/capture/file/open-capture.js'
import type { PacketSource } from '../../../src/model/packet-block.js'
import { hex } from '../../support.js'
import { PcapngWriter, writePcap } from '../pcap-writer.js'
import { Scratch } from '../support.js'

/** Follows a file in the background; `until` resolves once so many frames came in all. */
class Follower {
  readonly source: PacketSource
  readonly seen: string[] = []
  readonly abort = new AbortController()
  readonly done: Promise<void>
  private wake: () => void = () => undefined

  constructor(source: PacketSource) {
    this.source = source
    this.done = this.run()
  }

  async until(count: number): Promise<string[]> {
    while (this.seen.length < count)
      await Promise.race([this.done, new Promise<void>((resolve) => (this.wake = resolve))])
    return this.seen
  }

  async stop(): Promise<void> {
    this.abort.abort()
    await this.done
  }

  private async run(): Promise<void> {
    for await (const block of this.source.blocks(this.abort.signal)) {
      for (let i = 0; i < block.count; i++) {
        const start = block.start[i] ?? 0
        const frame = block.bytes.subarray(start, start + (block.caplen[i] ?? 0))
        this.seen.push(Buffer.from(frame).toString('hex'))
      }
      this.wake()
    }
  }
}

describe('following a file', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  const frames = [hex('a1'), hex('b2 b2'), hex('c3 c3 c3')]
  const bytes = writePcap(frames)
  const follow = (path: string) => new Follower(openCapture(path, { follow: true }))

  it('gives what is appended, and waits for the rest of a record', async () => {
    const path = scratch.file('grows.pcap', bytes.slice(0, 24 + 17))
    const follower = follow(path)
    expect(await follower.until(1)).to.deep.equal(['a1'])
    appendFileSync(path, bytes.slice(24 + 17, 24 + 17 + 10))
    appendFileSync(path, bytes.slice(24 + 17 + 10))
    expect(await follower.until(3)).to.deep.equal(['a1', 'b2b2', 'c3c3c3'])
    await follower.stop()
    expect(follower.source.warnings).to.deep.equal([])
  })

  it('waits for the file header', async () => {
    const path = scratch.file('starts.pcap', new Uint8Array(0))
    const follower = follow(path)
    appendFileSync(path, bytes.slice(0, 11))
    appendFileSync(path, bytes.slice(11))
    expect(await follower.until(3)).to.have.length(3)
    await follower.stop()
  })

  it('follows a pcapng', async () => {
    const writer = new PcapngWriter().section().interface().packet(0, 1n, hex('a1'))
    const first = writer.done()
    const path = scratch.file('grows.pcapng', first)
    const follower = follow(path)
    await follower.until(1)
    appendFileSync(path, writer.packet(0, 2n, hex('b2')).done().slice(first.length))
    expect(await follower.until(2)).to.deep.equal(['a1', 'b2'])
    await follower.stop()
  })

  it('starts over where another file takes its name, after the rest of the old one', async () => {
    const path = scratch.file('rotated.pcap', bytes.slice(0, 24 + 17))
    const follower = follow(path)
    await follower.until(1)
    renameSync(path, join(scratch.path, 'rotated.pcap.1'))
    appendFileSync(join(scratch.path, 'rotated.pcap.1'), bytes.slice(24 + 17))
    writeFileSync(path, writePcap([hex('d4')], { bigEndian: true }))
    expect(await follower.until(4)).to.deep.equal(['a1', 'b2b2', 'c3c3c3', 'd4'])
    await follower.stop()
  })

  it('starts over where the file is cut short', async () => {
    const path = scratch.file('cut.pcap', bytes)
    const follower = follow(path)
    await follower.until(3)
    truncateSync(path, 0)
    writeFileSync(path, writePcap([hex('d4')]))
    expect((await follower.until(4))[3]).to.equal('d4')
    await follower.stop()
  })

  it('ends with a warning at a damaged record', async () => {
    const damaged = bytes.slice()
    damaged.set(hex('ff ff ff ff'), 24 + 17 + 8)
    const follower = follow(scratch.file('damaged.pcap', damaged))
    await follower.done
    expect(follower.seen).to.deep.equal(['a1'])
    expect(follower.source.warnings).to.have.length(1)
  })

  it('does not follow compressed files', async () => {
    const source = openCapture(scratch.file('it.gz', gzipSync(bytes)), { follow: true })
    const error: unknown = await new Follower(source).done.catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(CaptureError)
    expect(String(error)).to.match(/cannot be followed/)
  })
})
