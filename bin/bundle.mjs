// The last step of the build: dist/bundle, where what `read` loads is a few files instead of two hundred. Node takes
// 0.19 s of processor time less to start it. The other commands run for months, and are loaded from the compiler's files.

import { build } from 'esbuild'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiled = fileURLToPath(new URL('../dist/cli/', import.meta.url))
const bundle = fileURLToPath(new URL('../dist/bundle/', import.meta.url))
rmSync(bundle, { recursive: true, force: true })

/** Commands other than `read` stay outside. */
const otherCommands = {
  name: 'other-commands',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/\w+-command\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && path !== './read-command.js'
        ? { path: `../cli/${path.slice(2)}`, external: true }
        : undefined,
    )
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

const { metafile } = await build({
  entryPoints: ['main.js', 'read-worker.js'].map((name) => compiled + name),
  outdir: bundle,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  // packages that are loaded only when they are needed
  external: ['cli-progress', 'tinyglobby', 'yaml'],
  plugins: [otherCommands, plainStringWidth],
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
})

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
