import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { namespaces, needs, path } from '../capability.js'
import type { CounterName, Counters } from '../../src/base/counters.js'
import { newCounters } from '../../src/base/counters.js'
import { interfaceFrames } from '../../src/capture/live/interfaces.js'
import { openEventLog } from '../../src/telemetry/event-log.js'
import type { Seen } from '../../src/telemetry/diagnosis.js'
import { judge } from '../../src/telemetry/diagnosis.js'
import { InterfaceHealth, CHECK_MILLIS } from '../../src/sensor/capture-health.js'
import { TestNetwork } from '../e2e/network.js'
import { Daemon, HELLOTAP, finished } from '../hellotap.js'

type Some = Partial<Record<CounterName, number>>
const seen = (counters: Some, changes: Partial<Seen> = {}): Seen => ({
  counters: { ...newCounters(), ...counters },
  frames: 1000,
  ports: [443, 8443],
  isLong: true,
  ...changes,
})

describe('what was seen is judged', () => {
  const cases: readonly [string, Seen, string, RegExp | undefined][] = [
    ['hellos come', seen({ packets: 100, tcp_syns: 10, hellos: 9 }), 'ok', undefined],
    ['QUIC alone comes', seen({ packets: 100, hellos: 5 }), 'ok', undefined],
    ['few connections', seen({ packets: 9, tcp_syns: 3 }), 'quiet', undefined],
    ['nothing arrives', seen({}, { frames: 0 }), 'silent', /mirror session/],
    ['nothing arrived yet', seen({}, { frames: 0, isLong: false }), 'quiet', undefined],
    [
      'other traffic arrives',
      seen({}, { frames: 5000 }),
      'not-watched',
      /5,000 frames passed .* ports 443,8443: .*--ports/,
    ],
    ['a system that does not count', seen({}, { frames: undefined }), 'quiet', undefined],
    [
      'one direction',
      seen({ packets: 60, tcp_syn_acks: 20 }),
      'no-hellos',
      /^only what servers send/,
    ],
    [
      'another protocol',
      seen({ packets: 90, tcp_syns: 20, tcp_syn_acks: 20, tcp_not_tls: 20 }),
      'no-hellos',
      /^20 connections of 20 begin with something else/,
    ],
    [
      'a short snap length',
      seen({ packets: 90, tcp_syns: 20, tcp_syn_acks: 20, tcp_truncated: 40 }),
      'no-hellos',
      /^40 frames cut short/,
    ],
    ['unknown tunnels', seen({ packets: 90, tunnel_payload_other: 80 }), 'no-hellos', /tunnels/],
    ['a link type', seen({ packets: 90, link_type_unsupported: 90 }), 'no-hellos', /link type/],
    ['IP fragments', seen({ packets: 90, ip_datagrams_expired: 30 }), 'no-hellos', /fragments/],
    [
      'QUIC of unknown versions',
      seen({ packets: 90, quic_version_unknown: 90 }),
      'no-hellos',
      /^only QUIC/,
    ],
    [
      'hellos without their ends',
      seen({ packets: 90, tcp_syns: 20, tcp_syn_acks: 20, hello_expired: 18 }),
      'no-hellos',
      /18 hellos began and did not become whole/,
    ],
    [
      'loss',
      seen({ packets: 90, tcp_syns: 20, tcp_syn_acks: 20, capture_kernel_dropped: 900 }),
      'no-hellos',
      /900 frames lost/,
    ],
    ['a scan', seen({ packets: 900, tcp_syns: 900 }), 'no-hellos', /scan or SYN flood/],
    [
      'health checks',
      seen({ packets: 900, tcp_syns: 90, tcp_syn_acks: 90 }),
      'no-hellos',
      /carry nothing/,
    ],
    [
      'far too few hellos',
      seen({ packets: 900, tcp_syns: 100, tcp_syn_acks: 90, hellos: 5 }),
      'few-hellos',
      /carry nothing/,
    ],
  ]
  for (const [name, what, state, why] of cases)
    it(`${name}: ${state}`, () => {
      const finding = judge(what)
      expect(finding.state).to.equal(state)
      if (why === undefined) expect(finding.why).to.deep.equal([])
      else expect(finding.why[0]).to.match(why)
    })
})

