// Started by patient-file.test.ts in a mount namespace of its own: fills a small disk with lines, makes room now and then,
// and tells as JSON what became of them.

import { execFileSync } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stuck } from '../../src/output/retrying-file.js'
import { PatientFile } from '../../src/output/retrying-file.js'

const folder = process.argv[2] ?? ''
const room = (kilobytes: number, how: string[] = []) => {
  const options = [...how, `size=${kilobytes}k`].join(',')
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder])
}
room(64)
const path = join(folder, 'lines')
const stuck: string[] = []
const free: Stuck[] = []
const file = new PatientFile(openSync(path, 'a'), {
  held: 20_000,
  onStuck: ({ code }) => stuck.push(code ?? ''),
  onFree: (each) => free.push(each),
})
let sent = 0
let dropped = 0
/** Several lines at a time, of lengths that fit no page. */
const put = (times: number) => {
  for (let i = 0; i < times; i++) {
    let lines = ''
    for (let j = 0; j <= i % 5; j++) lines += `${sent} ${'x'.repeat((sent++ * 37) % 997)}\n`
    dropped += file.put(Buffer.from(lines))
  }
}
for (const size of [128, 132, 256]) {
  put(100)
  room(size, ['remount'])
  // it tries again each second
  await sleep(1100)
}
put(200)
const left = file.close()
const numbers = readFileSync(path, 'latin1').split('\n')
const part = numbers.pop() ?? ''
const whole = numbers.map((line) => {
  const [number = '', rest = ''] = line.split(' ')
  return rest.length === (Number(number) * 37) % 997 ? Number(number) : NaN
})
console.log(JSON.stringify({ sent, dropped, left, whole, part: part.length, stuck, free }))
