import { mkdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { expandInputs } from '../../../src/capture/file/inputs.js'
import { ringBufferOf } from '../../../src/capture/file/ring-buffer.js'
import { hex } from '../../support.js'
import { PcapngWriter, writePcap } from '../pcap-writer.js'
import { Scratch } from '../support.js'

describe('expandInputs', () => {
  let scratch: Scratch
  beforeEach(() => (scratch = new Scratch()))
  afterEach(() => scratch.remove())

  const captured = (seconds: number) => writePcap([{ bytes: hex('01'), seconds }])
  const expand = async (...args: string[]) =>
    (await expandInputs(args)).files.map((file) =>
      file === '-' ? file : relative(scratch.path, file),
    )
  const at = (name: string) => join(scratch.path, name)

  it('takes files and stdin as they are named, each once', async () => {
    scratch.file('b.pcap', captured(1))
    scratch.file('a.txt', hex('01'))
    expect(await expand(at('b.pcap'), '-', at('a.txt'), at('b.pcap'))).to.deep.equal([
      'b.pcap',
      '-',
      'a.txt',
    ])
  })

  it('takes all captures of a folder by content, in the order of their paths', async () => {
    mkdirSync(at('deep/er'), { recursive: true })
    scratch.file('b.dat', captured(1))
    scratch.file('.hidden', captured(1))
    scratch.file('deep/er/c', new PcapngWriter().section().done())
    scratch.file('deep/z.log.gz', gzipSync(captured(1)))
    scratch.file('a.pcap', Buffer.from('no capture'))
    scratch.file('empty.pcap', hex(''))
    scratch.file('old.log.gz', gzipSync('no capture'))
    symlinkSync(scratch.path, at('deep/loop'))
    symlinkSync(at('b.dat'), at('deep/link'))
    const { files, notes } = await expandInputs([scratch.path])
    expect(files.map((file) => relative(scratch.path, file))).to.deep.equal([
      '.hidden',
      'b.dat',
      'deep/er/c',
      'deep/link',
      'deep/z.log.gz',
    ])
    expect(notes).to.have.length(1)
    expect(notes[0]).to.match(/4 of 9 files are not captures/)
  })

  it('expands globs the shell did not', async () => {
    mkdirSync(at('x'))
    for (const name of ['2.pcap', '1.pcap', 'x/3.pcap', 'y.txt']) scratch.file(name, captured(1))
    expect(await expand(at('*.pcap'))).to.deep.equal(['1.pcap', '2.pcap'])
    expect(await expand(at('**/*.pcap'))).to.deep.equal(['1.pcap', '2.pcap', 'x/3.pcap'])
    expect(await expand(at('{2,1}.pcap'))).to.deep.equal(['1.pcap', '2.pcap'])
  })

  it('takes a name with the characters of a glob as a name where it exists', async () => {
    scratch.file('[1].pcap', captured(1))
    scratch.file('1.pcap', captured(1))
    expect(await expand(at('[1].pcap'))).to.deep.equal(['[1].pcap'])
  })

  for (const [what, name] of [
    ['a file that is not there', 'none.pcap'],
    ['a glob that matches nothing', '*.pcap'],
    ['a folder without captures', ''],
  ] as const)
    it(`says that there is ${what}, and takes the others`, async () => {
      const other = '-'
      const { files, failures } = await expandInputs([at(name), other])
      expect(files).to.deep.equal([other])
      expect(failures.map(({ code }) => code)).to.deep.equal(['NOT_FOUND'])
    })

  it('orders the files of tcpdump -C by capture time', async () => {
    // -W 3 started over: the third file is the oldest
    for (const [name, seconds] of [
      ['t.pcap', 30],
      ['t.pcap1', 40],
      ['t.pcap2', 20],
      ['t.pcap10', 50],
      ['t.pcap3.gz', 45],
      ['other.pcap', 99],
    ] as const)
      scratch.file(name, name.endsWith('gz') ? gzipSync(captured(seconds)) : captured(seconds))
    expect(await expand(scratch.path)).to.deep.equal([
      'other.pcap',
      't.pcap2',
      't.pcap',
      't.pcap1',
      't.pcap3.gz',
      't.pcap10',
    ])
  })

  it('orders the files of dumpcap -b by capture time, each ring by itself', async () => {
    const names = [
      'a_00001_20240101120000.pcapng',
      'a_00002_20240101110000.pcapng',
      'b_00001_20240101100000.pcapng',
      'a_00003_20240101090000.pcapng',
    ]
    names.forEach((name, i) => scratch.file(name, captured(100 - i)))
    expect(await expand(...names.map(at))).to.deep.equal([
      'a_00003_20240101090000.pcapng',
      'a_00002_20240101110000.pcapng',
      'b_00001_20240101100000.pcapng',
      'a_00001_20240101120000.pcapng',
    ])
  })

  it('puts files of a ring without packets last, by number', async () => {
    scratch.file('t2', writePcap([]))
    scratch.file('t10', writePcap([]))
    scratch.file('t3', captured(7))
    expect(await expand(scratch.path)).to.deep.equal(['t3', 't2', 't10'])
  })

  it('knows a ring by folder, stem and suffix', () => {
    expect(ringBufferOf('x/t.pcap')).to.equal(ringBufferOf('x/t.pcap12'))
    expect(ringBufferOf('x/t.pcap')).to.equal(ringBufferOf('x/t.pcap1.gz'))
    expect(ringBufferOf('x/t.pcap')).not.to.equal(ringBufferOf('y/t.pcap1'))
    expect(ringBufferOf('day1.pcap')).not.to.equal(ringBufferOf('day2.pcap'))
    expect(ringBufferOf('a_00001_20240101120000.pcapng')).not.to.equal(
      ringBufferOf('a_00001_20240101120000.pcap'),
    )
  })
})
