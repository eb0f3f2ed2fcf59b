import { expect } from 'chai'
import {
  compareVersions,
  rangeText,
  readVersion,
  versionText,
} from '../../../src/knowledge/identify/version.js'
import type { Version } from '../../../src/knowledge/identify/version.js'

const versions = (...texts: string[]): Version[] => texts.flatMap((text) => readVersion(text) ?? [])

describe('versions of libraries', () => {
  it('are read and written alike', () => {
    for (const text of ['3.0', '1.1.1', '17', 'chromium 131'])
      expect(versions(text).map(versionText)).to.deep.equal([text])
  })

  it('are none where the text is not numbers', () => {
    for (const text of ['', '3.', 'v3', 'chromium', '3.0 beta', 'a b 3'])
      expect(readVersion(text)).to.equal(undefined)
  })

  it('are ordered by number', () => {
    const [older, newer] = versions('3.5', '3.12')
    if (older === undefined || newer === undefined) throw new Error('both are versions')
    expect(compareVersions(older, newer)).to.be.below(0)
  })

  it('make a range up to the version before the next known one', () => {
    expect(rangeText(versions('3.0'), versions('1.1.1', '3.0', '3.5'))).to.equal('3.0–3.4')
    expect(rangeText(versions('chromium 131'), versions('chromium 131', 'chromium 138'))).to.equal(
      'chromium 131–137',
    )
  })

  it('make a range that ends at the newest known one', () => {
    expect(rangeText(versions('3.5'), versions('3.0', '3.5'))).to.equal('3.5')
  })

  it('do not count on from one major version to the next', () => {
    expect(rangeText(versions('1.1.1'), versions('1.1.1', '3.0'))).to.equal('1.1.1')
  })

  it('make a range for each numbering', () => {
    expect(rangeText(versions('firefox 153', '3.87'), [])).to.equal('3.87, firefox 153')
  })
})