describe('the watch', () => {
  const watching = (isLoopback = false) => {
    const lines: Record<string, unknown>[] = []
    const counters = newCounters()
    let frames = 0
    let now = 0
    const log = openEventLog({
      'log-format': 'json',
      'log-level': 'info',
      isTerminal: false,
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
      now: () => now,
    })
    const watch = new InterfaceHealth(
      { name: 'eth1', counters, isLoopback },
      [443],
      log,
      () => frames,
    )
    /** Looks `times`, with so much more of each counter before each. */
    const look = (times: number, grown: Some = {}, moreFrames = 0) => {
      for (let i = 0; i < times; i++) {
        for (const [name, by] of Object.entries(grown)) counters[name as CounterName] += by
        frames += moreFrames
        now += CHECK_MILLIS
        watch.check(now)
      }
    }
    return { watch, lines, look }
  }

  it('says what is wrong once, when two looks agree, and once that it is over', () => {
    const { watch, lines, look } = watching()
    look(1, { packets: 30, tcp_syn_acks: 10 })
    expect(lines).to.deep.equal([])
    look(1, { packets: 30, tcp_syn_acks: 10 })
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include({ level: 'warn', event: 'no-hellos', interface: 'eth1' })
    expect(lines[0]?.['msg']).to.match(
      /^eth1: 20 connections in the last minute, and no hello: only what servers send/,
    )
    expect(watch.state).to.deep.include({ state: 'no-hellos', hellos: 0, connections: 20 })
    expect(watch.state.why?.[0]).to.match(/only what servers send/)
    look(100, { packets: 30, tcp_syn_acks: 10 })
    expect(lines).to.have.length(1)
    look(20, { packets: 30, tcp_syns: 10, hellos: 10 })
    expect(lines.at(-1)).to.include({ level: 'info', event: 'hellos-seen' })
    expect(watch.state.state).to.equal('ok')
    expect(watch.state).to.not.have.property('why')
    expect(lines).to.have.length(2)
    // the same again within the hour is not said again, but shown
    look(20, { packets: 30, tcp_syns: 10, tcp_syn_acks: 10, tcp_not_tls: 10 })
    expect(lines).to.have.length(2)
    expect(watch.state.state).to.equal('no-hellos')
  })

  it('waits a minute before it wonders at silence', () => {
    const { watch, lines, look } = watching()
    look(12)
    expect(watch.state.state).to.equal('quiet')
    look(2)
    expect(lines.map(({ event }) => event)).to.deep.equal(['silent'])
    look(14, {}, 1000)
    expect(lines.map(({ event }) => event)).to.deep.equal(['silent', 'not-watched'])
  })

  it('does not wonder at a silent loopback', () => {
    const { watch, lines, look } = watching(true)
    look(30)
    look(30, {}, 1000)
    expect(lines).to.deep.equal([])
    expect(watch.state.state).to.equal('quiet')
    look(3, { packets: 30, tcp_syns: 10, tcp_syn_acks: 10, tcp_not_tls: 10 })
    expect(lines).to.have.length(1)
  })

  it('reads the system’s count of frames', function () {
    needs(this, path('/proc/net/dev'))
    expect(interfaceFrames('no-such-if')).to.equal(undefined)
    expect(interfaceFrames('lo')).to.be.at.least(0)
  })
})

describe('the watch of the real program', function () {
  this.timeout(40_000)
  let network: TestNetwork | undefined
  const daemons: Daemon[] = []
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.stop()
    network?.remove()
  })

  it('tells that one direction alone is seen, and a port of another protocol', async function () {
    needs(this, namespaces)
    const net = (network = new TestNetwork(`htw${process.pid % 10_000}`))
    const server = (...command: [string, ...string[]]) => {
      const daemon = new Daemon(...net.in('server', ...command))
      daemons.push(daemon)
      return daemon
    }
    // what the server sends takes a way of its own, so that one direction alone is seen there
    const [client = ''] = net.clientAddresses
    for (const [host, command] of [
      ['server', `ip link add span0 type veth peer name span1 netns ${net.client}`],
      ['server', 'ip link set span0 up'],
      ['client', 'ip link set span1 up'],
      ['client', 'sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.span1.rp_filter=0'],
      ['server', `ip route add ${client}/32 dev span0`],
    ] as const)
      execFileSync(...net.in(host, 'sh', '-c', command), { stdio: 'pipe' })
    const program =
      "for (const port of [443, 9443]) require('net').createServer((s) => s.on('error', () => {}).on('data', () => s.end('no'))).listen(port, () => console.log('ready', port))"
    await server(process.execPath, '-e', program).says(/ready 9443/)
    const capture = (name: string, port: string, metrics: string) =>
      server(
        ...([process.execPath, HELLOTAP, 'capture', '--stdout', '-i', name] as const),
        ...['--ports', port, '--metrics-port', metrics],
      )
    const oneWay = capture('span0', '443', '9901')
    const plain = capture(net.serverInterface, '9443', '9902')
    await oneWay.says(/metrics at/)
    await plain.says(/metrics at/)
    const ask = async (...args: readonly string[]) =>
      (await finished(spawn(...net.in('client', 'curl', '-sk', '--max-time', '2', ...args)))).stdout
    for (let i = 0; i < 8; i++) {
      await ask(`https://${net.serverAddress}/`)
      await ask(`http://${net.serverAddress}:9443/`)
    }
    await oneWay.says(/"event":"no-hellos".*only what servers send/, 3 * CHECK_MILLIS)
    await plain.says(/"event":"no-hellos".*8 connections of 8 begin with something else/, 10_000)
    const { stdout } = await finished(
      spawn(...net.in('server', 'curl', '-s', 'http://127.0.0.1:9901/healthz')),
    )
    const health = JSON.parse(stdout) as {
      sensor: { watch: Record<string, { state: string; why: string[] }>; counters: Counters }
    }
    expect(health.sensor.watch['span0']).to.include({ state: 'no-hellos' })
    expect(health.sensor.watch['span0']?.why[0]).to.match(/only what servers send/)
    expect(health.sensor.counters).to.include({ tcp_syns: 0, hellos: 0 })
    const metrics = await finished(
      spawn(...net.in('server', 'curl', '-s', 'http://127.0.0.1:9902/metrics')),
    )
    expect(metrics.stdout).to.match(/^hellotap_sensor_sees_hellos 0$/m)
  })
})
