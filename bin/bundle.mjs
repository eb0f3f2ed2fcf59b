// The last step of the build: dist/bundle, where what `read` loads is a few files instead of two hundred. Node takes
// 0.19 s of processor time less to start it. The other commands run for months, and are loaded from the compiler's files.

import { build } from 'esbuild'
import { rmSync } from 'node:fs'
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

await build({
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
})
