import { expect } from 'chai'
import { quickReadArgs } from '../../src/cli/quick-args.js'
import { hellotap } from '../hellotap.js'

/** A flag before the command, which only yargs takes; it is the default. */
const BY_YARGS = '--no-follow'

describe('the words of read, without yargs', () => {
  it('are taken as yargs takes them', () => {
    expect(
      quickReadArgs(['read', '-qf', 'ja3,ja4', 'a.pcap', '--ports=443', '-', '--server']),
    ).to.deep.include({
      file: ['a.pcap', '-'],
      quiet: true,
      fingerprints: 'ja3,ja4',
      ports: '443',
      server: true,
    })
    expect(quickReadArgs(['read', '--', '--odd-name.pcap'])).to.deep.include({
      file: ['--odd-name.pcap'],
    })
    expect(quickReadArgs(['read', '--jobs', '1', '--jobs', '2', 'a'])?.['jobs']).to.deep.equal([
      '1',
      '2',
    ])
  })

  it('are left to yargs where they need an explanation', () => {
    for (const words of [
      [],
      ['up'],
      ['read'],
      ['read', '--help'],
      ['read', '--frobnicate', 'a.pcap'],
      ['read', 'a.pcap', '--jobs'],
      ['--quiet', 'read', 'a.pcap'],
    ])
      expect(quickReadArgs(words), words.join(' ')).to.equal(undefined)
  })

  it('keep numbers as words, and know --no-NAME', () => {
    const words = ['read', '--jobs', '01', '--ttl=1e3', '--no-hello', '--as-of', 'now', '7']
    expect(quickReadArgs(words)).to.deep.include({
      file: ['7'],
      jobs: '01',
      ttl: '1e3',
      hello: false,
      'as-of': 'now',
    })
  })

  it('give the output of the same command by way of yargs', async () => {
    const words = ['read', '-q', '-f', 'ja4', 'captures/curl-nss.pcap']
    const quick = await hellotap(words)
    const slow = await hellotap([BY_YARGS, ...words])
    expect(quick.stdout).to.not.equal('')
    expect(slow).to.deep.equal(quick)
  })

  const capture = 'captures/curl-nss.pcap'
  for (const words of [
    ['--no-server', '--jobs', '01', capture],
    ['--jobs', '1e3', capture],
    ['--jobs', '-5', capture],
    ['--sensor=007', capture],
    ['--sensor', '0x10', '--no-quiet', capture],
    ['-f=ja4', capture],
    ['-fja4', '--', capture],
    ['-f', 'ja4', '--', capture],
    ['-f', 'ja4', '--', '-', '--absent.pcap'],
    ['--hello=false', capture],
    ['--no-jobs', capture],
    ['--sensor=', capture],
  ])
    it(`give what yargs gives: ${words.join(' ')}`, async () => {
      const quick = await hellotap(['read', ...words])
      const slow = await hellotap([BY_YARGS, 'read', ...words])
      expect(slow).to.deep.equal(quick)
    })
})
