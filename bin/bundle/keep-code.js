// Keeps what V8 compiles of the bundle while `read` runs over a folder of captures: the part of the build that load.js uses.

const { writeFileSync } = require('node:fs')
const { CODE_FILE, load } = require('./load.js')

process.argv.splice(2, 1, 'read', '--quiet', '--jobs', '1', process.argv[2])
const { script, main } = load()
process.once('exit', () => writeFileSync(CODE_FILE, script.createCachedData()))
void main()
