import { expect } from 'chai'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { OrderedOutput } from '../../src/batch/ordered-output.js'
import { FdOutput } from '../../src/output/fd-output.js'
import { Scratch } from '../capture/support.js'

describe('ordered output', () => {
  let scratch: Scratch
  let path: string
  let fd: number
  let output: OrderedOutput
  let written: string[]
  beforeEach(() => {
    scratch = new Scratch()
    path = scratch.file('out', new Uint8Array(0))
    fd = openSync(path, 'w')
    output = new OrderedOutput(new FdOutput(fd))
    written = []
  })
  afterEach(() => {
    closeSync(fd)
    scratch.remove()
  })

  const take = (part: number, text: string) => {
    output.take(part, Buffer.from(text), () => written.push(text))
  }

  it('writes parts in the order of their numbers, and reports each piece once it is written', () => {
    take(1, 'b1 ')
    take(2, 'c1 ')
    output.end(2)
    expect(readFileSync(path, 'latin1')).to.equal('')
    expect(written).to.deep.equal([])
    take(0, 'a1 ')
    expect(readFileSync(path, 'latin1')).to.equal('a1 ')
    output.end(0)
    expect(readFileSync(path, 'latin1')).to.equal('a1 b1 ')
    take(1, 'b2 ')
    output.end(1)
    expect(readFileSync(path, 'latin1')).to.equal('a1 b1 b2 c1 ')
    expect(written).to.deep.equal(['a1 ', 'b1 ', 'b2 ', 'c1 '])
  })
})
