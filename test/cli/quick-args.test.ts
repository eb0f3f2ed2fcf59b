import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { quickReadArgs } from '../../src/cli/quick-args.js'
import { finished, hellotap } from '../hellotap.js'
import { PACKAGE } from '../installed.js'

describe('the words of read, without yargs', () => {
  it('are taken as yargs takes them', () => {
    expect(
      quickReadArgs(['read', '-qf', 'ja3,ja4', 'a.pcap', '--ports=443', '-', '--server']),
    ).to.deep.include({
      file: ['a.pcap', '\0stdin'],
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

  it('give the output of the same command by way of yargs', async () => {
    const words = ['read', '-q', '-f', 'ja4', 'captures/curl-nss.pcap']
    const quick = await hellotap(words)
    const slow = await finished(
      spawn(process.execPath, [join(PACKAGE, 'dist/cli/main.js'), ...words]),
    )
    expect(quick.stdout).to.not.equal('')
    expect(slow).to.deep.equal(quick)
  })
})
