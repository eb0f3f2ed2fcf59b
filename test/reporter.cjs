// mocha's spec reporter, closed by the plain line that a CI reads: "N passed, N failed", ", N skipped" where any were.
const { reporters, Runner } = require('mocha')

/** Milliseconds in which the processes of failed tests have surely ended, if they end by themselves. */
const LEFT_MILLIS = 10_000

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      // A test that failed may have left processes and sockets behind, which would keep this one for ever.
      if (failures > 0) setTimeout(() => process.exit(), LEFT_MILLIS).unref()
      // after the spec reporter's own epilogue, whatever the order of listeners
      process.once('exit', () =>
        process.stdout.write(
          `\n${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`,
        ),
      )
    })
  }
}
