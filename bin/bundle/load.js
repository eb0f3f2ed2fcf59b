// Loads the bundle, for `read` with the code that V8 compiled of it when it was built, which takes a third off the time to
// start. Another version of Node refuses that code, and compiles.

const { existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const FILE = join(__dirname, 'hellotap.js')
const CODE_FILE = join(__dirname, 'hellotap.code')

/** What the bundle finds in its scope. */
const PARAMETERS = 'exports, require, module, bundleUrl, importModule'

/** What the bundle exports, and the script that it is. @param isRead whether it is loaded for `read` */
function load(isRead) {
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
