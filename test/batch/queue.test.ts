// Captures through a real Redis, read by workers that are killed.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { historyFiles } from '../../src/history/folder.js'
import { readRows } from '../../src/history/read-part.js'
import { Daemon, HELLOTAP, finished, hellotap } from '../hellotap.js'
import { PACKAGE } from '../installed.js'
import { needs, tools } from '../capability.js'
import { RedisServer, until } from '../store/redis-server.js'

const captures = resolve(import.meta.dirname, '../../captures')
const names = [
  'chromium156',
  'curl-nss',
  'go1.24-nethttp',
  'firefox-esr153-hrr',
  'quic-chromium156',
]

const SANDBOX = join(PACKAGE, '../bullmq/dist/cjs/classes/main.js')
const PROCESSOR = join(PACKAGE, 'dist/batch/queue-processor.js')

/**
 * A worker by the words of BullMQ's channel, which hears no answer to its second one: as if it had been killed a moment
 * before. Unlike then, the other side learns of it by its next write alone, every time.
 */
const WORKER_THAT_DIES = `
import json, os, socket, subprocess, sys
node, sandbox, processor, path = sys.argv[1:]
ours, theirs = socket.socketpair()
child = subprocess.Popen([node, sandbox], pass_fds=[theirs.fileno()],
    env={**os.environ, 'NODE_CHANNEL_FD': str(theirs.fileno()), 'NODE_CHANNEL_SERIALIZATION_MODE': 'json'})
theirs.close()
def say(message): ours.sendall(json.dumps(message).encode() + b'\\n')
say({'cmd': 0, 'value': 'file://' + processor})
assert b'"cmd":4' in ours.recv(65536)
ours.shutdown(socket.SHUT_RD)
say({'cmd': 1, 'job': {'id': '1', 'name': 'capture', 'opts': {}, 'data': json.dumps({'path': path, 'hash': '0' * 32, 'options': {}})}, 'token': 't'})
try:
    child.wait(10)
    print('ended')
except subprocess.TimeoutExpired:
    child.kill()
    print('still there')
`

describe('batch', function () {
  this.timeout(180_000)
  let redis: RedisServer
  let folder: string
  before(async () => {
    redis = await RedisServer.start({ durable: true })
    folder = mkdtempSync(join(tmpdir(), 'hellotap-batch-'))
    mkdirSync(join(folder, 'in'))
  })
  after(async () => {
    await redis.stop()
    rmSync(folder, { recursive: true })
  })
  const batch = (...args: string[]) => hellotap(['batch', ...args, '--redis', redis.url])
  const status = async () =>
    JSON.parse((await batch('status', '--json')).stdout) as Record<string, number>

  it('has every sighting exactly once though workers are killed and Redis is restarted', async () => {
    // the same capture under other bytes: one more frame that is no TLS at its end
    const copies = 40
    let expected = 0
    for (let i = 0; i < copies; i++) {
      const name = names[i % names.length] ?? ''
      const bytes = readFileSync(join(captures, `${name}.pcap`))
      const junk = Buffer.alloc(16 + 20)
      bytes.copy(junk, 0, 24, 32)
      junk.writeUInt32LE(20, 8)
      junk.writeUInt32LE(20, 12)
      junk.writeUInt32BE(i, 16)
      writeFileSync(join(folder, 'in', `${i}.pcap`), Buffer.concat([bytes, junk]))
      expected += readFileSync(join(captures, `${name}.jsonl`), 'utf8').split('\n').length - 1
    }
    const target = ['-o', join(folder, 'out'), '--history', join(folder, 'history')]
    const added = await batch('add', join(folder, 'in'), ...target)
    expect(added.stderr).to.match(/^40 captures queued, 0 queued or done before/m)
    const start = () =>
      new Daemon(process.execPath, [HELLOTAP, 'batch', 'work', '--redis', redis.url, '--jobs', '1'])
    const workers = [start(), start(), start()]
    for (let round = 0; round < 3; round++) {
      const done = (await status())['done'] ?? 0
      const isFurther = async () => {
        const now = (await status())['done'] ?? 0
        return now > done || now === copies
      }
      await until(isFurther, 60_000, 'progress')
      await workers[round % 3]?.stop('SIGKILL')
      workers[round % 3] = start()
      if (round === 1) {
        await redis.kill()
        await redis.restart()
      }
    }
    await until(async () => ((await status())['done'] ?? 0) === copies, 120_000, 'the end')
    for (const worker of workers) await worker.stop()
    const lines = readdirSync(join(folder, 'out'))
    expect(lines.filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
    const printed = lines.flatMap((name) =>
      readFileSync(join(folder, 'out', name), 'utf8')
        .split('\n')
        .slice(0, -1),
    )
    expect(printed.length).to.equal(expected)
    let rows = 0
    for (const { path } of await historyFiles(join(folder, 'history')))
      rows += (await readRows(path, ['id'])).length
    expect(rows).to.equal(expected)
    expect(await status()).to.include({ waiting: 0, active: 0, failed: 0, sightings: expected })
    const repeated = await batch('add', join(folder, 'in'), ...target)
    expect(repeated.stderr).to.match(/^0 captures queued, 40 queued or done before/m)
  })

  it('ends the process that reads a capture where its worker is gone at its last word', async function () {
    needs(this, tools('python3'))
    const path = join(captures, 'curl-nss.pcap')
    const { code, stdout, stderr } = await finished(
      spawn('python3', ['-c', WORKER_THAT_DIES, process.execPath, SANDBOX, PROCESSOR, path]),
    )
    expect({ code, stdout: stdout.trim() }, stderr).to.deep.equal({ code: 0, stdout: 'ended' })
  })

  it('reports captures that cannot be read, and tries them again when asked', async () => {
    writeFileSync(join(folder, 'bad.pcap'), 'no capture at all')
    const path = join(folder, 'bad.pcap')
    await batch('add', path, '-o', join(folder, 'out'))
    await batch('work', '--drain', '--jobs', '1')
    const { code, stdout } = await batch('status')
    expect(code).to.equal(1)
    expect(stdout).to.match(/failed {2}1\n {2}.*bad\.pcap: .*capture/)
    copyFileSync(join(captures, 'curl-nss.pcap'), path)
    expect((await batch('retry')).stderr).to.match(/^1 capture queued again/m)
    await batch('work', '--drain', '--jobs', '1')
    expect(await status()).to.include({ failed: 0 })
  })

  it('says what it needs', async () => {
    expect((await hellotap(['batch', 'status'])).stderr).to.match(/batch needs --redis URL/)
    expect((await batch('add', 'x')).stderr).to.match(/needs -o FOLDER/)
  })
})
