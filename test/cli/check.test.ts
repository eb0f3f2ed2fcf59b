// `check` as users run it, over labelled captures.

import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { CheckAnswer } from '../../src/check-capture.js'
import { checkCapture } from '../../src/check-capture.js'
import { hellotap } from '../hellotap.js'

const folder = resolve(import.meta.dirname, '../../captures/clients')
const labels = readFileSync(join(folder, 'labels.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map(
    (line) =>
      JSON.parse(line) as {
        file: string
        notes: string
        user_agent: string | null
        impersonates?: string
      },
  )
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'

const answersIn = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CheckAnswer)

async function verdictOf(file: string, userAgent: string): Promise<CheckAnswer[]> {
  const answers = []
  for await (const answer of checkCapture(join(folder, file), { userAgent })) answers.push(answer)
  return answers
}

describe('hellotap check', () => {
  it('prints one line for each client address, with reasons, bound and knowledge', async () => {
    const { code, stdout } = await hellotap(
      ['check', 'curl-openssl3.0-fakechrome-ua.pcap', '--user-agent', CHROME],
      { cwd: folder },
    )
    expect(code).to.equal(0)
    const [answer, ...others] = answersIn(stdout)
    expect(others).to.deep.equal([])
    expect(answer).to.include({ src: '127.0.0.1', verdict: 'inconsistent', hellos: 10 })
    expect(answer?.axes).to.deep.include({ software: 'inconsistent', os: 'inconsistent' })
    expect(answer?.reasons.map(({ code }) => code)).to.include.members([
      'family.other',
      'grease.absent',
      'os.syn_other',
    ])
    expect(answer?.knowledge).to.match(/^\d{4}-\d\d-\d\d\/\d+$/)
  })

  it('does not judge the system behind a proxy', async () => {
    const { stdout } = await hellotap(
      ['check', 'chromium156.pcap', '--behind-proxy', '--user-agent', CHROME.replace('131', '156')],
      { cwd: folder },
    )
    expect(answersIn(stdout)[0]).to.include({ verdict: 'consistent' })
  })

  it('gives one answer for a capture, for it on stdin, and for its lines', async () => {
    const args = ['--user-agent', CHROME]
    const capture = readFileSync(join(folder, 'wreq-firefox-135.pcap'))
    const lines = await hellotap(['read', '--hello', 'wreq-firefox-135.pcap'], { cwd: folder })
    const [file, piped, read] = await Promise.all([
      hellotap(['check', 'wreq-firefox-135.pcap', ...args], { cwd: folder }),
      hellotap(['check', '-', ...args], { input: capture }),
      hellotap(['check', '-', ...args], { input: Buffer.from(lines.stdout) }),
    ])
    expect(answersIn(file.stdout)).to.have.length(1)
    expect(piped.stdout).to.equal(file.stdout)
    expect(read.stdout).to.equal(file.stdout)
  })

  it('says what it cannot read, and what has no hello', async () => {
    const missing = await hellotap(['check', 'nothing.pcap'], { cwd: folder })
    expect(missing.code).to.equal(1)
    expect(missing.stderr).to.include('nothing.pcap')
    const lines = await hellotap(['check', '-'], { input: Buffer.from('{"src":"192.0.2.1"}\n') })
    expect(lines.stdout).to.equal('')
    expect(lines.stderr).to.include('--hello')
  })
})

describe('checkCapture', () => {
  it('accuses no honest client, and every liar', async function () {
    this.timeout(120_000)
    const accused: string[] = []
    const missed: string[] = []
    for (const { file, notes, user_agent, impersonates } of labels) {
      if (user_agent === null || user_agent === '' || impersonates !== undefined) continue
      const verdicts = (await verdictOf(file, user_agent)).map(({ verdict }) => verdict)
      const isAccused = verdicts.includes('inconsistent')
      if (/\bLIAR\b/.test(notes)) {
        if (!isAccused) missed.push(file)
      } else if (isAccused) accused.push(file)
    }
    expect(accused).to.deep.equal([])
    expect(missed).to.deep.equal([])
  })

  it('learns User-Agents from plain HTTP in the capture', async () => {
    const userAgent = 'curl/7.88.1'
    const capture = readFileSync(join(folder, 'curl-openssl3.0.pcap'))
    const payload = Buffer.from(
      `GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ${userAgent}\r\n\r\n`,
    )
    const answers = []
    const input = Readable.from([capture, recordOf(ethernet(payload))])
    for await (const answer of checkCapture(input)) answers.push(answer)
    expect(answers.map(({ src, user_agent }) => [src, user_agent])).to.deep.equal([
      ['127.0.0.1', userAgent],
    ])
    const [unknown] = await verdictsOf(capture)
    expect(unknown).to.include({ verdict: 'unknown' })
    expect(unknown).to.not.have.property('user_agent')
  })
})

async function verdictsOf(capture: Buffer): Promise<CheckAnswer[]> {
  const answers = []
  for await (const answer of checkCapture(Readable.from([capture]))) answers.push(answer)
  return answers
}

/** A packet's record of a little-endian pcap. */
function recordOf(frame: Buffer): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(1_800_000_000)
  header.writeUInt32LE(frame.length, 8)
  header.writeUInt32LE(frame.length, 12)
  return Buffer.concat([header, frame])
}

/** `payload` from 127.0.0.1 to port 80, in TCP over IPv4 over Ethernet. */
function ethernet(payload: Buffer): Buffer {
  const ip = Buffer.from('4500000000004000400600007f0000017f000001', 'hex')
  ip.writeUInt16BE(40 + payload.length, 2)
  const tcp = Buffer.from('9c400050000000010000000150180200' + '00000000', 'hex')
  return Buffer.concat([Buffer.alloc(12), Buffer.from([8, 0]), ip, tcp, payload])
}
