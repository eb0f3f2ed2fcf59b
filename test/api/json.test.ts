import { expect } from 'chai'
import fc from 'fast-check'
import { printJson, sortedJson } from '../../src/api/json.js'

/** The value with the keys of every object sorted. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(
    keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  )
}

describe('sortedJson', () => {
  it('prints what JSON.stringify prints of sorted keys', () => {
    // an object has keys that are whole numbers first, whatever their order
    const key = fc.string().map((text) => `k${text}`)
    fc.assert(
      fc.property(fc.dictionary(key, fc.anything({ key })), (object) => {
        expect(sortedJson(object)).to.equal(`${JSON.stringify(sorted(object), null, 2)}\n`)
      }),
    )
  })

  it('leaves out members that are undefined', () => {
    expect(sortedJson({ b: undefined, a: { c: undefined } })).to.equal('{\n  "a": {}\n}\n')
  })

  it('prints a large value in parts, indented as asked', () => {
    const value = Array.from({ length: 5000 }, (_, id) => ({ name: 'é'.repeat(10), id }))
    const parts = printJson(value, '\n    ')
    expect(parts.length).to.be.above(5)
    const text = JSON.stringify(value.map(sorted), null, 2).replaceAll('\n', '\n    ')
    expect(Buffer.concat(parts).toString()).to.equal(text)
    expect(sortedJson(value)).to.equal(`${JSON.stringify(value.map(sorted), null, 2)}\n`)
  })
})
