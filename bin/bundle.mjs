// The last step of the build: what `read` loads becomes a few files instead of two hundred, in place of the compiler's.
// Node takes 130 ms of processor time less to start it; the other commands run for months and stay as they are.

import { build } from 'esbuild'
import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../dist/cli/', import.meta.url))
for (const name of readdirSync(folder)) if (name.startsWith('chunk-')) rmSync(folder + name)

/** Commands other than `read` are loaded from the compiler's own files. */
const otherCommands = {
  name: 'other-commands',
  setup({ onResolve }) {
    onResolve({ filter: /-command\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && path !== './read-command.js'
        ? { path, external: true }
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
  entryPoints: ['main.js', 'read-worker.js'].map((name) => folder + name),
  outdir: folder,
  outbase: folder,
  chunkNames: 'chunk-[name]-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  // packages that are loaded only when they are needed
  external: ['cli-progress', 'tinyglobby', 'yaml'],
  plugins: [otherCommands, plainStringWidth],
  logLevel: 'warning',
})
