// Builds dist/: the program in a few JavaScript files, as esbuild bundles it from src/, and the library's types, as the
// TypeScript compiler declares them. A bundle starts three times as fast as two hundred files.
//
//   npm run build

import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../', import.meta.url))
const src = join(top, 'src')
const dist = join(top, 'dist')
const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))

/** Packages that go into the bundle, because `read` and every start of the command line load them. */
const INLINED = ['yargs', 'yargs-parser', 'zod', 'ipaddr.js', 'fzstd']

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('kernels/assembly/'))
  .sort()
/** Files that are started or loaded by their path: `import.meta.resolve('#package/dist/…')` names each of them. */
const started = sources.flatMap((name) =>
  [...readFileSync(join(src, name), 'utf8').matchAll(/'#package\/dist\/([\w/.-]+)\.js'/g)].map(
    ([, path]) => `${path}.ts`,
  ),
)
const entryPoints = [...new Set(['cli/start.ts', 'index.ts', ...started])]
  .sort()
  .map((name) => join(src, name))

rmSync(dist, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints,
  outdir: dist,
  outbase: src,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }).filter(
    (name) => !INLINED.includes(name),
  ),
  // packages in CommonJS ask for Node's modules by require()
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
})

// Assets that the program opens by their path.
cpSync(join(src, 'web/static'), join(dist, 'web/static'), { recursive: true })
cpSync(join(src, 'store/redis/lua'), join(dist, 'store/redis/lua'), { recursive: true })

// The licences of the packages whose code is in the bundle.
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
writeFileSync(join(dist, 'LICENCES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`))

execFileSync(
  process.execPath,
  [join(top, 'tools/tsc.mjs'), '-p', join(top, 'tools/tsconfig.types.json')],
  { stdio: ['ignore', 2, 2] },
)
