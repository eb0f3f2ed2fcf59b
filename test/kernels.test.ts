import { expect } from 'chai'
import { readFileSync } from 'node:fs'

describe('the kernels', () => {
  it('are compiled from the sources in the repository', async () => {
    const { KERNELS, compile } = (await import(
      new URL('../tools/make-kernels.mjs', import.meta.url).href
    )) as {
      KERNELS: readonly (readonly [source: string, target: string])[]
      compile: (source: string) => Promise<string>
    }
    for (const [source, target] of KERNELS) {
      const text = readFileSync(new URL(`../${target}`, import.meta.url), 'utf8')
      expect(await compile(source), target).to.equal(text)
    }
  })
})
