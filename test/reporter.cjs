// mocha's spec reporter, closed by the plain line that a CI reads: "N passed, N failed", ", N skipped" where any were.
const { reporters, Runner } = require('mocha')

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats
      // after the spec reporter's own epilogue, whatever the order of listeners
      process.once('exit', () =>
        process.stdout.write(
          `\n${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`,
        ),
      )
    })
  }
}
