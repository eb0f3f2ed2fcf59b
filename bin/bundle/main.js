const { load } = require('./load.js')

void load(process.argv.includes('read')).main()
