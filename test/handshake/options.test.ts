import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { needs, tools } from '../capability.js'
import { captureFilter } from '../../src/capture/filter/capture-filter.js'
import { ConfigError } from '../../src/config/config-error.js'
import { environmentConfig, loadConfig } from '../../src/config.js'
import { hellotap } from '../hellotap.js'
import { ANSWERS, CAPTURES, captured, clientSide, read } from './reading.js'

const answers = resolve(CAPTURES, ANSWERS)

describe('--server', () => {
  it('is a flag, a variable of the environment and a key of the file, and off by itself', () => {
    expect(loadConfig({}, {}, {}).server).to.equal(false)
    expect(loadConfig({ server: true }, {}, {}).server).to.equal(true)
    expect(loadConfig({}, {}, { server: true }).server).to.equal(true)
    const set = (HELLOTAP_SERVER: string) =>
      loadConfig({}, environmentConfig({ HELLOTAP_SERVER }), {}).server
    for (const yes of ['1', 'true', 'yes', 'on', 'TRUE']) expect(set(yes)).to.equal(true)
    for (const no of ['0', 'false', 'no', 'off']) expect(set(no)).to.equal(false)
    expect(() => set('maybe')).to.throw(ConfigError, 'HELLOTAP_SERVER must be true or false')
  })

  it('makes `read` tell the server’s side, by one thread or several', async () => {
    const expected = read(captured(ANSWERS)).sightings
    for (const jobs of ['1', '2']) {
      const { stdout } = await hellotap(
        [...['read', '--server', '-f', 'ja3', '--jobs', jobs], ANSWERS],
        { cwd: CAPTURES },
      )
      const lines = stdout.split('\n').slice(0, -1)
      expect(lines.map((line) => withoutFile(JSON.parse(line) as object))).to.deep.equal(expected)
    }
    const { stdout } = await hellotap(['read', '-f', 'ja3', ANSWERS], { cwd: CAPTURES })
    const lines = stdout.split('\n').slice(0, -1)
    expect(lines.map((line) => withoutFile(JSON.parse(line) as object))).to.deep.equal(
      expected.map(clientSide),
    )
  })

  it('lets all that servers send through the kernel’s filter', function () {
    needs(this, tools('tcpdump'))
    const count = (expression: string) =>
      execFileSync('tcpdump', ['-nr', answers, expression], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .split('\n').length - 1
    const ports = [4431, 4432, 4433, 4434, 4435, 4436]
    const options = { tunnels: false }
    // tcpdump's own words for: bytes from a server
    const sent =
      'portrange 4431-4436 and ((ip and ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0) or (ip6 and ip6[4:2] - ((ip6[52] & 0xf0) >> 2) != 0))'
    const all = count(`src ${sent}`)
    const passing = (expression: string) => count(`(src ${sent}) and (${expression})`)
    expect(all).to.be.above(20)
    expect(passing(captureFilter(ports, { ...options, server: true }))).to.equal(all)
    expect(passing(captureFilter(ports, options))).to.be.below(all)
  })
})

function withoutFile(line: object): object {
  return Object.fromEntries(Object.entries(line).filter(([key]) => key !== 'file'))
}
