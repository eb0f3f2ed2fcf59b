import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { crc32c } from '../../src/output/kafka-record-batch.js'
import { KafkaTransport } from '../../src/output/kafka-transport.js'
import { parseOutputSpec } from '../../src/output/output-spec.js'
import type { OutputSpec } from '../../src/output/output-spec.js'
import { Outputs } from '../../src/output/outputs.js'
import { QueuedSink } from '../../src/output/queued-sink.js'
import { needs, tools } from '../capability.js'
import { freePort, until } from '../store/redis-server.js'
import { KafkaBroker } from './kafka-broker.js'

const lines = readFileSync(new URL('../../captures/curl-nss.jsonl', import.meta.url), 'utf8')
const texts = lines.split('\n').slice(0, -1)
const open = (spec: string, isLive = false) =>
  Outputs.open([parseOutputSpec(spec) as OutputSpec], {
    format: 'jsonl',
    isLive,
    terminal: { width: 100, isColoured: false },
    now: () => new Date(),
    rotate: {},
  })
const target = (address: string, topic = 'hellos') => {
  const [host = '', port] = address.split(':')
  return { brokers: [{ host, port: Number(port) }], topic }
}
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  )

describe('Kafka target', () => {
  it('is brokers and a topic', () => {
    expect(parseOutputSpec('ecs:kafka://a:1,[::1]:2,b/x.y')).to.deep.equal({
      format: 'ecs',
      target: {
        kind: 'kafka',
        brokers: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
          { host: 'b', port: 9092 },
        ],
        topic: 'x.y',
      },
    })
    for (const bad of ['kafka:///t', 'kafka://h:99999/t', 'kafka://u:p@h:1/t', 'kafka://h:0/t'])
      expect(parseOutputSpec(bad), bad).to.match(/needs brokers: kafka:\/\/host:9092/)
    for (const bad of ['kafka://h', 'kafka://h/', 'kafka://h/a b', 'kafka://h/..', 'kafka://h/a/b'])
      expect(parseOutputSpec(bad), bad).to.match(/needs a topic of letters/)
  })
})

describe('CRC-32C', () => {
  it('gives the values of RFC 3720 appendix B.4', () => {
    const of = (bytes: Uint8Array) => crc32c(bytes, 0, bytes.length).toString(16)
    expect(of(new Uint8Array(32))).to.equal('8a9136aa')
    expect(of(new Uint8Array(32).fill(255))).to.equal('62a8ab43')
    expect(of(Uint8Array.from({ length: 32 }, (_, i) => i))).to.equal('46dd794e')
  })
})

describe('Kafka output', function () {
  this.timeout(60_000)
  let broker: KafkaBroker
  before(async function () {
    needs(this, tools('kcat'))
    broker = await KafkaBroker.start('hellos')
  })
  beforeEach(() => (broker.text = ''))
  after(() => tools('kcat')() ?? broker.stop())

  const values = () => broker.messages.map(({ value }) => value)
  const arrived = (count: number) => until(() => broker.messages.length >= count)

  it('delivers every JSON line once, to all partitions', async () => {
    const outputs = await open(`kafka://${broker.brokers.join(',')}/hellos`)
    const rounds = Math.ceil(4e6 / lines.length)
    for (let i = 0; i < rounds; i++) await outputs.put(Buffer.from(lines))
    await outputs.close()
    expect(outputs.dropped).to.equal(0)
    await arrived(rounds * texts.length)
    const expected = Array.from({ length: rounds }, () => texts).flat()
    expect(values().sort()).to.deep.equal(expected.sort())
    expect(new Set(broker.messages.map(({ partition }) => partition)).size).to.be.above(1)
  })

  it('delivers other formats', async () => {
    const outputs = await open(`ecs:kafka://${broker.brokers[0]}/hellos`)
    await outputs.put(Buffer.from(lines))
    await outputs.close()
    await arrived(texts.length)
    for (const value of values()) expect(JSON.parse(value)).to.have.property('@timestamp')
  })

  it('asks the next broker if the first one is unreachable', async () => {
    const outputs = await open(`kafka://127.0.0.1:${await freePort()},${broker.brokers[0]}/hellos`)
    await outputs.put(Buffer.from(lines))
    await outputs.close()
    await arrived(texts.length)
    expect(values().sort()).to.deep.equal([...texts].sort())
  })

  it('keeps sightings while the broker hangs, and counts each one that is dropped', async () => {
    const transport = new KafkaTransport(target(broker.brokers[0] ?? ''), 300)
    const events: string[] = []
    const sink = new QueuedSink(transport, {
      target: 'kafka',
      held: 100_000,
      isLive: true,
      onStuck: (_, reason) => events.push(reason),
      onFree: (_, dropped) => events.push(`free ${dropped}`),
    })
    expect(sink.put(['first\n'])).to.equal(0)
    await arrived(1)
    broker.pause()
    const rows = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat(996)}\n`)
    let dropped = 0
    for (const row of rows) dropped += sink.put([row]) as number
    expect(dropped).to.be.within(199, 202)
    await until(() => events.length === 1)
    expect(events[0]).to.match(/no answer in 300 ms/)
    broker.resume()
    await until(() => events.length === 2)
    expect(events[1]).to.equal(`free ${dropped}`)
    expect(await sink.close()).to.equal(0)
    // a batch that the broker got without answering comes twice
    await until(() => new Set(values()).size === 1 + rows.length - dropped)
  })

  it('names the broker that is unreachable, and ends a reading', async () => {
    const outputs = await open(`kafka://127.0.0.1:${await freePort()}/hellos`)
    await outputs.put(Buffer.from(lines))
    expect(await reasonOf(outputs.close())).to.match(
      /^the output kafka:\/\/127\.0\.0\.1:\d+\/hellos cannot be written: connect ECONNREFUSED/,
    )
  })

  it('says what is wrong where no Kafka broker listens', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const transport = new KafkaTransport(target(`127.0.0.1:${port}`))
    expect(await reasonOf(transport.send(['row\n']))).to.match(
      /does not answer as a Kafka broker: check the port/,
    )
    server.close()
    await transport.close()
  })
})

describe('sink of a receiver that refuses a row', () => {
  it('counts the row, and goes on', async () => {
    const got: string[] = []
    const sink = new QueuedSink(
      {
        send: (rows) => {
          const [row = ''] = rows
          if (row !== 'bad') got.push(row)
          return Promise.resolve({ rows: 1, refused: row === 'bad' ? 1 : 0 })
        },
        close: () => Promise.resolve(),
      },
      { target: 'x', held: 1000, isLive: true },
    )
    let dropped = sink.put(['a', 'bad', 'b']) as number
    await until(() => got.length === 2)
    dropped += sink.put(['c']) as number
    dropped += await sink.close()
    expect(got).to.deep.equal(['a', 'b', 'c'])
    expect(dropped).to.equal(1)
  })
})
