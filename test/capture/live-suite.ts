import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { engines, namespaces, needs, tools } from '../capability.js'
import type { Gap } from '../../src/capture/live/gaps.js'
import type { EngineName } from '../../src/capture/live/child-message.js'
import { Lab, Runner, datagramOf, ip } from './live-lab.js'

/** What every engine must do, over real interfaces. */
export function liveSuite(engine: EngineName): void {
  describe(`live capture, engine ${engine}`, function () {
    let lab: Lab

    before(function () {
      needs(this, namespaces, engines, tools('openssl', 'curl'))
      lab = new Lab()
    })
    after(() => (lab as Lab | undefined)?.close())

    describe('over gaps', () => {
      let runner: Runner

      before(async () => {
        runner = await lab
          .run({ interface: 'va', ports: [443], heartbeatMillis: 150, engine })
          .opened()
        void lab.send({ everyMillis: 5 })
        await seenAgain('datagrams come')
      })
      after(() => runner.stop())

      /** Datagrams sent from now on are seen. */
      async function seenAgain(what: string): Promise<void> {
        const from = Number(process.hrtime.bigint()) / 1e6
        await runner.until(what, () => {
          const last = runner.frames.at(-1)
          return last !== undefined && (datagramOf(last)?.sentMillis ?? 0) > from
        })
      }

      /** The gap that `cause` makes, once it is over and datagrams are seen after it. */
      async function gapOf(cause: () => Promise<void> | void): Promise<Gap | undefined> {
        const before = runner.gaps.length
        await cause()
        await runner.until('the gap is over', () => runner.gaps.length === before + 1)
        await seenAgain('datagrams come after the gap')
        expect(runner.counters.capture_gaps).to.equal(before + 1)
        return runner.gaps[before]
      }

      it('gives frames with their link type and time', () => {
        const frame = runner.frames.find((each) => datagramOf(each) !== undefined)
        expect(frame?.linkType).to.equal(1)
        expect(Math.abs((frame?.timeMicros ?? 0) / 1e3 - Date.now())).to.be.below(5_000)
        expect(frame?.bytes).to.have.lengthOf(2 * (14 + 20 + 8 + 100))
      })

      it('gives a frame within milliseconds', async () => {
        const from = runner.frames.length
        await runner.until('some are seen', () => runner.frames.length > from + 100)
        const delays = runner.frames
          .slice(from)
          .map((frame) => frame.at - (datagramOf(frame)?.sentMillis ?? Number.NaN))
          .filter((delay) => !Number.isNaN(delay))
          .sort((a, b) => a - b)
        expect(delays[delays.length >> 1]).to.be.within(0, 20)
      })

      it('passes frames with a VLAN tag, tag included', async () => {
        const plain = runner.frames.find((frame) => datagramOf(frame) !== undefined)?.bytes ?? ''
        const tagged = `${plain.slice(0, 24)}81000007${plain.slice(24)}`
        lab.exec(
          lab.b,
          process.execPath,
          '-e',
          `const { Cap } = require('cap'); const cap = new Cap()
         cap.open('vb', '', 65536, Buffer.alloc(65535))
         cap.send(Buffer.from('${tagged}', 'hex')); cap.close()`,
        )
        await runner.until('it is seen', () => runner.frames.some(({ bytes }) => bytes === tagged))
      })

      it('replaces a child that was killed', async () => {
        const killed = runner.childPid
        const gap = await gapOf(() => void process.kill(killed, 'SIGKILL'))
        expect(gap?.reason).to.equal('child-crashed')
        expect(runner.logs.join('\n')).to.contain('SIGKILL')
        expect(runner.childPid).to.not.equal(killed)
      })

      it('replaces a child that does not answer', async () => {
        const countedBefore = runner.counters.capture_gap_millis ?? 0
        const stoppedAt = Date.now()
        const gap = await gapOf(() => void process.kill(runner.childPid, 'SIGSTOP'))
        expect(gap?.reason).to.equal('child-silent')
        // from its last sign of life on, at most one beat before it was stopped, and not since it was found silent
        expect(gap?.startedAt).to.be.below(stoppedAt + 150)
        expect(gap?.durationMs).to.be.above(9 * 150)
        expect((runner.counters.capture_gap_millis ?? 0) - countedBefore).to.be.above(9 * 150)
      })

      it('resumes when the interface was down, and counts the gap', async () => {
        const countedBefore = runner.counters.capture_gap_millis ?? 0
        const gap = await gapOf(async () => {
          ip('-n', lab.a, 'link', 'set', 'va', 'down')
          await sleep(600)
          ip('-n', lab.a, 'link', 'set', 'va', 'up')
        })
        expect(gap?.interface).to.equal('va')
        expect(gap?.reason).to.equal('interface-down')
        expect(gap?.durationMs).to.be.within(500, 8_000)
        const { startedAt = 0, durationMs = 0 } = gap ?? {}
        expect(Math.abs(startedAt + durationMs - Date.now())).to.be.below(5_000)
        const counted = (runner.counters.capture_gap_millis ?? 0) - countedBefore
        expect(Math.abs(counted - durationMs)).to.be.below(5)
        expect(runner.logs.at(-2)).to.match(/^va went down.*: not captured until it is back$/)
        expect(runner.logs.at(-1)).to.match(/^va is captured again, after [\d.]+ s$/)
      })

      it('resumes when the interface was deleted and made again', async () => {
        const gap = await gapOf(async () => {
          ip('-n', lab.a, 'link', 'delete', 'va')
          await sleep(400)
          lab.addPair()
        })
        expect(gap?.reason).to.equal('interface-gone')
        // the native engine's child captures on when the interface was down
        expect(runner.counters.capture_child_crashes).to.equal(engine === 'native' ? 3 : 4)
      })

      it('gives what was seen before it was stopped', async () => {
        await runner.stop()
        expect(runner.hasEnded).to.equal(true)
        expect(runner.gaps).to.have.lengthOf(4)
        const last = runner.sequences().at(-1) ?? 0
        expect(last).to.be.above(100)
      })
    })

    it('sees a whole TLS connection on loopback, byte for byte what tcpdump sees', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'hellotap-live-'))
      try {
        execFileSync(
          'openssl',
          `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 -keyout ${folder}/key -out ${folder}/cert`.split(
            ' ',
          ),
          { stdio: 'ignore' },
        )
        const file = join(folder, 'lo.pcap')
        const runner = lab.run({ interface: 'lo', engine })
        const tcpdump = lab.spawn(
          lab.a,
          'tcpdump',
          '-i',
          'lo',
          '-U',
          '--immediate-mode',
          '-Z',
          'root',
          '-w',
          file,
        )
        await said(tcpdump.stderr, /listening on/)
        await runner.opened()
        const server = lab.spawn(
          lab.a,
          'openssl',
          's_server',
          '-accept',
          '443',
          '-www',
          '-cert',
          `${folder}/cert`,
          '-key',
          `${folder}/key`,
        )
        await said(server.stdout, /ACCEPT/)
        lab.exec(lab.a, 'curl', '-sk', 'https://127.0.0.1/')
        const isFin = ({ bytes }: { bytes: string }) => (Buffer.from(bytes, 'hex')[47] ?? 0) & 1
        await runner.until('both ends have closed', () => runner.frames.filter(isFin).length >= 2)
        await runner.stop()
        // -U writes each packet; tcpdump hands over what is in its buffer when it is interrupted
        const done = new Promise((resolve) => tcpdump.once('exit', resolve))
        tcpdump.kill('SIGINT')
        await done
        expect(runner.frames.map(({ bytes }) => bytes).sort()).to.deep.equal(framesOf(file).sort())
        expect(runner.frames.some(({ bytes }) => /^.{132}160301.{4}01/.test(bytes))).to.equal(true)
        expect(runner.frames.some(({ bytes }) => /^.{132}160303.{4}02/.test(bytes))).to.equal(true)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    it('gives or counts every frame when its blocks are not taken', async () => {
      const quiet = new Lab()
      quiet.quiet()
      // cap cannot tell what its ring lost, so it is not to lose any
      const ringBytes = (engine === 'native' ? 1 : 64) << 20
      const bounds = { queueBytes: 1 << 18, ringBytes, heartbeatMillis: 100 }
      try {
        const runner = await quiet
          .run({ interface: 'va', ports: [443], engine, ...bounds })
          .opened()
        runner.process.send({ pauseMillis: 1500 })
        const sent = await quiet.send({ count: 3000, burst: 20, everyMillis: 5, size: 1200 })
        const dropped = () => {
          const { capture_child_dropped = 0, capture_kernel_dropped = 0 } = runner.counters
          return capture_child_dropped + capture_kernel_dropped
        }
        const accounted = () => runner.sequences().length + dropped()
        await runner.until('every frame is given or counted', () => accounted() >= sent)
        await runner.stop()
        const { capture_kernel_dropped = 0 } = runner.counters
        expect(dropped()).to.be.above(0)
        expect(sent).to.equal(3000)
        expect(accounted()).to.equal(sent)
        expect(runner.dropped).to.equal(engine === 'native' ? capture_kernel_dropped : undefined)
        expect(runner.gaps).to.deep.equal([])
      } finally {
        await quiet.close()
      }
    })

    it('leaves no child behind when it is killed', async () => {
      const runner = await lab.run({ interface: 'va', engine }).opened()
      const { childPid } = runner
      expect(isAlive(childPid)).to.equal(true)
      runner.process.kill('SIGKILL')
      for (let i = 0; i < 100 && isAlive(childPid); i++) await sleep(20)
      expect(isAlive(childPid)).to.equal(false)
    })

    it('opens an interface without Ethernet, whose link type refuses the VLAN part of the filter', async () => {
      ip('-n', lab.a, 'tuntap', 'add', 'tun7', 'mode', 'tun')
      ip('-n', lab.a, 'link', 'set', 'tun7', 'up')
      const runner = await lab.run({ interface: 'tun7', ports: [443], engine }).opened()
      await runner.stop()
      expect(runner.hasEnded).to.equal(true)
    })

    it('says what keeps it from capturing, with the remedy', async () => {
      ip('-n', lab.a, 'link', 'add', 'down0', 'type', 'veth', 'peer', 'name', 'down1')
      // root without a capability: the files stay readable wherever the checkout lies
      const powerless = ['setpriv', '--inh-caps=-all', '--bounding-set=-all']
      const inside = ['ip', 'netns', 'exec', lab.a]
      const withoutEngines = copyWithoutEngines()
      try {
        const [unknown, down, unprivileged, withoutEngine] = await Promise.all([
          lab.run({ interface: 'eth77', engine }).failed(),
          lab.run({ interface: 'down0', engine }).failed(),
          new Runner([...inside, ...powerless], { interface: 'va', engine }).failed(),
          lab
            .run({ interface: 'va', engine }, join(withoutEngines, 'test/capture/live-runner.ts'))
            .failed(),
        ])
        expect(unknown.code).to.equal('NO_INTERFACE')
        expect(unknown.message).to.match(/"eth77".*\blo\b.*\bva\b/)
        expect(down.code).to.equal('INTERFACE_DOWN')
        expect(down.message).to.contain('sudo ip link set down0 up')
        expect(unprivileged.code).to.equal('NO_PERMISSION')
        expect(unprivileged.message).to.match(/sudo setcap cap_net_raw\+ep \/\S+/)
        expect(withoutEngine.code).to.equal('NO_ENGINE')
        expect(withoutEngine.message).to.match(
          engine === 'native' ? /libpcap-dev.*npm run build/ : /libpcap-dev.*npm rebuild cap/,
        )
      } finally {
        rmSync(withoutEngines, { recursive: true })
      }
    })
  })
}

/** Resolves when `stream` has said `words`. */
function said(stream: NodeJS.ReadableStream | null, words: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (words.test(text)) resolve()
    })
    stream?.on('end', () => reject(new Error(`${words.source} was not said: ${text}`)))
  })
}

/** Frames of a little-endian pcap file, in hex. */
function framesOf(file: string): string[] {
  const bytes = readFileSync(file)
  const frames: string[] = []
  for (let off = 24; off < bytes.length;) {
    const end = off + 16 + bytes.readUInt32LE(off + 8)
    frames.push(bytes.toString('hex', off + 16, end))
    off = end
  }
  return frames
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** What a live source is made of, where neither engine is to be found. */
function copyWithoutEngines(): string {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-no-engine-'))
  for (const part of [
    'package.json',
    'src/base',
    'src/model',
    'src/capture',
    'src/kernels',
    'dist/capture',
    'dist/chunks',
    'test/capture/live-runner.ts',
  ])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(join(root, 'node_modules/tsx'), join(folder, 'node_modules/tsx'))
  return folder
}
