import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HELLOTAP } from '../hellotap.js'

const top = resolve(import.meta.dirname, '../..')

describe('docs/cli.md', () => {
  it('has the help of every command as the program prints it', async function () {
    this.timeout(120_000)
    const tool = pathToFileURL(resolve(top, 'tools/make-cli-docs.mjs')).href
    const { cliDocs } = (await import(tool)) as { cliDocs: (program: string) => Promise<string> }
    const docs = readFileSync(resolve(top, 'docs/cli.md'), 'utf8')
    expect(await cliDocs(HELLOTAP), 'run node tools/make-cli-docs.mjs').to.equal(docs)
    // a command that the list of an unknown command lacks would be refused
    expect(docs.match(/^### \w+$/gm)?.length).to.be.at.least(17)
  })
})
