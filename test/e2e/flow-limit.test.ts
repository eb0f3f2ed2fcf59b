// The eBPF program in the kernel: 50 MB either way from real clients to a real server, of which the sensor is to see
// next to nothing, and every hello all the same.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { engines, namespaces, needs, proc, readableByOthers, tools } from '../capability.js'
import { CHILD_OPTIONS } from '../../src/capture/live/child-message.js'
import { Daemon, HELLOTAP } from '../hellotap.js'
import type { Passed } from './bulk-lab.js'
import { BulkLab, SERVER4, SERVER6, captureProcess } from './bulk-lab.js'

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']
const withCapabilities = (names: string) => [
  ...NOBODY,
  `--inh-caps=-all,${names}`,
  `--ambient-caps=${names}`,
]
const NONE = '0000000000000000'
const NOT_LIMITED = /the kernel does not limit flows/g

/** Three connections from the same port, each longer than the limit, each cut off by a reset. */
const SAME_PORT = `import socket, ssl, struct, time
context = ssl._create_unverified_context()
for _ in range(3):
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    plain.bind(('', 40000))
    plain.connect(('${SERVER4}', 443))
    with context.wrap_socket(plain) as connection:
        connection.sendall(b'PUT /up HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 200000\\r\\n\\r\\n' + b'x' * 100000)
        time.sleep(0.1)
`

describe('flow limit', function () {
  this.timeout(60_000)
  let bulk: BulkLab

  before(async function () {
    needs(this, namespaces, engines, proc, tools('nginx', 'curl', 'python3'))
    bulk = new BulkLab()
    await bulk.ready()
  })
  after(() => (bulk as BulkLab | undefined)?.close())

  const both = () => {
    bulk.download()
    bulk.upload()
  }
  const share = ({ offered, passed }: Passed) => passed / offered

  it('leaves the bulk in the kernel and finds every hello', async () => {
    const sensor = await bulk.sensor(['--server'])
    expect(share(await sensor.passed(both))).to.be.within(0, 0.01)
    await sensor.passed(() => {
      for (let i = 0; i < 10; i++) for (const host of [SERVER4, SERVER6]) bulk.get(host, '/none')
    })
    await sensor.daemon.stop()
    const hellos = sensor.hellos()
    expect(hellos.filter((address) => address === SERVER4)).to.have.lengthOf(12)
    expect(hellos.filter((address) => address === 'fd99::2')).to.have.lengthOf(10)
    expect(sensor.daemon.output).to.not.match(NOT_LIMITED)
  })

  it('passes all that the filter passes where it is switched off', async () => {
    const sensor = await bulk.sensor(['--server', '--flow-limit', '0'])
    expect(share(await sensor.passed(both))).to.be.above(0.4)
    await sensor.daemon.stop()
    expect(sensor.hellos()).to.have.lengthOf(2)
    expect(sensor.daemon.output).to.not.match(NOT_LIMITED)
  })

  it('is what `up` is told, as is whether tunnels pass', async () => {
    const optionsOf = async (...words: string[]) => {
      const up = ['up', '-i', 'va', '--https-port', '0', ...words]
      const inside = ['netns', 'exec', bulk.lab.a, process.execPath, HELLOTAP, ...up]
      const daemon = new Daemon('ip', inside)
      await daemon.says(/serving/)
      const environ = readFileSync(`/proc/${captureProcess(bulk.lab.a)}/environ`, 'utf8')
      await daemon.stop()
      const text = environ.split('\0').find((each) => each.startsWith(`${CHILD_OPTIONS}=`)) ?? ''
      return JSON.parse(text.slice(CHILD_OPTIONS.length + 1)) as {
        readonly flowLimit: number
        readonly filter: string
      }
    }
    const usual = await optionsOf()
    expect(usual.flowLimit).to.equal(90_112)
    expect(usual.filter).to.contain('= 4789')
    const told = await optionsOf('--flow-limit', '4096', '--tunnels', 'false')
    expect(told.flowLimit).to.equal(4096)
    expect(told.filter).to.not.contain('= 4789')
  })

  it('begins anew with each connection of the same ports', async () => {
    const sensor = await bulk.sensor([])
    await sensor.passed(() => bulk.lab.exec(bulk.lab.a, 'python3', '-c', SAME_PORT))
    await sensor.daemon.stop()
    expect(sensor.hellos()).to.deep.equal([SERVER4, SERVER4, SERVER4])
  })

  describe('as an ordinary user', () => {
    before(function () {
      needs(this, readableByOthers(HELLOTAP))
    })

    it('is there with CAP_BPF, which the capture process gives up once it is', async () => {
      const sensor = await bulk.sensor(['--server'], withCapabilities('+net_raw,+bpf'))
      expect(sensor.capabilities()).to.equal(NONE)
      expect(share(await sensor.passed(both))).to.be.within(0, 0.01)
      await sensor.daemon.stop()
      expect(sensor.hellos()).to.have.lengthOf(2)
      expect(sensor.daemon.output).to.not.match(NOT_LIMITED)
    })

    it('is missing without it: one line says so, and the filter stands alone', async () => {
      const sensor = await bulk.sensor(['--server'], withCapabilities('+net_raw'))
      expect(sensor.capabilities()).to.equal(NONE)
      expect(share(await sensor.passed(both))).to.be.above(0.4)
      await sensor.daemon.stop()
      expect(sensor.hellos()).to.have.lengthOf(2)
      expect(sensor.daemon.output.match(NOT_LIMITED)).to.have.lengthOf(1)
      expect(sensor.daemon.output).to.match(/va: .*Operation not permitted.*CAP_BPF/)
    })
  })
})

