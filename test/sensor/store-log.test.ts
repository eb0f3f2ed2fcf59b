import { expect } from 'chai'
import { openEventLog } from '../../src/telemetry/event-log.js'
import { watchStore } from '../../src/sensor/store-log.js'
import type { StoreHealth } from '../../src/store/contract.js'

describe('the watch over the store', () => {
  it('tells when it goes, when it is back, and what was dropped', async () => {
    const events: Record<string, unknown>[] = []
    const log = openEventLog({
      'log-format': 'json',
      'log-level': 'info',
      isTerminal: false,
      write: (line) => events.push(JSON.parse(line) as Record<string, unknown>),
    })
    let health: StoreHealth = {
      ...{ kind: 'redis', ready: true, spooled: 0, dropped: 0, bad_rows: 0 },
      ...{ gaps: 0, gap_millis: 0, stored: 0, merged: 0, too_old: 0 },
      ...{ refused: 0, evicted: 0, lost: 0 },
    }
    const stop = watchStore({ health: () => health }, log)
    const seen = async (event: string) => {
      for (let i = 0; i < 40 && !events.some((each) => each['event'] === event); i++)
        await new Promise((settle) => setTimeout(settle, 50))
      return events.find((each) => each['event'] === event)
    }
    health = { ...health, ready: false, reason: 'Redis is away: start it', spooled: 3, gaps: 1 }
    expect(await seen('store-away')).to.include({
      level: 'warn',
      msg: 'Redis is away: start it; sightings wait in the spool',
      spooled: 3,
    })
    health = { ...health, dropped: 1234 }
    expect(await seen('sightings-dropped')).to.include({ dropped: 1234, dropped_total: 1234 })
    health = { ...health, ready: true, dropped: 1240, gap_millis: 1250 }
    expect(await seen('store-back')).to.include({ seconds: 1.25, gaps: 1 })
    // one too short to be looked at is told all the same
    health = { ...health, gaps: 2, gap_millis: 1500 }
    stop()
    // what came since is told at the end
    expect(events.at(-2)).to.include({ event: 'store-back', seconds: 0.25, gaps: 1 })
    expect(events.at(-1)).to.include({ event: 'sightings-dropped', dropped: 6 })
    expect(events).to.have.length(5)
  }).timeout(10_000)
})
