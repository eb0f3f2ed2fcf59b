import { expect } from 'chai'
import { createSocket } from 'node:dgram'
import type { AccessLogOptions } from '../../src/api/access-log.js'
import { AccessLog } from '../../src/api/access-log.js'
import { ACCESS_LOG_WAITING } from '../../src/base/limits.js'
import type { Sighting } from '../../src/model/sighting.js'
import { until } from '../store/redis-server.js'

const SEEN = { src: '192.0.2.7', srcport: 40_000 } as Sighting
const line = (port: number, agent = 'curl/8', ip = '192.0.2.7') =>
  `<190>Nov 23 01:02:03 proxy nginx: ${JSON.stringify({ remote_addr: ip, remote_port: String(port), http_user_agent: agent })}`

/** A log with a store that has one hello, what it taught, and a sender of datagrams from 127.0.0.1. */
async function opened(options: Partial<AccessLogOptions> = {}) {
  const taught: unknown[] = []
  const errors: unknown[] = []
  const log = await AccessLog.listen({
    host: '127.0.0.1',
    port: 0,
    store: {
      connection: (ip, port) =>
        Promise.resolve(ip === SEEN.src && port === SEEN.srcport ? SEEN : undefined),
    },
    trusted: () => false,
    observe: (...words) => taught.push(words),
    onError: (error) => errors.push(error),
    ...options,
  })
  const socket = createSocket(log.address.address === '::1' ? 'udp6' : 'udp4')
  const send = (...texts: string[]) =>
    Promise.all(
      texts.map(
        (text) =>
          new Promise((done) => socket.send(text, log.address.port, log.address.address, done)),
      ),
    )
  const close = () => {
    log.close()
    socket.close()
  }
  return { log, taught, errors, send, close }
}

describe('the listener for an access log', () => {
  it('gives a User-Agent to the hello of its connection, and counts every line', async () => {
    const { log, taught, errors, send, close } = await opened()
    await send(line(40_000), line(40_001), line(40_000, '-'), line(40_000, ' '), 'no line', '')
    const { counts } = log
    await until(
      () => counts.told + counts.without_hello + counts.without_user_agent + counts.malformed === 6,
    )
    expect(counts).to.deep.equal({
      ...{ told: 1, without_hello: 1, without_user_agent: 2, malformed: 2 },
      ...{ refused: 0, dropped: 0, failed: 0 },
    })
    const client = { ip: '192.0.2.7', port: 40_000, forwarded: true }
    expect(taught).to.deep.equal([[client, SEEN, 'curl/8', 'proxy-log']])
    expect(errors).to.deep.equal([])
    close()
  })

  it('listens on IPv6 as well', async () => {
    const { log, send, close } = await opened({ host: '::1' })
    await send(line(40_000))
    await until(() => log.counts.told === 1)
    close()
  })

  it('counts and reports the lines that the store could not answer for', async () => {
    const cause = new Error('the store is unreachable')
    const store = { connection: () => Promise.reject(cause) }
    const { log, taught, errors, send, close } = await opened({ store })
    await send(line(40_000))
    await until(() => log.counts.failed === 1)
    expect(errors).to.deep.equal([cause])
    expect(taught).to.deep.equal([])
    close()
  })

  it('drops what comes while too many wait for the store, and goes on afterwards', async () => {
    const waiting: ((sighting: undefined) => void)[] = []
    const store = { connection: () => new Promise<undefined>((done) => waiting.push(done)) }
    const { log, send, close } = await opened({ store })
    const { counts } = log
    for (let sent = 0; waiting.length < ACCESS_LOG_WAITING; sent += 64) {
      await send(...new Array<string>(64).fill(line(40_000)))
      await until(() => waiting.length + counts.dropped >= Math.min(sent, ACCESS_LOG_WAITING))
    }
    const before = counts.dropped
    await send(line(40_000))
    await until(() => counts.dropped > before)
    expect(waiting).to.have.length(ACCESS_LOG_WAITING)
    for (const done of waiting) done(undefined)
    await until(() => counts.without_hello === ACCESS_LOG_WAITING)
    await send(line(40_000))
    await until(() => waiting.length > ACCESS_LOG_WAITING)
    close()
  })

  it('names the port that another program has, and the option that chooses another', async () => {
    const { log, close } = await opened()
    const failure = await opened({ port: log.address.port }).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).to.include({ code: 'PORT_IN_USE' })
    expect(String(failure)).to.match(/port \d+ is in use on 127\.0\.0\.1: .* --access-log/)
    close()
  })
})
