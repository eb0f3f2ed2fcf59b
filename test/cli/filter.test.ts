import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect } from 'chai'
import { needs, tools } from '../capability.js'
import { hellotap } from '../hellotap.js'

const CAPTURE = resolve(import.meta.dirname, '../../captures/openssl3.0-s_server-answers.pcap')

/** tcpdump's exit code says whether libpcap takes the expression. */
function passing(expression: string): number {
  const out = execFileSync('tcpdump', ['-nr', CAPTURE, expression], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return out.toString().split('\n').length - 1
}

describe('hellotap filter', () => {
  it('prints one line that tcpdump takes', async function () {
    const { code, stdout, stderr } = await hellotap(['filter', '--ports', '4431,4432,4433'])
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout).to.match(/^[^\n]+\n$/)
    needs(this, tools('tcpdump'))
    const filtered = passing(stdout.trim())
    expect(filtered).to.be.within(1, passing('') - 1)
    const withServer = await hellotap(['filter', '--ports', '4431,4432,4433', '--server'])
    expect(passing(withServer.stdout.trim())).to.be.above(filtered)
  })

  it('is made by its options', async () => {
    const printed = async (...args: string[]) => (await hellotap(['filter', ...args])).stdout
    const usual = await printed()
    expect(usual).to.contain('= 443').and.to.contain('= 8443').and.to.contain('= 4789')
    expect(await printed('--tunnels', 'false')).to.not.contain('= 4789')
    expect(await printed('--http-ports', '8080'))
      .to.contain('= 8080')
      .and.to.contain(String(0x47455420))
    expect(await printed('-p', '993'))
      .to.contain('= 993')
      .and.to.not.contain('= 443')
  })

  it('says what is wrong with its options', async () => {
    const { code, stdout, stderr } = await hellotap(['filter', '--ports', '70000'])
    expect([code, stdout]).to.deep.equal([2, ''])
    expect(stderr).to.contain('--ports')
  })
})
