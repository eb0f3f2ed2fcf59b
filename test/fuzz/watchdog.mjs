// Ends the process when no input was finished for a while: an endless loop lets nobody else do it.

import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/** Seconds one input may take on a machine that is busy with other things. */
const MOST_SECONDS = 30

const { done, seed } = workerData
let last = -1
let since = Date.now()
setInterval(() => {
  const now = Atomics.load(done, 0)
  if (now !== last) {
    last = now
    since = Date.now()
  } else if (Date.now() - since > MOST_SECONDS * 1000) {
    const round = Atomics.load(done, 1)
    writeSync(
      2,
      `seed ${seed}, round ${round}: an input hangs; again by: npm run fuzz -- --seed ${seed} --round ${round}\n`,
    )
    process.kill(process.pid, 'SIGKILL')
  }
}, 1000)
