import { expect } from 'chai'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** Which modules each module may import besides itself: data flows one way, so these lists hold no cycle. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  model: ['base'],
  kernels: ['base'],
  capture: ['base', 'model', 'kernels'],
  wire: ['base', 'model', 'kernels'],
  stream: ['base', 'model', 'kernels'],
  quic: ['base', 'model'],
  tls: ['base', 'model'],
  carrier: ['base', 'model', 'tls'],
  fingerprint: ['base', 'model', 'kernels', 'tls'],
  handshake: ['base', 'model', 'kernels', 'tls', 'fingerprint'],
  knowledge: ['base', 'model', 'tls', 'fingerprint'],
  privacy: ['base', 'model', 'tls'],
  config: ['base', 'model', 'privacy'],
  store: ['base', 'model', 'privacy'],
  output: ['base', 'model'],
  history: ['base', 'model', 'store/contract.ts'],
  search: ['base', 'model', 'history', 'store/contract.ts'],
  telemetry: ['base', 'model', 'output'],
  batch: [
    'knowledge',
    'fingerprint',
    'base',
    'model',
    'capture',
    'output',
    'store',
    'history',
    'telemetry',
    'pipeline.ts',
    'wire',
    'kernels',
    'privacy',
    'sighting-store.ts',
    'open-outputs.ts',
  ],
  sensor: [
    'base',
    'model',
    'privacy',
    'capture',
    'output',
    'store',
    'history',
    'telemetry',
    'pipeline.ts',
    'pipeline',
    'open-outputs.ts',
  ],
  serving: [
    ...['base', 'model', 'knowledge', 'privacy', 'store', 'history', 'telemetry', 'sensor', 'api'],
    ...['check-capture.ts', 'sighting-facts.ts', 'user-agent.ts'],
  ],
  doctor: ['base', 'model', 'tls', 'capture', 'store', 'telemetry', 'sensor', 'pipeline.ts'],
  pipeline: [
    ...['base', 'model', 'wire', 'stream', 'quic', 'tls', 'carrier'],
    ...['fingerprint', 'handshake'],
  ],
  web: [],
  api: [
    'base',
    'model',
    'privacy',
    'store/contract.ts',
    'store/in-slices.ts',
    'knowledge',
    'history',
    'search',
    'telemetry',
    'web',
  ],
}
/** Files directly under src/. */
const LOOSE: Record<string, readonly string[]> = {
  'pipeline.ts': ['base', 'model', 'wire', 'pipeline'],
  'config.ts': ['base', 'model', 'config'],
  'open-outputs.ts': ['config', 'config.ts', 'history', 'output'],
  'read-capture.ts': ['base', 'model', 'capture', 'pipeline.ts'],
  'sighting-store.ts': ['model', 'fingerprint', 'store'],
  'refingerprint.ts': ['model', 'fingerprint'],
  'read-profiles.ts': ['base', 'model', 'capture', 'knowledge', 'pipeline.ts'],
  'user-agent.ts': ['knowledge'],
  'sighting-facts.ts': ['model', 'tls', 'knowledge'],
  'check-capture.ts': [
    ...['base', 'model', 'knowledge', 'read-capture.ts', 'sighting-facts.ts', 'user-agent.ts'],
  ],
  'index.ts': [
    ...['model', 'tls', 'fingerprint', 'capture', 'knowledge', 'read-capture.ts'],
    ...['refingerprint.ts', 'check-capture.ts'],
  ],
}
/** Modules that run as processes: they may read the configuration. */
const PROCESS = ['sensor', 'serving', 'doctor', 'batch']
/** Modules without I/O, clock, packages and Node, node:crypto aside. */
const PURE = [
  ...[
    'base',
    'model',
    'kernels',
    'wire',
    'stream',
    'quic',
    'tls',
    'carrier',
    'fingerprint',
    'handshake',
  ],
  'knowledge',
  'pipeline',
  'pipeline.ts',
]

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.startsWith('kernels/assembly/'),
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
const moduleOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : file)
const allowedFor = (from: string) => [
  from,
  ...(MAY_IMPORT[from] ?? LOOSE[from] ?? []),
  ...(PROCESS.includes(from) ? ['config', 'config.ts'] : []),
]

describe('the modules', () => {
  it('are all known to the import rule', () => {
    const known = new Set([...Object.keys(MAY_IMPORT), ...Object.keys(LOOSE), 'cli'])
    expect(files.filter((file) => !known.has(moduleOf(file)))).to.deep.equal([])
  })

  it('import only what the rule allows', () => {
    const wrong: string[] = []
    for (const [file, specifiers] of importsOf) {
      const from = moduleOf(file)
      if (from === 'cli') continue
      const allowed = allowedFor(from)
      for (const specifier of specifiers) {
        if (!specifier.startsWith('.')) continue
        const to = target(file, specifier)
        if (!allowed.includes(moduleOf(to)) && !allowed.includes(to))
          wrong.push(`${file} imports ${to}`)
      }
    }
    expect(wrong).to.deep.equal([])
  })

  it('has no command that imports another command', () => {
    const isCommand = (file: string) => /^cli\/.*-command\.ts$/.test(file)
    const wrong: string[] = []
    for (const [file, specifiers] of importsOf)
      if (isCommand(file))
        for (const specifier of specifiers)
          if (specifier.startsWith('.') && isCommand(target(file, specifier)))
            wrong.push(`${file} imports ${target(file, specifier)}`)
    expect(wrong).to.deep.equal([])
  })

  it('are free of packages and Node where they are pure, node:crypto aside', () => {
    const wrong: string[] = []
    for (const [file, specifiers] of importsOf)
      if (PURE.includes(moduleOf(file)))
        for (const specifier of specifiers)
          if (!specifier.startsWith('.') && specifier !== 'node:crypto')
            wrong.push(`${file} imports ${specifier}`)
    expect(wrong).to.deep.equal([])
  })

  it('have no import cycle', () => {
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
