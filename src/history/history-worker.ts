// The thread that makes history files: parsing and compressing take 25 µs a sighting, which neither the capture nor the
// API's event loop can spare.

import { parentPort, workerData } from 'node:worker_threads'
import { compact } from './compact.js'
import { removeAbandoned } from './folder.js'
import { HistoryWriter } from './history-writer.js'
import { enforceRetention } from './retention.js'
import type { FromHistory, HistoryThreadData, ToHistory } from './thread-messages.js'
import { zstd } from './zstd.js'

/** Milliseconds after which files are finished: what `kill -9` loses at most. */
const ROLL_MILLIS = 120_000
/** Milliseconds between two runs of retention and compaction. */
const CARE_MILLIS = 600_000

const { folder, name, isLive, retention } = workerData as HistoryThreadData
const tell = (message: FromHistory) => parentPort?.postMessage(message)
const event = (event: string, sentence: string, isBad = false) =>
  tell({ kind: 'event', event, sentence, isBad })

let isStuck = false
const { compressors } = await zstd()
const writer = new HistoryWriter({
  folder,
  name,
  compressors,
  onStuck: (reason) => {
    // a reading of captures can be repeated: it ends rather than leave some of them out
    if (!isLive)
      throw new Error(
        `${folder} cannot be written: ${reason}. Make room on its disk, or write it elsewhere`,
      )
    if (!isStuck)
      event(
        'history-stuck',
        `history ${folder} cannot be written: ${reason}. Make room on its disk: files wait in memory within a bound, later ones are dropped and counted`,
        true,
      )
    isStuck = true
  },
})

function roll(): void {
  const files = writer.counts.files
  writer.roll()
  if (isStuck && writer.counts.files > files) {
    isStuck = false
    event(
      'history-back',
      `history ${folder} is written again; ${writer.counts.dropped} sightings dropped`,
    )
  }
}

/** Removes what is too old or too much, and sorts the hours that are over. */
async function care(): Promise<void> {
  try {
    await removeAbandoned(folder, Date.now())
    const removed = await enforceRetention(folder, retention, Date.now())
    if (removed > 0)
      event(
        'history-retention',
        `${removed} history files removed by --history-days or --history-size`,
      )
    const { bad } = await compact(folder, Date.now())
    for (const reason of bad) event('history-bad-file', reason, true)
  } catch (error) {
    event(
      'history-care',
      `history ${folder} could not be compacted: ${(error as Error).message}`,
      true,
    )
  }
}

let caring = Promise.resolve()
const timers: NodeJS.Timeout[] = []
if (isLive) {
  timers.push(
    setInterval(roll, ROLL_MILLIS),
    setInterval(() => {
      caring = caring.then(care)
    }, CARE_MILLIS),
  )
  caring = care()
}

const decoder = new TextDecoder()
parentPort?.on('message', (message: ToHistory) => {
  if (message === 'roll') {
    roll()
    tell({ kind: 'rolled', counts: { ...writer.counts } })
    return
  }
  if (message !== 'close') {
    writer.put(decoder.decode(message.lines))
    tell({ kind: 'taken', bytes: message.lines.length, counts: { ...writer.counts } })
    return
  }
  for (const timer of timers) clearInterval(timer)
  void caring.then(() => {
    writer.close()
    tell({ kind: 'closed', counts: { ...writer.counts } })
    parentPort?.close()
  })
})
