// How much of a bulk transfer the kernel lets through to the sensor: 50 MB from nginx to curl and back over a veth pair, in
// frames as a span port shows them, by the filter alone and with the limit for flows.
//
//   npm run bench:filter
//
// Needs root, nginx and curl.

import { BulkLab } from '../../test/e2e/bulk-lab.js'

const lab = new BulkLab()
try {
  await lab.ready()
  console.log('| passed of 50 MB | filter alone | with the flow limit |')
  console.log('| --- | --- | --- |')
  const cells = new Map<string, string[]>()
  for (const server of [[], ['--server']])
    for (const limit of ['0', '20480']) {
      const sensor = await lab.sensor(['--flow-limit', limit, ...server])
      for (const [name, traffic] of [
        ['download', () => lab.download()],
        ['upload', () => lab.upload()],
      ] as const) {
        const { offered, passed } = await sensor.passed(traffic)
        const row = [name, ...server].join(' with ')
        const share = `${((100 * passed) / offered).toFixed(2)} % (${passed} of ${offered} frames)`
        cells.set(row, [...(cells.get(row) ?? []), share])
      }
      await sensor.daemon.stop()
    }
  for (const [row, shares] of cells) console.log(`| ${row} | ${shares.join(' | ')} |`)
} finally {
  await lab.close()
}
