const { load } = require('./load.js')

void load().main()
