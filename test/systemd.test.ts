import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../systemd')
/** Exposure, 0 to 10, that systemd's own analysis may give a unit at most. */
const MOST_EXPOSURE = 2.0

for (const name of ['hellotap-sensor', 'hellotap-api']) {
  const unit = resolve(folder, `${name}.service`)
  describe(`${name}.service`, () => {
    it('is a valid unit', () => {
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], {
        encoding: 'utf8',
      })
      // what is not about our file: programs that are installed only where the unit is
      const complaints = stderr
        .split('\n')
        .filter((line) => line.includes(name) && !/not executable/.test(line))
      expect(complaints).to.deep.equal([])
      expect([0, 1]).to.include(status)
    })

    it(`is exposed at most ${MOST_EXPOSURE}`, () => {
      const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', unit], {
        encoding: 'utf8',
      })
      const exposure = /exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]
      expect(Number(exposure)).to.be.within(0, MOST_EXPOSURE)
    })
  })
}

describe('the units together', () => {
  const setting = (name: string, key: string) =>
    readFileSync(resolve(folder, `${name}.service`), 'utf8').match(new RegExp(`^${key}=.*$`, 'gm'))

  it('give what capturing takes to the sensor alone, and nothing to the API', () => {
    expect(setting('hellotap-sensor', 'AmbientCapabilities')).to.deep.equal([
      'AmbientCapabilities=CAP_NET_RAW CAP_BPF',
    ])
    expect(setting('hellotap-sensor', 'CapabilityBoundingSet')).to.deep.equal([
      'CapabilityBoundingSet=CAP_NET_RAW CAP_BPF',
    ])
    expect(setting('hellotap-api', 'AmbientCapabilities')).to.deep.equal(['AmbientCapabilities='])
    expect(setting('hellotap-api', 'CapabilityBoundingSet')).to.deep.equal([
      'CapabilityBoundingSet=',
    ])
  })

  it('run as different users', () => {
    expect(setting('hellotap-sensor', 'User')).to.not.deep.equal(setting('hellotap-api', 'User'))
  })
})
