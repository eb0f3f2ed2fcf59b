import { expect } from 'chai'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** Which rooms each room may import besides itself. Data flows one way: none of these lists may grow a loop. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  model: ['base'],
  capture: ['base', 'model'],
  wire: ['base', 'model'],
  stream: ['base', 'model'],
  quic: ['base', 'model'],
  tls: ['base', 'model'],
  fingerprint: ['base', 'model', 'tls'],
  join: ['base', 'model', 'tls', 'fingerprint'],
  store: ['base', 'model'],
  output: ['base', 'model'],
  web: [],
  api: ['base', 'model', 'store', 'web'],
}
/** Files directly under src/: the corridor and the configuration. */
const LOOSE: Record<string, readonly string[]> = {
  'pipeline.ts': ['base', 'model', 'wire', 'stream', 'quic', 'tls', 'fingerprint', 'join'],
  'config.ts': ['base', 'model'],
  'read-capture.ts': ['base', 'model', 'capture', 'pipeline.ts'],
  'refingerprint.ts': ['model', 'fingerprint'],
}
const PURE = ['base', 'model', 'wire', 'stream', 'quic', 'tls', 'fingerprint', 'join']

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)
const importsOf = new Map(
  files.map((file) => [
    file,
    [...readFileSync(join(src, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
      ([, specifier]) => specifier ?? '',
    ),
  ]),
)
const target = (file: string, specifier: string) =>
  relative(src, resolve(src, dirname(file), specifier)).replace(/\.js$/, '.ts')
const room = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : file)

describe('the house', () => {
  it('has no room the rule does not know', () => {
    const known = new Set([...Object.keys(MAY_IMPORT), ...Object.keys(LOOSE), 'cli', 'index.ts'])
    expect(files.filter((file) => !known.has(room(file)))).to.deep.equal([])
  })

  it('lets data flow one way', () => {
    const wrong: string[] = []
    for (const [file, specifiers] of importsOf) {
      const from = room(file)
      if (from === 'cli' || from === 'index.ts') continue
      const allowed = [from, ...(MAY_IMPORT[from] ?? LOOSE[from] ?? [])]
      for (const specifier of specifiers)
        if (specifier.startsWith('.') && !allowed.includes(room(target(file, specifier))))
          wrong.push(`${file} imports ${target(file, specifier)}`)
    }
    expect(wrong).to.deep.equal([])
  })

  it('keeps pure rooms free of packages and of Node, node:crypto aside', () => {
    const wrong: string[] = []
    for (const [file, specifiers] of importsOf)
      if (PURE.includes(room(file)))
        for (const specifier of specifiers)
          if (!specifier.startsWith('.') && specifier !== 'node:crypto')
            wrong.push(`${file} imports ${specifier}`)
    expect(wrong).to.deep.equal([])
  })

  it('has no import loop', () => {
    const done = new Set<string>()
    const path: string[] = []
    const visit = (file: string): void => {
      if (path.includes(file))
        throw new Error(`loop: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      if (done.has(file)) return
      path.push(file)
      for (const specifier of importsOf.get(file) ?? [])
        if (specifier.startsWith('.')) visit(target(file, specifier))
      path.pop()
      done.add(file)
    }
    for (const file of files) visit(file)
    expect(done.size).to.be.at.least(files.length)
  })
})
