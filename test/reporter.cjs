// mocha's spec reporter, closed by a line for each thing the machine cannot do, with how many tests it keeps from running,
// and by the plain line that a CI reads: "N passed, N failed", ", N skipped" where any were.
// With CI=true a test that is skipped counts as failed unless test/allowed-skips.txt has it.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { reporters, Runner } = require('mocha')

/** Milliseconds in which the processes of failed tests have surely ended, if they end by themselves. */
const LEFT_MILLIS = 10_000

/** What the full titles of tests begin with that may be skipped. */
const allowed = readFileSync(join(__dirname, 'allowed-skips.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

/** Why a test was skipped: what `needs` of capability.ts left at it, or at a suite that it belongs to. */
function reasonOf(test) {
  for (let at = test; at; at = at.parent) if (at.why !== undefined) return at.why
  return `no reason given, as for "${test.fullTitle()}"`
}

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const unexpected = []
    const reasons = new Map()
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const title = test.fullTitle()
      // tests of other processes come without what was left at them
      const why = runner.isParallelMode() ? 'told above, after "skipped:"' : reasonOf(test)
      reasons.set(why, (reasons.get(why) ?? 0) + 1)
      if (process.env.CI === 'true' && !allowed.some((start) => title.startsWith(start)))
        unexpected.push(title)
    })
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      // A test that failed may have left processes and sockets behind, which would keep this one for ever.
      if (failures > 0) setTimeout(() => process.exit(), LEFT_MILLIS).unref()
      // after the spec reporter's own epilogue, whatever the order of listeners
      process.once('exit', () => {
        const skipped = pending - unexpected.length
        if (unexpected.length > 0) {
          console.log('\nskipped, and not in test/allowed-skips.txt:')
          for (const title of unexpected) console.log(`  ${title}`)
          process.exitCode ||= 1
        }
        if (reasons.size > 0) console.log()
        for (const [why, tests] of reasons)
          console.log(`not run: ${why}: ${tests} ${tests === 1 ? 'test' : 'tests'}`)
        process.stdout.write(
          `\n${passes} passed, ${failures + unexpected.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
        )
      })
    })
  }
}
