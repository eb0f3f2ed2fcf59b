// Changes the program in one place at a time, and asks whether the unit tests of that module notice.
//
//   npm run mutants [-- --files src/wire,src/tls] [--count 60]
//
// The sample is fixed: of all changes that could be made, those whose hash is lowest, the same number for each module. Each is
// made in a copy of the checkout. A change that no test notices "survived"; test/mutants.md explains those that stand.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import ts from 'typescript'

/** The unit tests of each module. What needs a Redis (src/store/redis) has no unit tests. */
const TESTS = {
  wire: ['test/wire/*.test.ts'],
  stream: ['test/stream/!(*openssl).test.ts'],
  tls: ['test/tls/!(oracle).test.ts'],
  fingerprint: ['test/fingerprint/*.test.ts'],
  store: ['test/store/!(contract|redis-drills).test.ts', 'test/store/{memory,spool}/*.test.ts'],
}
/** How many times as long as without a change a run may take: a change that makes it endless is noticed. */
const MOST_TIMES = 5
/** Milliseconds that a test may take: a busy machine kills no mutant. */
const TEST_MILLIS = 120_000
/** What an operator becomes. */
const OTHER = {
  ...{ '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' },
  ...{
    '+': '-',
    '-': '+',
    '*': '+',
    '&&': '||',
    '||': '&&',
    '&': '|',
    '|': '&',
    '<<': '>>',
    '>>': '<<',
  },
}

const top = fileURLToPath(new URL('..', import.meta.url))
const NODE_OPTIONS = JSON.parse(readFileSync(join(top, '.mocharc.json'), 'utf8'))[
  'node-option'
].map((option) => `--${option}`)
const { values } = parseArgs({
  options: { files: { type: 'string' }, count: { type: 'string', default: '60' } },
})
const wanted = values.files?.split(',')

/** Every change that can be made in a file: where, and what stands there then. */
function changesIn(file) {
  const text = readFileSync(join(top, file), 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found = []
  const add = (node, becomes) => {
    const start = node.getStart(source)
    const { line } = source.getLineAndCharacterOfPosition(start)
    const what = `${text.split('\n')[line].trim()} | ${node.getText(source)} -> ${becomes}`
    found.push({ file, line: line + 1, start, end: node.getEnd(), becomes, what })
  }
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return
    if (ts.isBinaryExpression(node)) {
      const other = OTHER[node.operatorToken.getText(source)]
      if (other !== undefined) add(node.operatorToken, other)
    }
    if (ts.isIfStatement(node)) add(node.expression, `!(${node.expression.getText(source)})`)
    if (ts.isNumericLiteral(node)) add(node, String(Number(node.text) + 1))
    if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false')
    if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true')
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The lowest `count` by hash, which hardly moves when other lines change. */
function sampleOf(module, count) {
  const hash = ({ file, what }) => createHash('sha256').update(`${file}\0${what}`).digest('hex')
  return readdirSync(join(top, 'src', module), { recursive: true })
    .map((name) => `src/${module}/${name}`)
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/store/redis/'))
    .filter((file) => wanted === undefined || wanted.some((start) => file.startsWith(start)))
    .flatMap(changesIn)
    .map((change) => ({ ...change, module, hash: hash(change) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .slice(0, count)
}

const copy = mkdtempSync(join(tmpdir(), 'hellotap-mutants-'))
const mutants = Object.keys(TESTS).flatMap((module, _, all) =>
  sampleOf(module, Math.ceil(Number(values.count) / all.length)),
)
let killed = 0
/** Some tests have the program read captures for them: that of the checkout, which nothing changes. */
const env = { ...process.env, TEST_PACKAGE: top }
try {
  // tests walk through the captures, which a symbolic link would hide
  for (const name of ['src', 'test', 'captures', 'package.json', 'tsconfig.json', '.mocharc.json'])
    cpSync(join(top, name), join(copy, name), { recursive: true })
  for (const name of ['node_modules', 'registry', 'tools', 'dist', 'prebuilds'])
    symlinkSync(join(top, name), join(copy, name))
  let timeout
  let printed
  const passes = (...files) => {
    const options = ['--no-config', '--bail', '--exit', '--reporter', 'dot']
    options.push('--timeout', String(TEST_MILLIS), '--grep', ' allocates ', '--invert')
    // one process, which ends with its time: without its configuration mocha starts no other one
    const { status, stdout } = spawnSync(
      process.execPath,
      [...NODE_OPTIONS, 'node_modules/mocha/bin/mocha.js', ...options, ...files],
      {
        ...{ cwd: copy, env, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' },
        ...{ timeout, killSignal: 'SIGKILL' },
      },
    )
    printed = stdout
    return status === 0
  }
  // first the test that bears the file's name, which notices most of it, and soon
  const survives = (module, file) => {
    const namesake = file?.replace(/^src\/(.*)\.ts$/, 'test/$1.test.ts')
    if (namesake !== undefined && existsSync(join(copy, namesake)) && !passes(namesake))
      return false
    return passes(...TESTS[module])
  }
  const limits = new Map()
  for (const module of new Set(mutants.map((mutant) => mutant.module))) {
    const start = performance.now()
    if (!survives(module)) throw new Error(`tests of ${module} fail without a change:\n${printed}`)
    limits.set(module, Math.ceil(MOST_TIMES * (performance.now() - start)))
  }
  for (const { module, file, line, start, end, becomes, what } of mutants) {
    const text = readFileSync(join(top, file), 'utf8')
    writeFileSync(join(copy, file), text.slice(0, start) + becomes + text.slice(end))
    timeout = limits.get(module)
    const survived = survives(module, file)
    writeFileSync(join(copy, file), text)
    if (!survived) killed++
    console.log(`${survived ? 'SURVIVED' : 'killed'} ${file}:${line} ${what}`)
  }
} finally {
  rmSync(copy, { recursive: true })
}
console.log(`${killed} of ${mutants.length} mutants killed`)
process.exitCode = killed >= 0.9 * mutants.length ? 0 : 1
