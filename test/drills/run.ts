// Drills with real processes: what goes wrong with a store, and the account of every sighting afterwards.
//
//   npm run drill -- NAME… | quick | all
//
// Exit 1 where a sighting is not accounted for.

import { DRILLS } from './drills.js'

const asked = process.argv.slice(2)
const names = Object.keys(DRILLS).filter(
  (name) =>
    asked.includes(name) ||
    asked.includes('all') ||
    (asked.includes('quick') && DRILLS[name]?.isQuick === true),
)
if (names.length === 0) {
  for (const [name, { what, isQuick }] of Object.entries(DRILLS))
    console.log(`${name.padEnd(10)} ${what}${isQuick ? '' : ' (on demand)'}`)
  process.exitCode = 2
}
for (const name of names) {
  const started = performance.now()
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1)
  try {
    console.log(`ok     ${name}: ${await DRILLS[name]?.run()} (${seconds()} s)`)
  } catch (error) {
    console.log(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
