import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { needs, terminal } from '../capability.js'
import { Scratch } from '../capture/support.js'
import { HELLOTAP, finished, hellotap } from '../hellotap.js'

const capture = resolve(import.meta.dirname, '../../captures/curl-nss.pcap')
const count = readFileSync(capture.replace('.pcap', '.jsonl'), 'utf8').split('\n').length - 1

describe('read --format', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  it('prints JSON lines to a pipe, whatever else is written', async () => {
    const csv = join(scratch.path, 'out.csv')
    const plain = await hellotap(['read', '-q', capture])
    const both = await hellotap(['read', '-q', '-o', '-', '-o', `csv:${csv}`, capture])
    expect(both).to.deep.equal(plain)
    expect(readFileSync(csv, 'utf8').split('\r\n').length - 2).to.equal(count)
  })

  it('prints a table on a terminal that fits it, without colour under NO_COLOR', async function () {
    needs(this, terminal)
    const onTerminal = (env: Record<string, string>) =>
      finished(
        spawn(
          'script',
          [
            '-qec',
            `stty cols 100; ${process.execPath} ${HELLOTAP} read -q ${capture}`,
            '/dev/null',
          ],
          { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
        ),
      )
    const coloured = await onTerminal({ NO_COLOR: '' })
    expect(coloured.stdout).to.include('\u001b[36m')
    const plain = await onTerminal({ NO_COLOR: '1' })
    expect(plain.stdout).not.to.include('\u001b')
    const lines = plain.stdout.trimEnd().split('\r\n')
    expect(lines[0]).to.match(/^TIME +SOURCE +JA4 +SNI/)
    expect(lines.length).to.equal(count + 1)
    for (const line of lines) expect(line.length).to.be.at.most(100)
  })

  it('refuses a target and a format it does not know', async () => {
    const bad = await hellotap(['read', '-o', 'amqp://h:1', capture])
    expect([bad.code, bad.stderr]).to.deep.equal([
      2,
      'hellotap: --output: amqp://h:1: unknown kind of output amqp. Known: a path, unix, tcp, syslog, syslog+udp, redis, kafka\n',
    ])
    expect((await hellotap(['read', '--format', 'xml', capture])).code).to.equal(2)
  })

  it('reports an output that cannot be written', async () => {
    const { code, stderr } = await hellotap([
      'read',
      '-q',
      '--format',
      'eve',
      '-o',
      '/dev/full',
      capture,
    ])
    expect(code).to.equal(1)
    expect(stderr).to.match(/no space left on device/i)
  })
})
