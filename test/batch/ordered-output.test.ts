import { expect } from 'chai'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { OctetWriter } from '../../src/base/octet-writer.js'
import { OrderedOutput } from '../../src/batch/ordered-output.js'
import { FdOutput } from '../../src/output/fd-output.js'
import { Scratch } from '../capture/support.js'

describe('output in the order of its parts', () => {
  let scratch: Scratch
  let path: string
  let fd: number
  let output: OrderedOutput
  beforeEach(() => {
    scratch = new Scratch()
    path = scratch.file('out', new Uint8Array(0))
    fd = openSync(path, 'w')
    output = new OrderedOutput(new FdOutput(fd))
  })
  afterEach(() => {
    closeSync(fd)
    scratch.remove()
  })

  const writer = (text: string) => {
    const lines = new OctetWriter(64)
    lines.ascii(text)
    return lines
  }
  const take = (part: number, text: string) => {
    output.take(part, Buffer.from(text), () => undefined)
  }
  const written = () => readFileSync(path, 'latin1')

  it('writes what comes in whatever order', () => {
    take(1, 'b1 ')
    const own = writer('c1 ')
    output.takeOwn(2, own)
    expect(own.len).to.equal(0)
    own.ascii('c2 ')
    output.takeOwn(2, own)
    output.end(2)
    expect(written()).to.equal('')
    take(0, 'a1 ')
    expect(written()).to.equal('a1 ')
    output.end(0)
    expect(written()).to.equal('a1 b1 ')
    take(1, 'b2 ')
    output.end(1)
    expect(written()).to.equal('a1 b1 b2 c1 c2 ')
    take(4, 'e')
    output.endBefore(5)
    expect(written()).to.equal('a1 b1 b2 c1 c2 e')
  })

  it('keeps of a few lines that wait no more than these, and of many the buffer that holds them', () => {
    const lines = writer('b ')
    const { bytes } = lines
    output.takeOwn(1, lines)
    expect(lines.bytes).to.equal(bytes)
    lines.ascii('c'.repeat(60))
    output.takeOwn(2, lines)
    expect(lines.bytes).to.not.equal(bytes)
    for (const part of [0, 1, 2]) output.end(part)
    expect(written()).to.equal('b ' + 'c'.repeat(60))
  })

  it('has whoever is far ahead wait, and never the one whose turn it is', async () => {
    const lines = new OctetWriter(1 << 20)
    let parts = 1
    for (; output.room(parts) === undefined && parts < 1000; parts++) {
      lines.len = 1 << 20
      output.takeOwn(parts, lines)
    }
    expect(parts).to.be.within(8, 128)
    expect(output.room(0)).to.equal(undefined)
    let hasRoom = false
    const room = output.room(parts)?.then(() => (hasRoom = true))
    output.end(0)
    await Promise.resolve()
    expect(hasRoom).to.equal(false)
    for (let part = 1; part < parts; part++) output.end(part)
    await room
    expect(hasRoom).to.equal(true)
    expect(written().length).to.equal((parts - 1) << 20)
  })
})
