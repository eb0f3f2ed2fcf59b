// Loads the bundle, for `read` with the code that V8 compiled of it when it was built, which takes a third off the time to
// start. Another version of Node refuses that code, and compiles.

const { existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

const FILE = join(__dirname, 'hellotap.js')
const CODE_FILE = join(__dirname, 'hellotap.code')

/**
 * Bytecode a function runs through before V8 optimises it, three times its default. The loops over frames are in
 * WebAssembly, and with the default what sees a thousand hellos of a big capture is optimised for as long as it runs:
 * 0.1 s of CPU time, of 0.7 for 2 GB.
 */
const INTERRUPT_BUDGET = 450_000

/** What the bundle finds in its scope. */
const PARAMETERS = 'exports, require, module, bundleUrl, importModule'

/** What the bundle exports, and the script that it is. */
function load() {
  // Code is good only for the flags it was made with; flags are those of all threads.
  const isRead = process.argv.includes('read')
  if (isRead) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
  const source = `(function (${PARAMETERS}) {${readFileSync(FILE, 'latin1')}\n})`
  const script = new Script(source, {
    filename: FILE,
    cachedData: isRead && existsSync(CODE_FILE) ? readFileSync(CODE_FILE) : undefined,
  })
  const module = { exports: {} }
  const { href } = pathToFileURL(FILE)
  const importModule = (path) => import(path)
  script.runInThisContext()(module.exports, require, module, href, importModule)
  return { script, ...module.exports }
}

module.exports = { load, CODE_FILE }
