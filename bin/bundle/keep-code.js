// Keeps what V8 compiles of the bundle while `read` runs over a folder of captures: the part of the build that load.js uses.

const { writeFileSync } = require('node:fs')
const v8 = require('node:v8')
const { CODE_FILE, load } = require('./load.js')

// Code is good only for the flags it was kept under, and it is loaded before any is set.
v8.setFlagsFromString = () => undefined
process.argv.splice(2, 1, 'read', '--quiet', '--jobs', '1', process.argv[2])
const { script, main } = load(true)
process.once('exit', () => writeFileSync(CODE_FILE, script.createCachedData()))
void main()
