import { expect } from 'chai'
import { Redis } from 'ioredis'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, ListenOptions, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOutputSpec } from '../../src/output/output-spec.js'
import type { OutputSpec } from '../../src/output/output-spec.js'
import type { OutputsOptions } from '../../src/output/outputs.js'
import { Outputs } from '../../src/output/outputs.js'
import { needs, tools } from '../capability.js'
import { RedisServer, until } from '../store/redis-server.js'

const folder = new URL('../../captures/', import.meta.url)
const lines = readFileSync(new URL('curl-nss.jsonl', folder))
const texts = lines.toString().split('\n').slice(0, -1)

/** A receiver over a stream socket. */
class Receiver {
  text = ''
  server: Server | undefined

  async listen(options: ListenOptions): Promise<number> {
    this.server = createServer((socket) =>
      socket.on('data', (data) => (this.text += data.toString())),
    )
    this.server.listen(options)
    await once(this.server, 'listening')
    const address = this.server.address() as AddressInfo | string
    return typeof address === 'string' ? 0 : address.port
  }

  close(): void {
    this.server?.close()
  }
}

describe('outputs', () => {
  let scratch: string
  beforeEach(() => (scratch = mkdtempSync(join(tmpdir(), 'hellotap-outputs-'))))
  afterEach(() => rmSync(scratch, { recursive: true }))

  let time = new Date('2026-11-30T12:00:00Z')
  const open = (specs: readonly string[], options: Partial<OutputsOptions> = {}) =>
    Outputs.open(
      specs.map((spec) => parseOutputSpec(spec) as OutputSpec),
      {
        format: 'jsonl',
        isLive: false,
        terminal: { width: 100, isColoured: false },
        now: () => time,
        rotate: {},
        ...options,
      },
    )
  const content = (name: string) => readFileSync(join(scratch, name), 'utf8')

  it('writes several files at once, JSON lines byte for byte', async () => {
    const outputs = await open([
      join(scratch, 'deep/er/a.jsonl'),
      `zeek:${join(scratch, 'ssl.log')}`,
      `eve:${join(scratch, 'eve.json')}`,
    ])
    void outputs.put(lines)
    await outputs.close()
    expect(content('deep/er/a.jsonl')).to.equal(lines.toString())
    expect(content('ssl.log').match(/^\d/gm)?.length).to.equal(texts.length)
    expect(content('ssl.log')).to.match(/^#separator[^]*#close[^\n]*\n$/)
    expect(content('eve.json').split('\n').length).to.equal(texts.length + 1)
  })

  it('rotates by size, each file with its header, no row in two files, the oldest removed', async () => {
    const outputs = await open([`csv:${join(scratch, 'out.csv')}`], {
      rotate: { maxBytes: 8_000, keep: 3 },
    })
    for (let i = 0; i < 3; i++) {
      time = new Date(time.getTime() + 1000)
      void outputs.put(lines)
    }
    await outputs.close()
    const files = readdirSync(scratch).sort()
    expect(files.length).to.equal(4)
    for (const file of files) {
      expect(content(file)).to.match(/^time,id,/)
      expect(content(file).length).to.be.below(8_100)
    }
  })

  it('rotates by age, on request, and reopens a file that was renamed', async () => {
    const outputs = await open([join(scratch, 'out.jsonl')], { rotate: { everyMillis: 60_000 } })
    void outputs.put(lines)
    time = new Date(time.getTime() + 61_000)
    void outputs.put(lines)
    outputs.rotate()
    void outputs.put(lines)
    renameSync(join(scratch, 'out.jsonl'), join(scratch, 'moved'))
    outputs.reopen()
    void outputs.put(lines)
    await outputs.close()
    const files = readdirSync(scratch)
    expect(files.length).to.equal(4)
    for (const file of files) expect(content(file)).to.equal(lines.toString())
  })

  it('sends JSON lines to a Unix socket', async () => {
    const receiver = new Receiver()
    await receiver.listen({ path: join(scratch, 'socket') })
    const outputs = await open([`unix://${join(scratch, 'socket')}`])
    await outputs.put(lines)
    await outputs.close()
    await until(() => receiver.text.length >= lines.length)
    expect(receiver.text).to.equal(lines.toString())
    receiver.close()
  })

  it('sends syslog messages by RFC 5424, counted by RFC 6587 over TCP', async () => {
    const receiver = new Receiver()
    const port = await receiver.listen({ port: 0, host: '127.0.0.1' })
    const outputs = await open([`eve:syslog://127.0.0.1:${port}`])
    await outputs.put(lines)
    await outputs.close()
    const messages: string[] = []
    await until(() => {
      messages.length = 0
      for (let rest = Buffer.from(receiver.text), match; rest.length > 0;) {
        match = /^(\d+) /.exec(rest.toString('latin1', 0, 12))
        if (match === null) return false
        const from = match[0].length
        const end = from + Number(match[1])
        if (rest.length < end) return false
        messages.push(rest.toString('utf8', from, end))
        rest = rest.subarray(end)
      }
      return messages.length === texts.length
    })
    for (const message of messages) {
      const [, stamp, , json = ''] =
        /^<134>1 (\S+) (\S+) hellotap \d+ sighting - (\{.*\})$/.exec(message) ?? []
      expect(Date.parse(stamp ?? '')).to.be.above(0)
      expect(JSON.parse(json)).to.have.property('event_type', 'tls')
    }
    receiver.close()
  })

  it('sends one syslog datagram a sighting over UDP', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const messages: string[] = []
    socket.on('message', (message) => messages.push(message.toString()))
    const outputs = await open([`ecs:syslog+udp://127.0.0.1:${socket.address().port}`])
    await outputs.put(lines)
    await outputs.close()
    await until(() => messages.length === texts.length)
    for (const message of messages)
      expect(message).to.match(/^<134>1 \S+ \S+ hellotap \d+ sighting - \{"@timestamp"/)
    socket.close()
  })

  it('adds entries to a Redis stream, which it trims', async function () {
    needs(this, tools('redis-server'))
    const server = await RedisServer.start()
    const outputs = await open([`${server.url}/0?stream=tls&maxlen=5000`])
    await outputs.put(lines)
    await outputs.close()
    const redis = new Redis(server.url)
    const entries = await redis.xrange('tls', '-', '+')
    expect(entries.map(([, [, json]]) => json)).to.deep.equal(texts)
    redis.disconnect()
    await server.stop()
  })

  it('keeps a live capture going while a receiver is away, and counts what it dropped', async () => {
    const events: string[] = []
    const path = join(scratch, 'socket')
    const outputs = await open([`unix://${path}`], {
      isLive: true,
      onStuck: (target, reason) => events.push(`${target}: ${reason}`),
      onFree: (_, dropped) => events.push(`free ${dropped}`),
    })
    const rounds = Math.ceil((6 << 20) / lines.length)
    for (let i = 0; i < rounds; i++) expect(outputs.put(lines)).to.equal(undefined)
    expect(outputs.dropped).to.be.above(0)
    await until(() => events.length === 1)
    expect(events[0]).to.match(/^unix:.*socket: connect/)
    const receiver = new Receiver()
    await receiver.listen({ path })
    await until(() => events.length === 2)
    await outputs.close()
    const sent = rounds * texts.length - outputs.dropped
    await until(() => receiver.text.split('\n').length - 1 === sent)
    expect(events[1]).to.equal(`free ${outputs.dropped}`)
    receiver.close()
  })

  it('ends a reading whose receiver stays away, with the reason', async () => {
    const outputs = await open([`unix://${join(scratch, 'nobody')}`])
    let reason = ''
    try {
      for (let i = 0; i < 2000; i++) await outputs.put(lines)
      await outputs.close()
    } catch (error) {
      reason = (error as Error).message
    }
    expect(reason).to.match(/^the output unix:.*nobody cannot be written: connect ENOENT/)
  })

  it('names what is wrong with a target', () => {
    expect(parseOutputSpec('tcp://host')).to.match(/needs a host and a port/)
    expect(parseOutputSpec('amqp://host:9092')).to.match(/unknown kind of output amqp/)
    expect(parseOutputSpec('csv:')).to.match(/names no file/)
    expect(parseOutputSpec('redis://h/0?maxlen=-1')).to.match(/maxlen/)
    expect(parseOutputSpec('csv:a:b')).to.deep.equal({
      format: 'csv',
      target: { kind: 'file', path: 'a:b' },
    })
  })
})
