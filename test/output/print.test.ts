import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { HELLOTAP, finished } from '../hellotap.js'

describe('an answer on stdout', () => {
  for (const args of [['interfaces'], ['filter'], ['registry', 'cipher-suites']])
    it(`of \`${args.join(' ')}\` may be closed before it comes`, async () => {
      // what closes it at once is a shell's pipe to a program that reads nothing
      const child = spawn(
        'bash',
        ['-c', 'set -o pipefail; { sleep 0.2; "$@"; } | true', 'it', HELLOTAP, ...args],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      const { code, stderr } = await finished(child)
      expect(stderr).to.equal('')
      expect(code).to.equal(0)
    })
})
