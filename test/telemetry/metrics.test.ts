import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import type { MetricsSources } from '../../src/telemetry/metrics.js'
import { metricOf } from '../../src/telemetry/sensor-metrics.js'
import type { CounterName } from '../../src/base/counters.js'
import { COUNTER_HELP, newCounters } from '../../src/base/counters.js'
import type { Store } from '../../src/store/contract.js'
import { needs, proc, tools } from '../capability.js'
import { parseExposition } from '../api/exposition.js'
import { memoryStore, sighting, storeAway } from '../api/fixture.js'

const NAMES = Object.keys(COUNTER_HELP) as CounterName[]

const scrape = async (
  metrics: Omit<MetricsSources, 'store'>,
  store: Store = memoryStore(sighting(), sighting({ srcport: 1 })),
) => {
  const answer = await request(createApp({ store, trustedProxies: [], waitMs: 0, metrics })).get(
    '/metrics',
  )
  expect(answer.status).to.equal(200)
  expect(answer.headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8')
  return { text: answer.text, families: parseExposition(answer.text) }
}
const value = (families: ReturnType<typeof parseExposition>, name: string, label?: string) =>
  families.get(name)?.samples.find(({ labels }) => label === undefined || label in labels)?.value

const counters = newCounters()
NAMES.forEach((name, i) => (counters[name] = 1000 + i))
const figures = {
  capturing: true,
  restarts: 2,
  seesHellos: false,
  byInterface: {
    eth0: { counters, ringBytes: 1 << 26 },
    'we"ird\\\nname': { counters: newCounters(), unknown: ['hello_expired'] as const },
  },
  process: {
    startedAt: 1_795_000_000.5,
    cpuSeconds: 1.25,
    residentBytes: 1 << 27,
    loopDelay: { p50: 0.001, p99: 0.02, max: 0.25 },
  },
}

describe('GET /metrics', () => {
  it('tells every counter of every interface, with its help and in Prometheus’ units', async () => {
    const { families } = await scrape({ version: '1.2.3', sensor: () => figures })
    for (const [i, name] of NAMES.entries()) {
      const metric = metricOf(name)
      const family = families.get(metric.name)
      expect(family, metric.name).to.include({ type: 'counter', help: COUNTER_HELP[name] })
      // what an engine cannot know is not said to be 0
      expect(family?.samples).to.have.length(name === 'hello_expired' ? 1 : 2)
      expect(family?.samples[0]?.labels).to.deep.equal({ interface: 'eth0' })
      expect(family?.samples[0]?.value).to.be.closeTo((1000 + i) / metric.divisor, 1e-9)
      if (name === 'hello_expired') continue
      expect(family?.samples[1]?.labels).to.deep.equal({ interface: 'we\\"ird\\\\\\nname' })
    }
    expect(metricOf('capture_gap_millis')).to.deep.equal({
      name: 'hellotap_capture_gap_seconds_total',
      divisor: 1000,
    })
    expect(metricOf('packet_bytes').name).to.equal('hellotap_packet_bytes_total')
  })

  it('tells of the sensor, its process, the store and the build', async () => {
    const { families } = await scrape({ version: '1.2.3', sensor: () => figures })
    for (const [name, expected] of [
      ['hellotap_sensor_capturing', 1],
      ['hellotap_sensor_sees_hellos', 0],
      ['hellotap_sensor_restarts_total', 2],
      ['hellotap_sensor_cpu_seconds_total', 1.25],
      ['hellotap_sensor_resident_memory_bytes', 1 << 27],
      ['hellotap_sensor_start_time_seconds', 1_795_000_000.5],
      ['hellotap_sensor_event_loop_delay_p50_seconds', 0.001],
      ['hellotap_sensor_event_loop_delay_p99_seconds', 0.02],
      ['hellotap_sensor_event_loop_delay_max_seconds', 0.25],
      ['hellotap_capture_ring_bytes', 1 << 26],
      ['hellotap_store_ready', 1],
      ['hellotap_store_sightings', 2],
      ['hellotap_store_spooled_sightings', 0],
      ['hellotap_store_dropped_sightings_total', 0],
      ['hellotap_store_bad_rows_total', 0],
      ['hellotap_store_gaps_total', 0],
      ['hellotap_store_gap_seconds_total', 0],
    ] as const)
      expect(value(families, name), name).to.equal(expected)
    expect(families.get('hellotap_build_info')?.samples[0]?.labels).to.deep.equal({
      version: '1.2.3',
      node: process.version,
    })
  })

  it('answers while the store is away, without the figures it would have to ask for', async () => {
    const { families } = await scrape({ version: '1' }, storeAway())
    expect(value(families, 'hellotap_store_ready')).to.equal(0)
    expect(value(families, 'hellotap_store_spooled_sightings')).to.equal(3)
    expect(families.get('hellotap_store_sightings')?.samples).to.deep.equal([])
  })

  it('begins at 0 again with a sensor that was started again', async () => {
    let now = figures
    const app = createApp({
      store: memoryStore(),
      trustedProxies: [],
      waitMs: 0,
      metrics: { version: '1', sensor: () => now },
    })
    const packets = async () =>
      value(parseExposition((await request(app).get('/metrics')).text), 'hellotap_packets_total')
    expect(await packets()).to.equal(1000)
    expect(await packets()).to.equal(1000)
    now = { ...figures, byInterface: {} as typeof figures.byInterface }
    expect(await packets()).to.equal(undefined)
  })

  it('tells the memory of the process where the system does, and no figure where not', async () => {
    const { families } = await scrape({ version: '1.2.3', process: true })
    const resident = value(families, 'process_resident_memory_bytes') ?? NaN
    expect(resident > 1e6).to.equal(proc() === undefined)
    expect(families.has('process_resident_memory_bytes')).to.equal(proc() === undefined)
  })

  it('pleases promtool', async function () {
    needs(this, tools('promtool'))
    const { text, families } = await scrape({
      version: '1.2.3',
      sensor: () => figures,
      process: true,
      outcomes: [{ name: 'hellotap_x_total', help: 'what', counts: () => ({ good: 1, bad: 0 }) }],
    })
    expect(families.get('hellotap_x_total')?.samples).to.have.length(2)
    const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    })
    expect(error, 'promtool comes with the package prometheus').to.equal(undefined)
    expect(stdout + stderr).to.equal('')
    expect(status).to.equal(0)
  })
})
