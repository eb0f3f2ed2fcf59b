// `hellotap up` under a steady mix for minutes: memory stays flat, no timer is late, and every hello sent is found.
//
//   npm run soak -- [--minutes 10] [--rate 100]
//
// Two network namespaces, as root: clients send recorded hellos at that rate over real connections and ask for each, beside
// them come datagrams to UDP 443 that are no QUIC, scrapes of /metrics and questions to /stats. Exit 1 where a bound is missed.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Rig } from '../live/rig.js'

/** Resident memory of the last fifth of the time against that of the second, at most. */
const MOST_GROWTH = 1.05
/** Seconds a timer may be late. */
const MOST_LATE = 0.25
/** Least part of the hellos sent that must be found. */
const LEAST_FOUND = 1
const SAMPLE_SECONDS = 3
/** Seconds in which programs start and compile, which no timer is judged by. */
const START_SECONDS = 20
const CLIENTS = 50
/** Sightings kept of a client: so few that the store is full within the first fifth. */
const PER_IP = 20
const FIFTHS = 5

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '100' } },
})
const seconds = Number(values.minutes) * 60
const rate = Number(values.rate)

/** Megabytes resident of each process, by its name. */
type Sample = Readonly<Record<'up' | 'sensor' | 'capture', number>>
const NAMES = ['up', 'sensor', 'capture'] as const

function residentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024
}

function childOf(pid: number, words: string): number {
  return Number(execFileSync('pgrep', ['-P', String(pid), '-f', words], { encoding: 'utf8' }))
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN
}

const rig = await Rig.start(CLIENTS)
try {
  const up = await rig.hellotap('up', ['--per-ip', String(PER_IP)])
  const upPid = up.child.pid ?? 0
  const sensorPid = childOf(upPid, 'capture --stdout')
  const pids = { up: upPid, sensor: sensorPid, capture: childOf(sensorPid, 'child.js') }
  void rig.lab.send({ everyMillis: 10 })
  const clients = rig.clients({ rate, seconds, wait: 2000 })
  const start = performance.now()
  const elapsed = () => (performance.now() - start) / 1000
  const samples: Sample[] = []
  const late = { up: 0, sensor: 0 }
  while (elapsed() < seconds) {
    await sleep(SAMPLE_SECONDS * 1000)
    samples.push({
      up: residentOf(pids.up),
      sensor: residentOf(pids.sensor),
      capture: residentOf(pids.capture),
    })
    rig.get('/stats')
    // with the 50 ms between two samples in it
    const lag = rig.metric('nodejs_eventloop_lag_max_seconds') ?? NaN
    if (elapsed() > START_SECONDS) late.up = Math.max(late.up, lag)
  }
  // over the last minute or two
  late.sensor = rig.metric('hellotap_sensor_event_loop_delay_max_seconds') ?? NaN
  const { sent, found, other } = await clients

  const fifth = (number: number) =>
    samples.slice(
      Math.floor((samples.length * number) / FIFTHS),
      Math.floor((samples.length * (number + 1)) / FIFTHS),
    )
  const middle = (of: readonly Sample[], value: (sample: Sample) => number) => median(of.map(value))
  const sum = (sample: Sample) => sample.up + sample.sensor + sample.capture
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${values.minutes} minutes, ${rate} hellos a second\n`,
  )
  console.log(`| resident MB, median | ${NAMES.join(' | ')} | all |`)
  console.log('| --- | --- | --- | --- | --- |')
  for (let i = 0; i < FIFTHS; i++) {
    const cells = [...NAMES.map((name) => middle(fifth(i), (sample) => sample[name]))]
    cells.push(middle(fifth(i), sum))
    const shown = cells.map((value) => value.toFixed(1))
    console.log(`| fifth ${i + 1} | ${shown.join(' | ')} |`)
  }
  const growth = middle(fifth(FIFTHS - 1), sum) / middle(fifth(1), sum)
  const verdicts: readonly (readonly [boolean, string])[] = [
    [growth <= MOST_GROWTH, `memory: × ${growth.toFixed(3)} from the second fifth to the last`],
    [late.up <= MOST_LATE, `timers of up: ${Math.round(late.up * 1000)} ms late at most`],
    [
      late.sensor <= MOST_LATE,
      `timers of the sensor: ${Math.round(late.sensor * 1000)} ms late at most`,
    ],
    [found >= sent * LEAST_FOUND, `hellos: ${found} of ${sent} found ${JSON.stringify(other)}`],
    [(rig.metric('hellotap_sensor_restarts_total') ?? 1) === 0, 'sensor: started once'],
    [(rig.metric('hellotap_capture_gaps_total') ?? 1) === 0, 'capture: no gap'],
  ]
  console.log('')
  for (const [holds, what] of verdicts) console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`)
  if (verdicts.some(([holds]) => !holds)) process.exitCode = 1
} finally {
  await rig.close()
}
