// Each command once in this process, where coverage sees it. What users run, the packed program, is tested beside.

import { expect } from 'chai'
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
import { capture, needs } from '../capability.js'
import { freePort, sightingsIn } from '../hellotap.js'
import { RedisServer, until } from '../store/redis-server.js'
import { inProcess, stopCommand } from './in-process.js'

const captures = resolve(import.meta.dirname, '../../captures')
const curl = join(captures, 'curl-openssl3.5.pcap')
const chromium = join(captures, 'chromium156.pcap')
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

describe('in this process', function () {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-commands-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  describe('hellotap', () => {
    it('prints its help, and that of each command', async () => {
      const help = await inProcess(['--help'])
      expect(help.code).to.equal(0)
      for (const [, name = ''] of help.stdout.matchAll(/^ {2}hellotap ([a-z]+)/gm)) {
        const { code, stdout } = await inProcess([name, '--help'])
        expect({ name, code }).to.deep.equal({ name, code: 0 })
        expect(stdout).to.contain(`hellotap ${name}`)
      }
    })

    it('names what it does not know, with exit code 2', async () => {
      for (const [words, fault] of [
        [[], /a command is missing/],
        [['raed'], /"?raed"?.*read/s],
        [['read', '--frobnicate', curl], /frobnicate/],
        [['read'], /argument/],
        [['serve'], /--redis/],
        [['search', 'ja4~t13*'], /--history/],
        [['batch', 'status'], /--redis/],
        [['token', 'add'], /NAME/],
        [['registry', 'cyphers'], /unknown registry "cyphers"/],
        [['read', '--format', 'xml', curl], /format/],
      ] as const) {
        const { code, stderr } = await inProcess(words)
        expect({ words, code }).to.deep.equal({ words, code: 2 })
        expect(stderr).to.match(fault)
      }
    })
  })

  describe('read', () => {
    it('writes every format, a file or stdout', async () => {
      const golden = lines(readFileSync(curl.replace('.pcap', '.jsonl'), 'utf8'))
      const { code, stdout, stderr } = await inProcess(['read', '--jobs', '1', curl])
      expect(code, stderr).to.equal(0)
      expect(sightingsIn(stdout).map(({ ja4 }) => ja4)).to.deep.equal(
        sightingsIn(golden.join('\n')).map(({ ja4 }) => ja4),
      )
      for (const [format, pattern] of [
        ['csv', /^time,/],
        ['table', /t13d/],
        ['eve', /"event_type":"tls"/],
        ['ecs', /"tls":/],
        ['zeek', /^#separator/],
      ] as const) {
        const file = join(folder, `lines.${format}`)
        const read = await inProcess(['read', '--format', format, '-o', file, curl])
        expect(read.code, read.stderr).to.equal(0)
        expect(readFileSync(file, 'utf8')).to.match(pattern)
      }
    })

    it('reads what is there where a file is not, and exits with 1', async () => {
      const { code, stdout, stderr } = await inProcess(['read', join(folder, 'none.pcap'), curl])
      expect(code).to.equal(1)
      expect(stderr).to.match(/none\.pcap/)
      expect(sightingsIn(stdout)).to.not.be.empty
    })

    it('writes a history that search finds, by sightings and by counts', async () => {
      const history = join(folder, 'history')
      const read = await inProcess([
        ...['read', '--format', 'parquet', '-o', history, '--identify', '--server', curl, chromium],
      ])
      expect(read.code, read.stderr).to.equal(0)
      const search = (...words: readonly string[]) =>
        inProcess(['search', '--history', history, ...words])
      const all = await search('proto=tcp')
      expect(all.code, all.stderr).to.equal(0)
      const [first] = sightingsIn(all.stdout)
      const found = await search(`ja4=${first?.ja4 ?? ''}`, '--format', 'csv')
      expect(found.stdout).to.contain(first?.ja4)
      const counts = await search('--by', 'ja4', '--format', 'table')
      expect(counts.stdout).to.contain(first?.ja4)
      const wrong = await search('ja4=')
      expect(wrong.code).to.equal(2)
      expect(wrong.stderr).to.contain('^')
    })
  })

  describe('commands on captures', () => {
    it('identify names the library of a capture and of a fingerprint; lines are made again and checked', async () => {
      const ofCapture = await inProcess(['identify', curl])
      expect(ofCapture.code, ofCapture.stderr).to.equal(0)
      expect(lines(ofCapture.stdout)[0]).to.contain('"library":"OpenSSL"')
      const hellos = join(folder, 'hellos.jsonl')
      await inProcess(['read', '--hello', '-o', hellos, curl])
      const [sighting] = sightingsIn(readFileSync(hellos, 'utf8'))
      const ofValue = await inProcess(['identify', sighting?.sha3_384_stable ?? ''])
      expect(ofValue.stdout).to.contain('OpenSSL')
      const again = await inProcess(['refingerprint', hellos])
      expect(again.code, again.stderr).to.equal(0)
      expect(again.stdout).to.equal(readFileSync(hellos, 'utf8'))
      const checked = await inProcess(['check', hellos, '--user-agent', 'curl/8.14.1'])
      expect(checked.stdout).to.match(/"verdict":"(consistent|unknown)"/)
    })

    it('check accuses a claim that the hello contradicts', async () => {
      const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
      const { code, stdout } = await inProcess(['check', curl, '--user-agent', firefox])
      expect(code).to.equal(0)
      expect(stdout).to.contain('"verdict":"inconsistent"')
    })

    it('diff says what differs, learn adds a profile that identify then knows', async () => {
      const diff = await inProcess(['diff', curl, join(captures, 'curl-openssl3.0.pcap')])
      expect(diff.stdout).to.match(/^plus /m)
      const knowledge = join(folder, 'own.json')
      const learnt = await inProcess([
        ...['learn', join(captures, 'cycletls-default.pcap'), '--knowledge', knowledge],
        ...['--label', 'library=Own,version=1.0,application=own-client'],
      ])
      expect(learnt.code, learnt.stderr).to.equal(0)
      expect(learnt.stderr).to.contain('own-client')
      const named = await inProcess([
        ...['identify', '--knowledge', knowledge, join(captures, 'cycletls-default.pcap')],
      ])
      expect(named.stdout).to.contain('own-client')
    })

    it('registry, filter and interfaces print what they are asked for', async () => {
      expect((await inProcess(['registry'])).stdout).to.contain('extensions')
      expect((await inProcess(['registry', 'extensions', '--json'])).stdout).to.contain('"rows"')
      expect((await inProcess(['registry', 'extensions', '0x002b'])).stdout).to.contain(
        'supported_versions',
      )
      expect((await inProcess(['registry', '--check'])).stdout).to.match(/as in the tables/)
      expect((await inProcess(['filter', '--ports', '443'])).stdout).to.contain('443')
      expect((await inProcess(['interfaces'])).stdout).to.contain('lo')
    })
  })

  describe('with Redis', () => {
    let redis: RedisServer
    before(async () => {
      redis = await RedisServer.start()
    })
    after(() => redis.stop())

    it('read feeds it, lookup finds it, serve answers top and the doctor', async function () {
      const fed = await inProcess([
        'read',
        curl,
        '--redis',
        redis.url,
        '--as-of',
        'now',
        '--dedupe',
      ])
      expect(fed.code, fed.stderr).to.equal(0)
      const [sighting] = sightingsIn(readFileSync(curl.replace('.pcap', '.jsonl'), 'utf8'))
      const found = await inProcess(['lookup', sighting?.ja4 ?? '', '--redis', redis.url])
      expect(found.code, found.stderr).to.equal(0)
      expect(found.stdout).to.contain(sighting?.sha3_384_stable)
      const ofNobody = await inProcess(['lookup', '192.0.2.9', '--redis', redis.url])
      expect(ofNobody.code).to.equal(1)
      const port = await freePort()
      const shared = ['--redis', redis.url, '--data-dir', folder]
      const served = await inProcess(
        ['serve', '--http-port', String(port), '--https-port', '0', ...shared],
        async (printed) => {
          await until(() => /serving http/.test(printed().stderr), 10_000, 'serving')
          const top = await fetch(`http://127.0.0.1:${port}/healthz`)
          expect(top.status).to.equal(200)
          await inProcess(['top', '--once', '--data-dir', folder]).then(({ code, stdout }) => {
            expect(code).to.equal(0)
            expect(stdout).to.contain(sighting?.ja4)
          })
          const asked = await inProcess(['lookup', sighting?.ja4 ?? '', '--data-dir', folder])
          expect(asked.stdout).to.contain(sighting?.sha3_384_stable)
          stopCommand()
        },
      )
      expect(served.code, served.stderr).to.equal(0)
    })

    it('token adds, lists and revokes', async () => {
      const token = (...words: readonly string[]) =>
        inProcess(['token', ...words, '--redis', redis.url])
      const added = await token('add', 'soc', '--role', 'analyst', '--expires', '90d')
      expect(added.code, added.stderr).to.equal(0)
      expect(added.stdout.trim()).to.have.length.above(20)
      expect((await token('add', 'soc', '--role', 'reader')).code).to.equal(1)
      expect((await token('list')).stdout).to.match(/soc +analyst/)
      expect((await token('revoke', 'soc')).code).to.equal(0)
      expect((await token('revoke', 'soc')).code).to.equal(1)
    })

    it('batch queues, works, counts, and retries what failed', async () => {
      const inputs = join(folder, 'inputs')
      const outputs = join(folder, 'outputs')
      for (const each of [inputs, outputs]) mkdirSync(each)
      copyFileSync(curl, join(inputs, 'a.pcap'))
      writeFileSync(join(inputs, 'b.pcap'), 'no capture at all')
      const batch = (...words: readonly string[]) =>
        inProcess(['batch', ...words, '--redis', redis.url])
      const added = await batch('add', inputs, '-o', outputs)
      expect(added.stderr).to.match(/captures? queued/)
      const worked = await batch('work', '--drain', '--jobs', '1')
      expect(worked.code, worked.stderr).to.equal(0)
      expect(readdirSync(outputs), worked.stderr).to.have.length(1)
      const status = JSON.parse((await batch('status', '--json')).stdout) as Record<string, number>
      expect(status['waiting']).to.equal(0)
      expect((await batch('status')).stdout).to.match(/^done/m)
      expect((await batch('retry')).stderr).to.match(/queued again/)
    })
  })

  it('doctor sends a hello and sees it', async function () {
    needs(this, capture)
    const { stdout, stderr } = await inProcess([
      ...['doctor', '--json', '--seconds', '1', '-i', 'lo'],
    ])
    expect(stderr).to.equal('')
    const { checks } = JSON.parse(stdout) as { checks: { name: string; outcome: string }[] }
    expect(checks.find(({ name }) => name === 'hello')?.outcome).to.equal('ok')
  })
})
