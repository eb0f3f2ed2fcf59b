const { load } = require('./load.js')

void load(true).readWorker()
