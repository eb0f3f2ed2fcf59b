import { expect } from 'chai'
import { resolve } from 'node:path'
import { writePcap } from '../capture/pcap-writer.js'
import { Scratch } from '../capture/support.js'
import { hellotap } from '../hellotap.js'

/** Octets from which workers are started where they are asked for. */
const LENGTH = 32 << 20
/** Says of each script with kept code which thread took it, and whether V8 refused that. */
const WATCH = `
  const vm = require('node:vm')
  const { threadId } = require('node:worker_threads')
  const { Script } = vm
  vm.Script = class extends Script {
    constructor(source, options) {
      super(source, options)
      if (options?.cachedData) console.error('thread ' + threadId + ' refused: ' + this.cachedDataRejected)
    }
  }`

describe('the bundle', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  /** What was said of kept code. */
  const kept = async (...args: string[]) => {
    const watch = scratch.file('watch.cjs', Buffer.from(WATCH))
    // where coverage is told the bundle is not used
    const env = { ...process.env, NODE_V8_COVERAGE: '', NODE_OPTIONS: `--require ${watch}` }
    const { stderr } = await hellotap(args, { env })
    return stderr
      .split('\n')
      .filter((line) => line.startsWith('thread'))
      .sort()
  }

  it('starts `read` with the code kept when it was built, in every thread', async () => {
    const small = resolve(import.meta.dirname, '../../captures/aria2.pcap')
    expect(await kept('read', small)).to.deep.equal(['thread 0 refused: false'])
    const frame = new Uint8Array(1 << 16)
    const big = scratch.file(
      'big.pcap',
      writePcap(Array.from({ length: LENGTH >> 16 }, () => frame)),
    )
    expect(await kept('read', '--jobs', '2', big)).to.deep.equal([
      'thread 0 refused: false',
      'thread 1 refused: false',
    ])
  })

  it('starts other commands without', async () => {
    expect(await kept('registry')).to.deep.equal([])
  })
})
