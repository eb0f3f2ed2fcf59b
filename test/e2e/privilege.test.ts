import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { namespaces, needs, proc, readableByOthers } from '../capability.js'
import { Lab, ip } from '../capture/live-lab.js'
import { HELLOTAP } from '../hellotap.js'

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups']
// as the systemd unit gives them
const GIVEN = '+net_raw,+bpf'
const AMBIENT = [`--inh-caps=-all,${GIVEN}`, `--ambient-caps=${GIVEN}`, '--no-new-privs']
const NET_RAW_AND_BPF = '0000008000002000'
const NONE = '0000000000000000'
const SETS = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const

interface Process {
  readonly pid: number
  readonly command: string
  /** A set of capabilities of all its threads, each different one once. */
  readonly capabilities: (set: (typeof SETS)[number]) => readonly string[]
}

/** All processes of a network namespace. */
function processesOf(namespace: string): Process[] {
  const pids = execFileSync('ip', ['netns', 'pids', namespace]).toString().split('\n')
  return pids.filter(Boolean).map((pid) => {
    const statuses = readdirSync(`/proc/${pid}/task`).map((tid) =>
      readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'),
    )
    return {
      pid: Number(pid),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
      capabilities: (set) => [
        ...new Set(
          statuses.map((text) => new RegExp(`^${set}:\\s*(\\w+)`, 'm').exec(text)?.[1] ?? ''),
        ),
      ],
    }
  })
}

describe('up, as an ordinary user who may capture', function () {
  let lab: Lab
  let pid: number
  let ended: Promise<number | null>
  let said = ''

  interface Health {
    readonly sensor: {
      readonly capturing: boolean
      readonly restarts: number
      readonly counters: Readonly<Record<string, number>>
    }
  }
  const health = () =>
    JSON.parse(lab.exec(lab.a, 'curl', '-s', 'http://127.0.0.1:8080/healthz').toString()) as Health
  const until = async (what: string, condition: () => boolean) => {
    for (let i = 0; i < 100; i++) {
      if (condition()) return
      await sleep(100)
    }
    throw new Error(`waited in vain until ${what}: ${said}`)
  }

  before(async function () {
    needs(this, namespaces, proc, readableByOthers(HELLOTAP))
    lab = new Lab()
    lab.quiet()
    const up = [process.execPath, HELLOTAP, 'up', '-i', 'va', '--https-port', '0']
    const inside = ['netns', 'exec', lab.a, 'setpriv', ...NOBODY, ...AMBIENT, ...up]
    const program = spawn('ip', inside, { stdio: ['ignore', 'ignore', 'pipe'] })
    pid = program.pid ?? 0
    program.stderr.on('data', (text: Buffer) => (said += text.toString()))
    ended = new Promise((resolve) => program.once('close', resolve))
    await until('it serves', () => said.includes('serving'))
  })
  after(async () => {
    if ((lab as Lab | undefined) === undefined) return
    for (const each of processesOf(lab.a)) process.kill(each.pid, 'SIGKILL')
    await lab.close()
  })

  it('captures', async () => {
    expect(health().sensor.capturing).to.equal(true)
    await lab.send({ count: 20 })
    await until('the frames are counted', () => health().sensor.counters['packets'] === 20)
  })

  it('leaves the capabilities to what starts capture processes, and nothing to any other that runs', () => {
    const processes = processesOf(lab.a)
    const capture = processes.filter(({ command }) => command.includes('native-child'))
    const others = processes.filter((each) => each.pid !== pid && !capture.includes(each))
    expect(capture).to.have.lengthOf(1)
    // the API with the store, and the sensor
    expect(others).to.have.lengthOf(2)
    // one that captures has opened its socket and loaded its program, and needs no more
    for (const each of [...capture, ...others])
      for (const set of SETS)
        expect(each.capabilities(set), `${each.command} ${set}`).to.deep.equal([NONE])
    const starter = processes.find((each) => each.pid === pid)
    for (const set of ['CapPrm', 'CapEff'] as const)
      expect(starter?.capabilities(set)).to.deep.equal([NET_RAW_AND_BPF])
    expect(said).to.not.match(/does not limit flows/)
  })

  it('opens no inspector in any process on SIGUSR1', () => {
    for (let round = 0; round < 3; round++)
      for (const each of processesOf(lab.a)) process.kill(each.pid, 'SIGUSR1')
    const listening = () => lab.exec(lab.a, 'ss', '-Hltnp').toString()
    // the API alone; an inspector listens within milliseconds, and health() takes longer
    for (let i = 0; i < 5; i++) {
      expect(health().sensor.capturing).to.equal(true)
      expect(listening()).to.match(/^\S+ +\d+ +\d+ +127\.0\.0\.1:8080 [^\n]*\n$/)
    }
    expect(said).not.to.match(/Debugger|inspector/i)
  })

  it('shows nothing of the process with the privilege to others of its user', () => {
    const asUser = (...command: string[]) =>
      lab.exec(lab.a, 'setpriv', ...NOBODY, ...command).toString()
    for (const file of ['mem', 'environ', 'maps'])
      expect(() => asUser('head', '-c', '1', `/proc/${pid}/${file}`), file).to.throw(
        /Permission denied/,
      )
    expect(() => asUser('ls', `/proc/${pid}/fd`)).to.throw(/Permission denied/)
    // the same user's other processes can be read: it is not the whole of /proc that is closed
    const sensor = processesOf(lab.a).find(({ command }) => command.includes(' --stdout '))
    expect(asUser('head', '-c', '1', `/proc/${sensor?.pid}/environ`)).to.have.lengthOf(1)
  })

  it('captures on, without a capability, when the interface was down', async () => {
    const before = health().sensor.counters['packets'] ?? 0
    ip('-n', lab.a, 'link', 'set', 'va', 'down')
    await until('the gap is counted', () => health().sensor.counters['capture_gaps'] === 1)
    ip('-n', lab.a, 'link', 'set', 'va', 'up')
    await until('it is captured again', () => said.includes('captured again'))
    await lab.send({ count: 20 })
    await until('frames come', () => health().sensor.counters['packets'] === before + 20)
    expect(health().sensor.counters['capture_child_crashes']).to.equal(0)
  })

  it('captures again after the capture process was killed', async () => {
    const captured = processesOf(lab.a).find(({ command }) => command.includes('native-child'))
    process.kill(captured?.pid ?? 0, 'SIGKILL')
    await until('the gap is counted', () => health().sensor.counters['capture_gaps'] === 2)
    await until('it is captured again', () => said.split('captured again').length === 3)
    const before = health().sensor.counters['packets'] ?? 0
    await lab.send({ count: 20 })
    await until('frames come', () => health().sensor.counters['packets'] === before + 20)
    expect(health().sensor.restarts).to.equal(0)
  })

  it('captures again after the sensor was killed', async () => {
    const sensor = processesOf(lab.a).find(({ command }) => command.includes(' --stdout '))
    process.kill(sensor?.pid ?? 0, 'SIGKILL')
    await until('it is started again', () => {
      const { capturing, restarts } = health().sensor
      return capturing && restarts === 1
    })
    const before = health().sensor.counters['packets'] ?? 0
    await lab.send({ count: 20 })
    await until('frames come', () => (health().sensor.counters['packets'] ?? 0) === before + 20)
  })

  it('ends as a whole when it is told to', async () => {
    process.kill(pid, 'SIGTERM')
    expect(await ended).to.equal(0)
    expect(processesOf(lab.a)).to.deep.equal([])
  })
})
