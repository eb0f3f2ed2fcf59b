import { expect } from 'chai'
import fc from 'fast-check'
import type { EventLogOptions } from '../../src/telemetry/event-log.js'
import { logFault, openEventLog } from '../../src/telemetry/event-log.js'
import { LOG_LEVELS } from '../../src/telemetry/journal.js'
import { EVENTS_PER_SPAN, SPAN_MILLIS } from '../../src/telemetry/event-rate.js'
import { safeLine } from '../../src/telemetry/log.js'
import { relay, relayedEvent } from '../../src/sensor/relayed-event.js'
import { StoreError } from '../../src/store/contract.js'

/** A log whose lines and clock are ours. */
function logging(changes: Partial<EventLogOptions> = {}) {
  const lines: string[] = []
  const clock = { now: 0 }
  const log = openEventLog({
    'log-format': 'json',
    'log-level': 'info',
    isTerminal: false,
    write: (line) => lines.push(line),
    now: () => clock.now,
    ...changes,
  })
  const events = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log, lines, events, clock }
}

describe('the log', () => {
  it('writes a JSON line an event where no terminal is, the sentence alone on one', () => {
    const json = logging({ 'log-format': 'auto' })
    json.log.warn('capture', 'eth0 went down', { interface: 'eth0' })
    const [event] = json.events()
    expect(event).to.include({
      level: 'warn',
      event: 'capture',
      msg: 'eth0 went down',
      interface: 'eth0',
    })
    expect(Date.parse(String(event?.['time']))).to.be.closeTo(Date.now(), 5000)
    const text = logging({ 'log-format': 'auto', isTerminal: true })
    text.log.info('serving', 'serving http://127.0.0.1:8080')
    text.log.warn('capture', 'eth0 went down', { interface: 'eth0' })
    expect(text.lines).to.deep.equal([
      'serving http://127.0.0.1:8080\n',
      'hellotap: eth0 went down\n',
    ])
    expect(logging({ 'log-format': 'json', isTerminal: true }).log.isText).to.equal(false)
  })

  it('leaves out what is below its level', () => {
    for (const [i, level] of LOG_LEVELS.entries()) {
      const { log, events } = logging({ 'log-level': level })
      for (const each of LOG_LEVELS) log[each]('x', each)
      expect(events().map(({ msg }) => msg)).to.deep.equal(LOG_LEVELS.slice(i))
    }
  })

  it('limits each kind, and tells how many it left out', () => {
    const { log, events, clock } = logging()
    for (let i = 0; i < EVENTS_PER_SPAN + 1234; i++) log.warn('often', `number ${i}`)
    log.info('seldom', 'another kind is not held back')
    expect(events()).to.have.length(EVENTS_PER_SPAN + 1)
    clock.now = SPAN_MILLIS
    log.warn('often', 'a new span')
    expect(events().slice(EVENTS_PER_SPAN)).to.deep.include.members([events().at(-1)])
    expect(events().at(-2)).to.include({
      level: 'warn',
      event: 'not-logged',
      kind: 'often',
      count: 1234,
      msg: '1,234 further events "often" not logged',
    })
    expect(events().at(-1)).to.include({ msg: 'a new span' })
    for (let i = 0; i < EVENTS_PER_SPAN; i++) log.warn('often', 'again')
    log.close()
    expect(events().at(-1)).to.include({ event: 'not-logged', count: 1 })
  })

  it('keeps the stack of our own faults, and of no other', () => {
    const { log, events } = logging()
    logFault(log, 'fault', new TypeError('x is undefined'))
    logFault(log, 'failed', new StoreError('STORE_AUTH', 'Redis needs a password: put it there'))
    expect(events()[0]?.['stack']).to.be.an('array').with.length.above(1)
    expect(events()[1]).to.include({ code: 'STORE_AUTH' }).and.not.have.property('stack')
  })

  it('prints nothing that could act on a terminal or forge a line, whatever it is told', () => {
    const bad = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[2J', 'a\nb', '\u202eabc', '\u009b31m', '\ud800', '\r', '\u2028'),
    )
    fc.assert(
      fc.property(fc.array(anything), fc.boolean(), (parts, isTerminal) => {
        const { log, lines } = logging({ 'log-format': 'auto', isTerminal })
        log.error('e', parts.join(''), { field: parts.join(' '), list: parts })
        expect(lines).to.have.length(1)
        expect(lines[0]?.endsWith('\n')).to.equal(true)
        expect(lines[0]?.slice(0, -1)).to.not.match(bad)
        if (!isTerminal) JSON.parse(lines[0] ?? '')
      }),
    )
    expect(safeLine('Grüße, 世界 \u{1f600}')).to.equal('Grüße, 世界 \u{1f600}')
  })

  it('shows no password of a URL', () => {
    for (const url of [
      'redis://user:geheim@host:6379/0',
      'rediss://:geheim@host',
      'redis://u:ge heim@host',
      'redis://u:geheim/x@host',
      'see redis://a:geheim@b and redis://c:geheim@d',
    ])
      expect(safeLine(`"${url}"`), url).to.match(/^(?!.*geheim).*:\/\/\*\*\*@/)
    const plain = 'http://127.0.0.1:8080/fps?detail=1'
    expect(safeLine(plain)).to.equal(plain)
  })
})

describe('the sensor’s log, relayed', () => {
  it('stays the event it was', () => {
    const { log, lines, events } = logging()
    log.warn('capture', 'eth0 is "gone"', { interface: 'eth0', seconds: 3 })
    relay(log, relayedEvent(lines[0] ?? ''))
    const [own, relayed] = events()
    expect({ ...relayed, time: own?.['time'] }).to.deep.equal(own)
  })

  it('is a warning of no known kind where it is anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        const { log, lines } = logging({ 'log-level': 'debug' })
        const event = relayedEvent(line)
        relay(log, event)
        expect(lines).to.have.length(1)
        expect(LOG_LEVELS).to.include(event.level)
        expect(event.event).to.equal('sensor-said')
      }),
    )
    expect(relayedEvent('hellotap: no interface to capture on').sentence).to.equal(
      'no interface to capture on',
    )
    const long = relayedEvent(
      JSON.stringify({
        level: 'info',
        event: 'x',
        msg: 'y'.repeat(1e6),
        z: 'y'.repeat(1e6),
        o: {},
      }),
    )
    expect(JSON.stringify(long).length).to.be.below(10_000)
    expect(long.details).to.not.have.property('o')
  })
})
