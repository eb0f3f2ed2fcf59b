import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs, terminal } from '../capability.js'
import { Daemon, HELLOTAP, finished, freePort } from '../hellotap.js'

describe('the log of the real program', function () {
  this.timeout(20_000)
  const json = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it('is JSON on a pipe: an error with its code, and no password', async () => {
    const { code, stderr } = await finished(
      spawn(process.execPath, [HELLOTAP, 'serve'], {
        env: { ...process.env, HELLOTAP_REDIS: 'redis://me:geheim@127.0.0.1:1' },
      }),
    )
    expect(code).to.equal(1)
    expect(stderr).to.not.contain('geheim')
    expect(json(stderr)).to.have.length(1)
    expect(json(stderr)[0]).to.include({
      level: 'error',
      event: 'failed',
      code: 'STORE_UNREACHABLE',
    })
  })

  it('is text where asked for, and bad usage always', async () => {
    const run = (...args: readonly string[]) =>
      finished(spawn(process.execPath, [HELLOTAP, ...args]))
    const refused = await run('serve', '--redis', 'redis://127.0.0.1:1', '--log-format', 'text')
    expect(refused.stderr).to.match(/^hellotap: cannot reach Redis at .*Is it running\?.*\n$/)
    const usage = await run('serve', '--redis', 'http://me:geheim@h', '--log-format', 'json')
    expect(usage.code).to.equal(2)
    expect(usage.stderr).to.match(/^hellotap: --redis must be a Redis URL such as/)
    expect(usage.stderr).to.not.contain('geheim')
  })

  for (const [option, url, variable] of [
    ['--redis', 'rediss+sentinel://me:geheim@h,i/main', 'HELLOTAP_REDIS'],
    ['--output', 'eve:redis://:geheim@h/0?stream=hellos', 'HELLOTAP_OUTPUT'],
  ] as const)
    it(`refuses a password in ${option}, which other users can read, and names the place for it`, async () => {
      const { code, stderr } = await finished(
        spawn(process.execPath, [HELLOTAP, 'capture', option, url]),
      )
      expect(code).to.equal(2)
      expect(stderr).to.contain(`${option} holds a password`).and.contain(variable)
      expect(stderr).to.not.contain('geheim')
    })

  describe('of `up`', () => {
    let up: string[]
    // a folder of its own: another hellotap may have the usual socket
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-log-'))
    before(async () => {
      up = ['up', '-i', 'no-such-if', '--http-port', String(await freePort())]
      up.push('--https-port', '0', '--data-dir', folder)
    })
    after(() => rmSync(folder, { recursive: true }))

    it('greets a program by events', async () => {
      const program = new Daemon(process.execPath, [HELLOTAP, ...up])
      await program.says(/serving http/)
      await program.stop()
      const events = json(program.output)
      expect(events.map(({ event }) => event)).to.deep.equal([
        'not-capturing',
        'keeping',
        'serving',
      ])
      expect(events[0]).to.include({ level: 'error' })
      expect(events[0]?.['msg']).to.match(/NOT capturing: there is no interface "no-such-if"/)
    })

    it('greets a person in a block', async function () {
      needs(this, terminal)
      const person = new Daemon('script', [
        '-qefc',
        `${process.execPath} ${HELLOTAP} ${up.join(' ')}`,
        '/dev/null',
      ])
      await person.says(/serving +http/)
      await person.stop()
      expect(person.output.replaceAll('\r', '')).to.match(
        /^\n {2}NOT capturing: there is no interface "no-such-if".*\n {2}keeping +in memory for 24 h\n {2}serving +http:/,
      )
    })
  })
})
