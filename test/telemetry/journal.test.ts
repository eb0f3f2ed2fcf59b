import { expect } from 'chai'
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hellotap } from '../hellotap.js'

describe('log lines under the journal', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-journal-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** What a command that cannot start writes to a stderr of ours, of which the environment may say that it is the journal. */
  async function stderrOf(words: readonly string[], nameOf: (fd: number) => string | undefined) {
    const path = join(folder, 'stderr')
    const fd = openSync(path, 'w')
    const stream = nameOf(fd)
    try {
      await hellotap(words, {
        stdio: ['ignore', 'ignore', fd],
        env: { ...process.env, ...(stream === undefined ? {} : { JOURNAL_STREAM: stream }) },
      })
    } finally {
      closeSync(fd)
    }
    return readFileSync(path, 'utf8').trimEnd().split('\n')
  }
  const streamOf = (fd: number) => {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return `${dev}:${ino}`
  }
  const unreachable = ['serve', '--redis', 'redis://127.0.0.1:1', '--log-format']

  it('begin with their priority, as JSON and as text', async () => {
    const [json = ''] = await stderrOf([...unreachable, 'json'], streamOf)
    expect(json).to.match(/^<3>\{"level":"error"/)
    const [text = ''] = await stderrOf([...unreachable, 'text'], streamOf)
    expect(text).to.match(/^<3>hellotap: /)
  })

  it('have it on every line of a fault of usage', async () => {
    const lines = await stderrOf(['serve', '--ttl', '0', '--per-ip', '0'], streamOf)
    expect(lines).to.have.length(2)
    for (const line of lines) expect(line).to.match(/^<3>hellotap: --/)
  })

  it('have none where stderr is another file than the journal, or none is named', async () => {
    for (const nameOf of [(fd: number) => `${streamOf(fd)}0`, () => undefined])
      for (const format of ['json', 'text'])
        expect((await stderrOf([...unreachable, format], nameOf)).join('\n')).to.not.match(/^</m)
  })
})
