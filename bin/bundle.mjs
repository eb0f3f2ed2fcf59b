// The last step of the build: dist/bundle, where what `read` loads is one file instead of two hundred, and beside it what
// V8 compiled of it in a first run. Node takes 0.22 s of processor time less to start it. The other commands run for
// months, and are loaded from the compiler's files.

import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiled = fileURLToPath(new URL('../dist/cli/', import.meta.url))
const bundle = fileURLToPath(new URL('../dist/bundle/', import.meta.url))
rmSync(bundle, { recursive: true, force: true })

/** Commands other than `read` stay outside: `capture` of capture-command.js is one that loads that file. */
const otherCommands = {
  name: 'other-commands',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/\w+-command\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && path !== './read-command.js'
        ? { path, namespace: 'command' }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'command' }, ({ path }) => {
      const command = /\w+/.exec(path)[0]
      return {
        contents: `export const ${command} = async (args) =>
          (await importModule('../cli/${command}-command.js')).${command}(args)`,
      }
    })
  },
}

/** What most runs of `read` do without stays outside with its packages: loaded when it is asked for. */
const OUTSIDE = { './read-output.js': 'openReadOutput' }
const outsideModules = {
  name: 'outside-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && path in OUTSIDE ? { path, namespace: 'outside' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'outside' }, ({ path }) => ({
      contents: `export const ${OUTSIDE[path]} = async (...args) =>
        (await importModule('../cli/${path.slice(2)}')).${OUTSIDE[path]}(...args)`,
    }))
  },
}

/** Help is laid out by it, and its tables of Unicode take 20 ms to make; all our characters are one column wide. */
const plainStringWidth = {
  name: 'plain-string-width',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, () => ({ path: 'string-width', namespace: 'plain' }))
    onLoad({ filter: /.*/, namespace: 'plain' }, () => ({
      contents: 'export default (text) => text.replace(/\\u001b\\[[0-9;]*m/g, "").length',
    }))
  },
}

/** What `read` has of Node's modules that most captures need none of: loaded when first used. */
const LATE = {
  'node:crypto': ['createDecipheriv', 'hash', 'X509Certificate'],
  'node:net': ['isIP'],
  'node:zlib': ['createGunzip'],
  assert: ['notStrictEqual', 'strictEqual'],
}
const lateModules = {
  name: 'late-modules',
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: new RegExp(`^(${Object.keys(LATE).join('|')})$`) },
      ({ path, namespace }) =>
        namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    )
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => {
      const parts = LATE[path].map(
        (name) => `export function ${name}(...args) {
          return new.target ? new (late().${name})(...args) : late().${name}(...args)
        }`,
      )
      return {
        contents: `let loaded; const late = () => (loaded ??= require('${path}'));${parts.join('')}`,
      }
    })
  },
}

const { metafile } = await build({
  // what main.js and read-worker.js of the bundle start
  stdin: {
    contents: `
      export const main = () => import('./main.js')
      export const readWorker = () => import('../batch/read-worker.js')`,
    resolveDir: compiled,
  },
  outfile: bundle + 'hellotap.js',
  bundle: true,
  format: 'cjs',
  define: { 'import.meta.url': 'bundleUrl' },
  // a script with kept code has no import()
  supported: { 'dynamic-import': false },
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  // packages that are loaded only when they are needed
  external: ['cli-progress', 'tinyglobby', 'yaml'],
  plugins: [otherCommands, outsideModules, plainStringWidth, lateModules],
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
})

const sources = fileURLToPath(new URL('bundle/', import.meta.url))
cpSync(sources, bundle, { recursive: true })

// What others wrote and the bundle holds goes with their licences.
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  ),
)
const licences = [...packages].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${name} has no licence file to go with the bundle`)
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
})
writeFileSync(join(bundle, 'LICENCES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`))

const captures = fileURLToPath(new URL('../captures/', import.meta.url))
execFileSync(process.execPath, [bundle + 'keep-code.js', captures], {
  stdio: ['ignore', 'ignore', 2],
})