describe('flow limit, assembled', () => {
  const root = new URL('../../', import.meta.url)
  interface Assembler {
    readonly SOURCE: string
    readonly TARGET: string
    readonly assemble: (text: string) => Buffer
    readonly moduleOf: (source: string) => string
  }
  let assembler: Assembler
  before(async () => {
    assembler = (await import(new URL('tools/make-ebpf.mjs', root).href)) as Assembler
  })
  const hex = (text: string) => assembler.assemble(text).toString('hex')

  it('is what its source says', () => {
    const { TARGET, SOURCE, moduleOf } = assembler
    expect(readFileSync(fileURLToPath(new URL(TARGET, root)), 'utf8')).to.equal(moduleOf(SOURCE))
  })
  it('encodes as RFC 9669 has it', () => {
    // opcode, registers, offset, immediate
    expect(hex('mov r0, 1\nexit')).to.equal(`b7000000010000009500000000000000`)
    expect(hex('A = -8\nstxdw [r10 + A], r2')).to.equal('7b2af8ff00000000')
    expect(hex('ldxh r1, [r6 + 4 + 2]')).to.equal('6961060000000000')
    expect(hex('a:\njeq r1, 5, a')).to.equal('1501ffff05000000')
    expect(hex('jge r1, r8, b\nlddw r1, flows\nb:\nbe16 r3')).to.equal(
      '3d81020000000000' + '1811000000000000' + '0000000000000000' + 'dc03000010000000',
    )
    expect(hex('be32 r3 ; counts')).to.equal('dc03000020000000')
  })
  it('is refused with the line that is wrong', () => {
    for (const [text, fault] of [
      ['exit\njump r1', /line 2: jump/],
      ['ja nowhere', /line 1: nowhere/],
      ['mov r1, WHAT', /line 1: WHAT/],
      ['mov one, 1', /line 1: one/],
      ['ldxw r1, [6]', /line 1: \[6\]/],
      ['call printk', /line 1: printk/],
      ['lddw r1, other', /line 1/],
    ] as const)
      expect(() => assembler.assemble(text), text).to.throw(fault)
  })
})
