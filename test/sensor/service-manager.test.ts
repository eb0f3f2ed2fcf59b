import { expect } from 'chai'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capture, needs, proc, readableByOthers, tools } from '../capability.js'
import { HELLOTAP, freePort } from '../hellotap.js'
import { until } from '../store/redis-server.js'

/** Milliseconds a start may take on a busy machine. */
const PATIENCE_MS = 15_000

/** Prints each datagram of a Unix socket as a line of JSON; Node has no such sockets. */
const RECEIVER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1))
print(json.dumps("bound"), flush=True)
while True: print(json.dumps(s.recv(65536).decode()), flush=True)
`

describe('what the service manager learns', () => {
  let folder: string
  let children: ChildProcess[]
  beforeEach(function () {
    needs(this, tools('python3'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-notify-'))
    children = []
  })
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  async function receive(path: string): Promise<string[]> {
    const received: string[] = []
    let rest = ''
    const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      received.push(...lines.map((line) => JSON.parse(line) as string))
    })
    await until(() => received.includes('bound'), PATIENCE_MS)
    return received
  }

  /** Starts `up` without a sensor that could capture; its API works. */
  async function start(path: string, variables: Readonly<Record<string, string>>) {
    const words = ['up', '-i', 'hellotap-none', '--data-dir', folder, '--https-port', '0']
    const child = spawn(
      process.execPath,
      [HELLOTAP, ...words, '--http-port', String(await freePort())],
      { stdio: 'ignore', env: { ...process.env, NOTIFY_SOCKET: path, ...variables } },
    )
    children.push(child)
    return child
  }

  for (const kind of ['a path', 'an abstract name'])
    it(`is that the daemon works, and that it ends, through ${kind}`, async () => {
      const path = kind === 'a path' ? join(folder, 'notify') : `@${folder}`
      const received = await receive(path)
      const child = await start(path, {})
      await until(() => received.length > 1, PATIENCE_MS)
      expect(received[1]).to.match(/^READY=1\nSTATUS=serving http:\/\/127\.0\.0\.1:\d+$/)
      child.kill('SIGTERM')
      await until(() => child.exitCode !== null, PATIENCE_MS)
      expect(child.exitCode).to.equal(0)
      await until(() => received.length > 2, PATIENCE_MS)
      expect(received.slice(2)).to.deep.equal(['STOPPING=1'])
    })

  it('is that the event loop turns, twice as often as asked', async () => {
    const path = join(folder, 'notify')
    const received = await receive(path)
    await start(path, { WATCHDOG_USEC: '400000' })
    await until(() => received.filter((text) => text === 'WATCHDOG=1').length >= 3, PATIENCE_MS)
  })

  it('is no watchdog of another process', async () => {
    const path = join(folder, 'notify')
    const received = await receive(path)
    const child = await start(path, { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' })
    await until(() => received.some((text) => text.startsWith('READY=1')), PATIENCE_MS)
    child.kill('SIGTERM')
    await until(() => received.includes('STOPPING=1'), PATIENCE_MS)
    expect(received).to.not.include('WATCHDOG=1')
  })

  it('is nothing where its socket is gone, and the daemon works', async () => {
    const path = join(folder, 'gone')
    const child = await start(path, {})
    await until(() => existsSync(join(folder, 'api.sock')), PATIENCE_MS)
    child.kill('SIGTERM')
    await until(() => child.exitCode !== null, PATIENCE_MS)
    expect(child.exitCode).to.equal(0)
  })

  for (const user of ['root', 'an ordinary user with CAP_NET_RAW'])
    it(`is that the sensor captures, as ${user}`, async function () {
      needs(
        this,
        capture,
        tools('setpriv'),
        // giving up a privilege is proven by the capabilities of each thread in /proc
        ...(user === 'root' ? [] : [proc, readableByOthers(HELLOTAP)]),
      )
      const path = join(folder, 'notify')
      const received = await receive(path)
      chmodSync(folder, 0o755)
      chmodSync(path, 0o777)
      // an ordinary user's program is a child of the one that was started, which lends it the privilege
      const as =
        user === 'root'
          ? []
          : ['--reuid=65534', '--clear-groups', '--inh-caps=+net_raw', '--ambient-caps=+net_raw']
      const words = ['capture', '-i', 'lo', '--stdout']
      const child = spawn('setpriv', [...as, process.execPath, HELLOTAP, ...words], {
        stdio: 'ignore',
        env: { ...process.env, NOTIFY_SOCKET: path },
      })
      children.push(child)
      await until(() => received.includes('READY=1\nSTATUS=capturing on lo'), PATIENCE_MS)
      child.kill('SIGTERM')
      await until(() => received.includes('STOPPING=1'), PATIENCE_MS)
    })

  it('feeds the watchdog of the process that lends the privilege', async function () {
    needs(this, capture, tools('setpriv'), readableByOthers(HELLOTAP))
    const path = join(folder, 'notify')
    const received = await receive(path)
    chmodSync(folder, 0o755)
    chmodSync(path, 0o777)
    // sets WATCHDOG_PID to the process that it becomes, as systemd does
    const child = spawn(
      'sh',
      [
        '-c',
        'export WATCHDOG_PID=$$; exec setpriv --reuid=65534 --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw "$@"',
        'sh',
        ...[process.execPath, HELLOTAP, 'capture', '-i', 'lo', '--stdout'],
      ],
      {
        stdio: 'ignore',
        env: { ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' },
      },
    )
    children.push(child)
    await until(() => received.includes('WATCHDOG=1'), PATIENCE_MS)
    child.kill('SIGTERM')
    await until(() => received.includes('STOPPING=1'), PATIENCE_MS)
  })
})
